# The CRDs of APIs that a cluster may lack, as the projects themselves give them
# out; of the Gateway API the experimental ones, which have all fields of the
# others and those by which clients keep their pod. Sourced after lib.sh.

. "$NODE_DIR/toolchain.sh"
set +e

# module MODULE VERSION SUM: its folder; nothing of what is not the very same
module() {
	"$GO" mod download -json "$1@$2" | python3 -c '
import json, sys
v = json.load(sys.stdin)
if v.get("Sum") != sys.argv[1]:
    sys.exit("%s: %s" % (v.get("Path"), v.get("Error", v.get("Sum"))))
print(v["Dir"])' "$3"
}
# only FILE CRD...: those of a file of many
only() {
	python3 -c '
import re, sys
for part in re.split(r"(?m)^---\s*$", open(sys.argv[1]).read()):
    m = re.search(r"(?m)^  name: (\S+)$", part)
    if m and m.group(1) in sys.argv[2:]:
        print("---" + part)' "$@"
}
VPA=verticalpodautoscalers.autoscaling.k8s.io
ISTIO="virtualservices.networking.istio.io destinationrules.networking.istio.io
	peerauthentications.security.istio.io"
ROUTE=httproutes.gateway.networking.k8s.io
MONITORS="servicemonitors.monitoring.coreos.com prometheusrules.monitoring.coreos.com"
fetch() {
	need_go &&
	vpa=$(module k8s.io/autoscaler/vertical-pod-autoscaler v1.8.1 \
		h1:Pe8bV1wozN4gOKO1rleiIY5alIyAXN+DnXDbXQcL4fI=) &&
	istio=$(module istio.io/api v1.31.1 \
		h1:5Yb5ihcz4YQsCkciusK7DnFpBMwRB6EFWeUKH1Atuyk=) &&
	route=$(module sigs.k8s.io/gateway-api v1.4.0 \
		h1:ZwlNM6zOHq0h3WUX2gfByPs2yAEsy/EenYJB78jpQfQ=) &&
	monitor=$(module github.com/prometheus-operator/prometheus-operator v0.85.0 \
		h1:M5xLCLEoaW2IJfnuCwFzzpL+jSVQu3KGT84Pye+fW8s=) || return
	only "$vpa/deploy/vpa-v1-crd-gen.yaml" $VPA
	only "$istio/kubernetes/customresourcedefinitions.gen.yaml" $ISTIO
	echo ---
	cat "$route/config/crd/experimental/gateway.networking.k8s.io_httproutes.yaml"
	for one in servicemonitors prometheusrules; do
		echo ---
		cat "$monitor/example/prometheus-operator-crd/monitoring.coreos.com_$one.yaml"
	done
}
crds_go() { k delete crd $VPA $ISTIO $ROUTE $MONITORS --ignore-not-found --timeout=60s >/dev/null 2>&1; }

# optional_crds: in $OUT/crds.yaml, none of them on the cluster, nor after the
# test
optional_crds() {
	fetch >"$OUT/crds.yaml"
	[ "$(grep -c '^kind: CustomResourceDefinition' "$OUT/crds.yaml")" = 7 ] || {
		fail "seven CRDs are fetched"
		finish
	}
	at_end crds_go
	crds_go
}

# optional_install: all of them, each served
optional_install() {
	local crd
	check "the CRDs are installed" k apply --server-side -f "$OUT/crds.yaml"
	for crd in $VPA $ISTIO $ROUTE $MONITORS; do
		k wait --for=condition=Established "crd/$crd" --timeout=60s >/dev/null
	done
}
