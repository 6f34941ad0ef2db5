#!/bin/bash
# Whatever a server may become is what the API server, kubeconform and promtool
# take: every object of every golden, in strict validation, and against schemas
# from this API server's own OpenAPI; rules and metrics by promtool.
# And the CRDs by the checks of the oldest API server that the README names, and
# what they refuse beside what the operator does (MUTATIONS=50000: more of it).
# budget: 600
. "$(dirname "$0")/lib.sh"
. "$E2E/optional.sh"
node_up
operator_up
namespace
optional_crds
optional_install
# The OpenAPI has them a moment later.
wait_for 60 eval 'k get --raw /openapi/v3 | grep -q monitoring.coreos.com/v1 &&
	k get --raw /openapi/v3 | grep -q autoscaling.k8s.io/v1'

export SCHEMAS_NS=$ns
checks schemas.py "$TOP/tests/golden/render" "$OUT"

kubeconform() {
	local folder
	folder=$(module github.com/yannh/kubeconform v0.6.7 \
		h1:kIvjeiMSU0+/GY48+U9GmJZdGmoej4dArYvv3BfvlyA=) &&
	(cd "$folder" && "$GO" build -mod=readonly -o "$OUT/kubeconform" ./cmd/kubeconform)
}
check "kubeconform is built" kubeconform
check "kubeconform finds nothing" "$OUT/kubeconform" -strict -summary \
	-schema-location "$OUT/schemas/{{ .Group }}_{{ .ResourceAPIVersion }}_{{ .ResourceKind }}.json" \
	"$OUT/objects"
tail -n 1 "$OUT/check"
# That it would find something, if there were something.
sed 's/"containers":/"nobodyKnows": 1, "containers":/' \
	"$(grep -l '"kind": "Deployment"' "$OUT"/objects/allbeone-files-*.json)" >"$OUT/wrong.json"
check "it finds a field that nobody knows" eval '"$OUT/kubeconform" -strict \
	-schema-location "$OUT/schemas/{{ .Group }}_{{ .ResourceAPIVersion }}_{{ .ResourceKind }}.json" \
	"$OUT/wrong.json" | tee "$OUT/found"; grep -q nobodyKnows "$OUT/found"'

oldest() {
	local folder
	folder=$(module k8s.io/apiextensions-apiserver v0.27.4 \
		h1:ie1yZG4nY/wvFMIR2hXBeSVq+HfNzib60FjnBYtPGSs=) &&
	(cd "$folder" && "$GO" build -mod=readonly -o "$OUT/oldest" "$TOP"/tests/crds/*.go)
}
check "the checks of Kubernetes 1.27 are built" oldest
check "they find nothing in the CRDs" "$OUT/oldest" "$TOP"/crds/*.yaml
sed 's/self\.__namespace__/self.namespace/g' "$TOP/crds/mcp.allbeone.io_mcpservers.yaml" >"$OUT/newer.yaml"
"$OUT/oldest" "$OUT/newer.yaml" >"$OUT/found"
check "but a rule that only newer ones understand" grep -q "undefined field 'namespace'" "$OUT/found"
# kubectl apply keeps the whole object in an annotation of at most 262,144 bytes.
at_most "bytes of the largest CRD as kubectl keeps it" 200000 "$(for crd in "$TOP"/crds/*.yaml; do
	python3 -c 'import json, sys, yaml; print(len(json.dumps(yaml.safe_load(sys.stdin))))' <"$crd"
done | sort -n | tail -n 1)"
# A cluster without webhooks is guarded by the CRDs alone.
check "the operator's own checks are built" eval '$MAKE -s -C "$TOP" build/test/judge'
checks oldest.py "$OUT/oldest" "$TOP/build/test/judge" "${MUTATIONS:-5000}" "$TOP"/crds/*.yaml

check "promtool is there" eval 'command -v promtool || apt_install prometheus'
check "it takes the rules" eval 'promtool check rules "$OUT"/rules/*.yaml'
tail -n 3 "$OUT/check"
k get --raw /api/v1/namespaces/mcp-system/services/mcp-operator-metrics:metrics/proxy/metrics \
	>"$OUT/metrics"
check "there are metrics" grep -q '^mcp_' "$OUT/metrics"
check "it takes them" eval 'promtool check metrics <"$OUT/metrics"'
finish
