// What an older API server says of objects before anything is asked of them:
// one JSON object a line from standard input, one answer a line,
//
//	{"object": as it would be stored, "faults": [{"field": "spec.image",
//	 "message": "..."}]}
package main

import (
	"bufio"
	"context"
	"fmt"
	"os"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/validation/field"
	limits "k8s.io/apiserver/pkg/apis/cel"
	"k8s.io/kube-openapi/pkg/validation/validate"
)

type kind struct {
	shape *schema.Structural
	types *validate.SchemaValidator
	rules *cel.Validator
}

type fault struct {
	Field   string `json:"field"`
	Message string `json:"message"`
}

func kindOf(crd *apiextensions.CustomResourceDefinition) (*kind, error) {
	// The conversion keeps what all versions share in the spec.
	says := crd.Spec.Validation
	if says == nil {
		says = crd.Spec.Versions[0].Schema
	}
	shape, err := schema.NewStructural(says.OpenAPIV3Schema)
	if err != nil {
		return nil, err
	}
	types, _, err := validation.NewSchemaValidator(says)
	if err != nil {
		return nil, err
	}
	return &kind{shape, types, cel.NewValidator(shape, true, limits.PerCallLimit)}, nil
}

// These say that CEL would meet what it is not made for, and is not asked.
func blocks(errs field.ErrorList) bool {
	for _, e := range errs {
		switch e.Type {
		case field.ErrorTypeRequired, field.ErrorTypeTooLong,
			field.ErrorTypeTooMany, field.ErrorTypeTypeInvalid:
			return true
		}
	}
	return false
}

func (k *kind) faults(o map[string]interface{}) []fault {
	errs := validation.ValidateCustomResource(nil, o, k.types)
	errs = append(errs, listtype.ValidateListSetsAndMaps(nil, k.shape, o)...)
	if !blocks(errs) {
		of, _ := k.rules.Validate(context.Background(), nil, k.shape, o, nil,
			limits.RuntimeCELCostBudget)
		errs = append(errs, of...)
	}
	out := []fault{}
	for _, e := range errs {
		out = append(out, fault{e.Field, e.ErrorBody()})
	}
	return out
}

func objects(paths []string) error {
	kinds := map[string]*kind{}
	for _, path := range paths {
		crd, err := read(path)
		if err != nil {
			return err
		}
		of, err := kindOf(crd)
		if err != nil {
			return err
		}
		kinds[crd.Spec.Group+"/"+crd.Spec.Versions[0].Name] = of
	}
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := bufio.NewWriter(os.Stdout)
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return nil
		}
		var o map[string]interface{}
		if err := json.Unmarshal(line, &o); err != nil {
			return err
		}
		k := kinds[fmt.Sprint(o["apiVersion"])]
		if k == nil {
			return fmt.Errorf("%v is no group of these CRDs", o["apiVersion"])
		}
		pruning.Prune(o, k.shape, true)
		defaulting.PruneNonNullableNullsWithoutDefaults(o, k.shape)
		defaulting.Default(o, k.shape)
		answer, err := json.Marshal(map[string]interface{}{"object": o, "faults": k.faults(o)})
		if err != nil {
			return err
		}
		out.Write(append(answer, '\n'))
		if in.Buffered() == 0 {
			out.Flush()
		}
	}
}
