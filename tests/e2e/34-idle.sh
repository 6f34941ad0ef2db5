#!/bin/bash
# What the operator keeps resident when it rests, with the webhook and children
# of every optional kind.
# budget: 300
. "$(dirname "$0")/lib.sh"
. "$E2E/optional.sh"
node_up
operator_up
namespace
S1=mcpservers.mcp.allbeone.io
overlays="-f $TOP/manifests/overlays/webhooks -f $TOP/manifests/overlays/tenancy"
LIMIT_KIB=2560

optional_crds
optional_install
operator_push "$(operator_archive mcp-operator:e2e)" mcp-operator:0.1.0
at_end 'kube delete --ignore-not-found -f "$TOP/manifests/overlays/webhooks/40-webhooks.yaml" \
		-f "$TOP/manifests/overlays/webhooks/10-rbac.yaml" \
		-f "$TOP/manifests/overlays/tenancy/10-rbac.yaml" >/dev/null
	kube -n mcp-system delete secret mcp-operator-webhook >/dev/null
	rm -f "$S/operator.sha256"'
check "all of it is installed" k apply -f "$TOP/manifests/" $overlays
check "the operator becomes available" \
	k -n mcp-system rollout status deployment/mcp-operator --timeout=90s

# Servers that ask for every kind there is, without pods.
all() {
	python3 - "$TOP/tests/golden/render" <<'P'
import json, sys
specs = {"scaled": {"image": "x:1", "autoscaling": {"hpa": {"enabled": True, "maxReplicas": 3}}}}
for part in "vpa istio monitoring entry tenant network".split():
    with open(f"{sys.argv[1]}/allbeone-{part}.json") as f:
        specs[part] = {**json.load(f)["spec"], "replicas": 0}
for name, spec in specs.items():
    print(json.dumps({"apiVersion": "mcp.allbeone.io/v1", "kind": "MCPServer",
        "metadata": {"name": name}, "spec": spec}))
P
}
all >"$OUT/all.json"
check "servers that ask for all are taken" k -n "$ns" apply -f "$OUT/all.json"
kinds() {
	k -n "$ns" get $S1 -o 'jsonpath={range .items[*].status.resources[*]}{.kind}{"\n"}{end}' | sort -u
}
# All of include/children.def, of which the dashboard is a ConfigMap.
all_kinds() { grep -o '"[A-Z][A-Za-z]*"' "$TOP/include/children.def" | tr -d '"' | sort -u; }
every() { [ "$(kinds)" = "$(all_kinds)" ]; }
check "there is a child of each kind" wait_for 60 every
kinds | paste -sd' ' | sed 's/^/      /'

# pid: of the operator's process, which is one of the node's
pid() {
	local id
	id=$(k -n mcp-system get pods -l app.kubernetes.io/name=mcp-operator \
		-o 'jsonpath={.items[0].status.containerStatuses[0].containerID}')
	grep -l "${id##*/}" /proc/[0-9]*/cgroup 2>/dev/null | while IFS=/ read -r _ _ p _; do
		[ "$(cat "/proc/$p/comm" 2>/dev/null)" != mcp-operator ] || echo "$p"
	done
}
echo "      at rest for 70 s"
sleep 70
one=$(pid)
check "its process is found" test -n "$one"
grep -E '^(Rss|Anonymous):' "/proc/$one/smaps_rollup" | sed 's/^/      /'
at_most "KiB resident, idle" $LIMIT_KIB "$(sed -n 's/^Rss: *\([0-9]*\) kB/\1/p' "/proc/$one/smaps_rollup")"
finish
