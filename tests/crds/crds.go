// What the API server of an older Kubernetes makes of CRDs, by its own code.
//
//	oldest FILE...		whether it takes them, with the costs that it
//				estimates for CEL
//	oldest -objects FILE...	whether it takes objects of these kinds; see
//				objects.go
package main

import (
	"context"
	"fmt"
	"os"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	v1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation"
	"sigs.k8s.io/yaml"
)

func read(path string) (*apiextensions.CustomResourceDefinition, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var crd v1.CustomResourceDefinition
	if err := yaml.UnmarshalStrict(text, &crd); err != nil {
		return nil, err
	}
	v1.SetDefaults_CustomResourceDefinition(&crd)
	v1.SetDefaults_CustomResourceDefinitionSpec(&crd.Spec)
	// Stored by who creates it, before it is looked at.
	for _, v := range crd.Spec.Versions {
		if v.Storage {
			crd.Status.StoredVersions = []string{v.Name}
		}
	}
	var in apiextensions.CustomResourceDefinition
	err = v1.Convert_v1_CustomResourceDefinition_To_apiextensions_CustomResourceDefinition(&crd, &in, nil)
	return &in, err
}

func errors(path string) ([]string, error) {
	crd, err := read(path)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, e := range validation.ValidateCustomResourceDefinition(context.Background(), crd) {
		out = append(out, e.Error())
	}
	return out, nil
}

func main() {
	failed := false
	if len(os.Args) > 1 && os.Args[1] == "-objects" {
		if err := objects(os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	for _, path := range os.Args[1:] {
		found, err := errors(path)
		if err != nil {
			found = []string{err.Error()}
		}
		for _, one := range found {
			fmt.Printf("%s: %s\n", path, one)
			failed = true
		}
	}
	if failed {
		os.Exit(1)
	}
}
