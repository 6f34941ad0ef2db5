#!/bin/bash
# Children: deleted and edited ones come back, unwanted ones go, and what
# belongs to somebody else is never touched.
# budget: 300
. "$(dirname "$0")/lib.sh"
node_up
operator_up
namespace

S1=mcpservers.mcp.allbeone.io/one
server() {
	apply <<Y
apiVersion: mcp.allbeone.io/v1
kind: MCPServer
metadata: {name: ${1:-one}}
spec:
  image: mcp-server-filesystem:latest
  replicas: ${R:-0}
  transport: {type: ${T:-http}}
  ${CONFIG:+config: $CONFIG}
Y
}
uid() { get "$1" .metadata.uid; }
other_uid() { [ -n "$(uid "$1")" ] && [ "$(uid "$1")" != "$2" ]; }

get_any() { k -n "$ns" get "$1"; }
CONFIG='{mode: a}' server
for child in deployment/one service/one configmap/one-config; do
	check "$child is made" wait_for 20 get_any "$child"
done
for child in deployment/one service/one configmap/one-config; do
	was=$(uid "$child")
	k -n "$ns" delete "$child" >/dev/null
	check "deleted $child comes back" wait_for 20 other_uid "$child" "$was"
done

# Edits of what is ours are undone, additions of others stay.
k -n "$ns" patch deployment one --type=merge \
	-p '{"spec":{"replicas":3},"metadata":{"annotations":{"note":"mine"}}}' >/dev/null
check "an edited Deployment is repaired" wait_for 20 field_is 0 deployment/one .spec.replicas
same "a stranger's annotation stays" mine "$(get deployment/one .metadata.annotations.note)"
k -n "$ns" patch service one --type=merge \
	-p '{"spec":{"ports":[{"name":"x","port":99}]}}' >/dev/null
check "an edited Service is repaired" wait_for 20 \
	field_is 8080 service/one '.spec.ports[?(@.port==8080)].port'
k -n "$ns" patch configmap one-config --type=merge \
	-p '{"data":{"config.json":"{}"}}' >/dev/null
check "an edited ConfigMap is repaired" wait_for 20 \
	field_is '{"mode":"a"}' configmap/one-config '.data.config\.json'

# Pruning.
gone() { ! k -n "$ns" get "$1" >/dev/null 2>&1; }
CONFIG='' server
k -n "$ns" patch $S1 --type=json -p '[{"op":"remove","path":"/spec/config"}]' >/dev/null 2>&1
check "config removed: its ConfigMap goes" wait_for 20 gone configmap/one-config
T=stdio server
check "stdio: the Service goes" wait_for 20 gone service/one
check "stdio is told" wait_for 10 field_is NoGateway $S1 \
	'.status.conditions[?(@.type=="GatewayReady")].reason'
same "stdio keeps its input open" true \
	"$(get deployment/one '.spec.template.spec.containers[0].stdin')"

# Somebody else's objects of the same name.
k -n "$ns" create deployment two --image=registry.k8s.io/pause:lab --replicas=0 >/dev/null
k -n "$ns" create service clusterip three --tcp=80:80 >/dev/null
k -n "$ns" create configmap four-config --from-literal=a=b >/dev/null
versions() {
	for o in deployment/two service/three configmap/four-config; do
		get $o '{.metadata.uid}{.metadata.ownerReferences}{.spec.selector}{.data}'
	done
}
before=$(versions)
server two
server three
CONFIG='{x: 1}' server four
for n in two three four; do
	check "the name of $n is taken, and that is told" wait_for 20 field_is NameTaken \
		mcpservers.mcp.allbeone.io/$n '.status.conditions[?(@.type=="Degraded")].reason'
done
check "by an event, too" wait_for 10 sh -c \
	"$K -n $ns get events --field-selector reason=NameTaken -o name | grep . >/dev/null"
same "the stranger's objects are untouched" "$before" "$(versions)"
k -n "$ns" delete deployment two >/dev/null
check "freed names are taken up" wait_for 60 field_is AsExpected \
	mcpservers.mcp.allbeone.io/two '.status.conditions[?(@.type=="Degraded")].reason'

# Orphans whose selector is another one, which cannot be changed: what was made
# by the operator is made anew, what only has its label is left alone.
orphan() {	# name, field manager
	k -n "$ns" apply --server-side --field-manager="$2" -f - >/dev/null <<Y
apiVersion: apps/v1
kind: Deployment
metadata: {name: $1, labels: {mcp.allbeone.io/server-key: a.$1}}
spec:
  replicas: 0
  selector: {matchLabels: {app: old}}
  template:
    metadata: {labels: {app: old}}
    spec: {containers: [{name: c, image: x}]}
Y
}
orphan six mcp-operator/mcp.allbeone.io
orphan seven somebody
was=$(uid deployment/six)
kept=$(uid deployment/seven)
server six
server seven
check "an orphan of ours is made anew" wait_for 20 other_uid deployment/six "$was"
check "with our selector" wait_for 10 field_is a.six deployment/six \
	'.spec.selector.matchLabels.mcp\.allbeone\.io/server-key'
check "one of somebody else is told" wait_for 20 field_is NameTaken \
	mcpservers.mcp.allbeone.io/seven '.status.conditions[?(@.type=="Degraded")].reason'
same "and stays" "$kept" "$(uid deployment/seven)"
k -n "$ns" delete deployment seven >/dev/null

# Two groups that want one name: the second is told.
apply <<'Y'
apiVersion: mcp.mcp.dev/v1alpha1
kind: MCPServer
metadata: {name: two}
spec: {image: "my-mcp-server:latest"}
Y
check "a second group under the same name is told" wait_for 20 field_is NameTaken \
	mcpservers.mcp.mcp.dev/two '.status.conditions[?(@.type=="Degraded")].reason'
same "the first one's Deployment is still its own" MCPServer/mcp.allbeone.io/v1 \
	"$(get deployment/two '{.metadata.ownerReferences[0].kind}/{.metadata.ownerReferences[0].apiVersion}')"

# Deletion, and the same name anew at once.
k -n "$ns" delete $S1 >/dev/null
server one
check "a server made anew under its name works" wait_for 60 field_is AsExpected $S1 \
	'.status.conditions[?(@.type=="Degraded")].reason'
k -n "$ns" delete $S1 --cascade=foreground --wait=false >/dev/null
check "deleted in the foreground it goes with its children" wait_for 40 gone $S1
check "the Deployment too" wait_for 20 gone deployment/one

# Finalizers that the older systems left.
for f in mcp.allbeone.io/finalizer mcp.n-takatsu.dev/finalizer mcp.example.com/finalizer; do
	server five
	k -n "$ns" patch mcpservers.mcp.allbeone.io/five --type=merge \
		-p "{\"metadata\":{\"finalizers\":[\"$f\"]}}" >/dev/null
	k -n "$ns" delete mcpservers.mcp.allbeone.io/five --wait=false >/dev/null
	check "$f is released" wait_for 30 gone mcpservers.mcp.allbeone.io/five
done
finish
