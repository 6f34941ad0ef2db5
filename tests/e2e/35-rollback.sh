#!/bin/bash
# A rollout that fails is taken back where that is asked for: the pods of before
# stay or come again, and the status says so until other pods are asked for.
# budget: 360
. "$(dirname "$0")/lib.sh"
node_up
operator_up
namespace

S1=mcpservers.mcp.allbeone.io
server() {	# name, more of the spec
	apply <<Y
apiVersion: mcp.allbeone.io/v1
kind: MCPServer
metadata: {name: $1}
spec:
  image: my-mcp-server:latest
  port: 8080
  progressDeadlineSeconds: 20
  rollbackOnFailure: true
$2
Y
}
one() { get "$S1/$1" "$2"; }
change() { k -n "$ns" patch "$S1" "$1" --type=merge -p "{\"spec\":$2}" >/dev/null; }
cond() { one "$1" ".status.conditions[?(@.type==\"$2\")].$3"; }
# reason_is NAME CONDITION REASON
reason_is() { [ "$(cond "$1" "$2" reason)" = "$3" ]; }
settled() { reason_is "$1" Progressing DeploymentComplete && [ "$(cond "$1" Degraded status)" = False ]; }
ready() { [ "$(cond "$1" Ready status)" = True ]; }
back() { reason_is "$1" Progressing RolledBack && ready "$1"; }
runs() { get "deployment/$1" '.spec.template.spec.containers[0].image'; }
pods() { k -n "$ns" get pods -l "app=$1" -o 'jsonpath={.items[*].metadata.uid}'; }
count() { pods "$1" | wc -w; }
count_is() { [ "$(count "$1")" = "$2" ]; }
sets() { k -n "$ns" get replicasets -l "app=$1" --no-headers | wc -l; }
event() { k -n "$ns" get events --field-selector "reason=$2,involvedObject.name=$1" -o 'jsonpath={.items[*].message}'; }
event_has() { event "$1" "$2" | grep "$3" >/dev/null; }

server one ''
server anew '  strategy: {type: Recreate}'
server never '  command: ["false"]'
server waits '  revisionHistoryLimit: 2'
check "a good server runs" wait_for 90 settled one
check "another one" wait_for 90 settled anew
check "a third" wait_for 90 settled waits
same "its revision is noted" 1 "$(one one .status.goodRevision)"
was=$(pods one)

# An image that there is not.
change one '{"image": "no-such-image:1"}'
change anew '{"image": "no-such-image:1"}'
change waits '{"paused": true, "image": "no-such-image:1"}'
check "the rollout fails and is taken back" wait_for 90 back one
same "the pods are of the image of before" my-mcp-server:latest "$(runs one)"
same_pods() { [ "$(pods one)" = "$was" ]; }
check "and of its pod template, so none went" wait_for 40 same_pods
same "the status has that image" my-mcp-server "$(one one .status.image)"
same "it is degraded" RolledBack "$(cond one Degraded reason)"
check "the message names what failed" grep -q 'ImagePull.*no-such-image' <<<"$(cond one Degraded message)"
check "an Event tells" wait_for 20 event_has one RolledBack no-such-image
same "phase" Running "$(one one .status.phase)"
check "where all pods had gone they come again" wait_for 90 back anew
same "of the image of before" my-mcp-server:latest "$(runs anew)"
same "what is asked for stays as the user wrote it" no-such-image:1 "$(one anew .spec.image)"

# Without one that was ever good.
check "with nothing to go back to that is said" wait_for 90 reason_is never Progressing NotRolledBack
check "with the reason" grep -q 'none of its earlier revisions' <<<"$(cond never Progressing message)"

# It stays there.
set_count=$(sets one)
k -n "$ns" label "$S1" one note=1 >/dev/null
change one '{"replicas": 2}'
check "it scales" wait_for 40 count_is one 2
check "with pods that are ready" wait_for 40 back one
same "label of its Deployment" 1 "$(get deployment/one .metadata.labels.note)"
k -n "$ns" set image deployment/one '*=my-mcp-server:other' >/dev/null
mended() { [ "$(runs one)" = my-mcp-server:latest ] && back one && count_is one 2; }
check "an edit is mended, with the pods of before" wait_for 40 mended
check "what failed is still told" grep -q no-such-image <<<"$(cond one Degraded message)"
at_most "ReplicaSets" $((set_count + 1)) "$(sets one)"

# Over a restart nothing is written.
sleep 5
audit_mark
k -n mcp-system rollout restart deployment mcp-operator >/dev/null
check "the operator restarts" k -n mcp-system rollout status deployment mcp-operator --timeout=60s
sleep 10
same "what it writes" 0 "$(audit_count agent='mcp-operator/.*' 'verb=create|patch|delete|update' "namespace=$ns")"
check "all is as it was" back one

# Another template is rolled out; one that was never good, and then a good one.
change one '{"image": "no-such-image:2"}'
check "another bad image is taken back" wait_for 90 event_has one RolledBack no-such-image:2
check "to the same pods" wait_for 40 mended
change one '{"image": "mcp-server-sample:latest"}'
check "a good one is rolled out" wait_for 60 settled one
same "it runs" mcp-server-sample:latest "$(runs one)"
same "the status has it" mcp-server-sample "$(one one .status.image)"
same "it is noted as good" "$(get deployment/one '.metadata.annotations.deployment\.kubernetes\.io/revision')" \
	"$(one one .status.goodRevision)"

# A rollout that waits has not failed. Once it goes on, and fails, and what was
# good is asked for again, that is no failure.
same "a paused one waits" Paused "$(cond waits Progressing reason)"
change waits '{"paused": null}'
check "it goes on, and is taken back" wait_for 90 back waits
check "with one pod" wait_for 40 count_is waits 1
was=$(pods waits)
change waits '{"image": "my-mcp-server:latest"}'
check "what was good is asked for again" wait_for 40 settled waits
sleep 3
check "and that is that" settled waits
same "its pod is the same all the while" "$was" "$(pods waits)"

# Who does not ask for it any more gets what he asks for.
change anew '{"rollbackOnFailure": false}'
asked() { [ "$(runs anew)" = no-such-image:1 ]; }
check "not asked for any more, it is tried again" wait_for 20 asked
untold() { [ -z "$(one anew .status.goodRevision)" ]; }
check "and no revision is told" wait_for 20 untold

refused() { ! k -n "$ns" patch "$S1" one --type=merge -p "{\"spec\":$1}" >/dev/null 2>"$OUT/refused"; }
check "with no ReplicaSets to go back to it is refused" refused '{"revisionHistoryLimit": 0}'
check "by the CRD, with the rule" grep -q 'at least 1 with rollbackOnFailure' "$OUT/refused"
finish
