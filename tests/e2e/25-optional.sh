#!/bin/bash
# Children of APIs that a cluster may lack: told while they are missing, made as
# soon as they are installed, and asked for only while a server wants them.
# budget: 420
. "$(dirname "$0")/lib.sh"
. "$E2E/optional.sh"
node_up
operator_up
namespace
S1=mcpservers.mcp.allbeone.io
AGENT='agent=mcp-operator/.*'
GOLDEN=$TOP/tests/golden/render

optional_crds

# server NAME SAMPLE: as the goldens have it, without pods
server() {
	python3 -c '
import json, sys
v = json.load(open(sys.argv[1]))
v["metadata"] = {"name": sys.argv[2]}
v["spec"]["replicas"] = 0
for key in ("monitoring", "entry"):
    v["spec"].get(key, {}).pop("dashboard", None)
print(json.dumps(v))' "$GOLDEN/allbeone-$2.json" "$1" | apply
}
one() { get "$S1/$1" "$2"; }
lacks() { one "$1" '.status.conditions[?(@.type=="ChildrenComplete")].reason'; }
is_lacking() { [ "$(lacks "$1")" = "$2" ]; }
is_gone() { ! k -n "$ns" get "$1" >/dev/null 2>&1; }
made() { [ -n "$(get "$1" .metadata.uid)" ]; }

server scaled vpa
server meshed istio
server watched monitoring
server entered entry
SERVERS="scaled meshed watched entered"
CHILDREN="$VPA/scaled virtualservices.networking.istio.io/meshed
	destinationrules.networking.istio.io/meshed peerauthentications.security.istio.io/meshed
	$ROUTE/entered servicemonitors.monitoring.coreos.com/watched
	prometheusrules.monitoring.coreos.com/watched"

for s in $SERVERS; do
	check "$s: that an API is missing is told" wait_for 60 is_lacking $s APIMissing
	check "$s: the rest is made" wait_for 20 made deployment/$s
done
same "the message names it" \
	"the cluster has no HTTPRoute of gateway.networking.k8s.io/v1; it is made when that is installed" \
	"$(one entered '.status.conditions[?(@.type=="ChildrenComplete")].message')"
check "what there is of the same server" wait_for 20 made ingress/entered
sleep 8
audit_mark
sleep 30
same "requests while they are missing" 0 "$(audit_count "$AGENT" 'namespace=!e2e-(?!25-optional).*')"

check "the CRDs are installed" k apply --server-side -f "$OUT/crds.yaml"
for c in $CHILDREN; do
	check "without a restart: $c" wait_for 60 made "$c"
	check "strict validation takes it" strict "$c"
done
for s in $SERVERS; do
	check "$s: nothing is missing any more" wait_for 20 is_lacking $s ""
done
sleep 5
audit_mark
sleep 15
same "writes at rest" 0 "$(audit_count "$AGENT" "verb=$WRITES" "namespace=$ns")"

k -n "$ns" patch $ROUTE entered --type=json \
	-p '[{"op":"replace","path":"/spec/rules/0/matches/0/path/value","value":"/other"}]' >/dev/null
check "an edit comes back" wait_for 30 field_is /web/mcp $ROUTE/entered \
	'.spec.rules[0].matches[0].path.value'
k -n "$ns" delete servicemonitors.monitoring.coreos.com watched --wait=false >/dev/null
check "what is deleted, too" wait_for 30 made servicemonitors.monitoring.coreos.com/watched

# What empties an object of theirs, they would not take.
DR=destinationrules.networking.istio.io/meshed
traffic() { k -n "$ns" patch $S1 meshed --type=merge -p "{\"spec\":{\"istio\":{\"destinationRule\":$1}}}" >/dev/null; }
traffic null
traffic '{"trafficPolicy":{"connectionPool":{"tcp":{"maxConnections":7}},"outlierDetection":{"interval":"9s"}}}'
check "the mesh is told of connections" wait_for 30 field_is 7 $DR .spec.trafficPolicy.connectionPool.tcp.maxConnections
traffic '{"trafficPolicy":{"connectionPool":{"tcp":{"maxConnections":null}},"outlierDetection":{"interval":null}}}'
check "and of none any more" wait_for 30 field_is "" $DR .spec.trafficPolicy.connectionPool
same "nor of pods that rest" "" "$(get $DR .spec.trafficPolicy.outlierDetection)"
traffic '{"trafficPolicy":{"connectionPool":null,"outlierDetection":null}}'
sleep 2
same "which is no fault" "" "$(lacks meshed)"

k -n "$ns" patch $S1 scaled --type=merge -p '{"spec":{"autoscaling":{"vpa":{"enabled":false}}}}' >/dev/null
check "what is switched off goes" wait_for 30 is_gone $VPA/scaled

# What is left over from before a restart is found.
k -n mcp-system scale deployment mcp-operator --replicas=0 >/dev/null
wait_for 60 eval '[ -z "$(k -n mcp-system get pods -o name)" ]'
k -n "$ns" patch $S1 watched --type=merge -p '{"spec":{"monitoring":null}}' >/dev/null
k -n mcp-system scale deployment mcp-operator --replicas=1 >/dev/null
check "the operator is back" k -n mcp-system rollout status deployment/mcp-operator --timeout=60s
check "a monitor nobody wants any more goes" wait_for 60 is_gone servicemonitors.monitoring.coreos.com/watched
check "the rule, too" wait_for 60 is_gone prometheusrules.monitoring.coreos.com/watched

k delete crd $ROUTE --timeout=60s >/dev/null
check "an API that goes is told" wait_for 60 is_lacking entered APIMissing
check "others are left alone" made virtualservices.networking.istio.io/meshed

# Of those that nobody uses no request is made, whether they are there or not.
k -n "$ns" delete $S1 --all --timeout=60s >/dev/null
crds_go
sleep 10
audit_mark
sleep 30
same "requests when nobody wants them" 0 \
	"$(audit_count "$AGENT" 'namespace=!e2e-.*' 'resource=!leases')"
finish
