#!/bin/bash
# New contents of ConfigMaps and Secrets that pods have as files: where that is
# asked for the server is signalled, in the pod that it has; what it cannot see
# change brings another pod.
# budget: 420
. "$(dirname "$0")/lib.sh"
node_up
operator_up
namespace

S1=mcpservers.mcp.allbeone.io
# The sample, which tells of each signal what its files hold then.
SERVER='import signal, sys
from pathlib import Path
import mcp_server_sample
def tell(number, frame):
    files = sorted(Path("/etc").glob("word*/A")) + [Path("/etc/mcp/config.json")]
    words = [p.read_text().strip() for p in files if p.exists()]
    print("signalled", signal.Signals(number).name, *words, file=sys.stderr, flush=True)
for number in (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2):
    signal.signal(number, tell)
mcp_server_sample.main()'
server() {	# name, more of the spec
	apply <<Y
apiVersion: mcp.allbeone.io/v1
kind: MCPServer
metadata: {name: $1}
spec:
  image: my-mcp-server:latest
  port: 8080
  command:
  - python3
  - -c
  - |
$(sed 's/^/    /' <<<"$SERVER")
$2
Y
}
one() { get "$S1/$1" "$2"; }
cond() { one "$1" ".status.conditions[?(@.type==\"$2\")].$3"; }
steady() { field_is "1 1 1" "deployment/$1" '{.status.replicas} {.status.updatedReplicas} {.status.readyReplicas}'; }
uids() {
	k -n "$ns" get pods -l "app=$1" --field-selector=status.phase=Running -o 'jsonpath={.items[*].metadata.uid}'
}
settled() { wait_for 60 steady "$1" && wait_for 30 eval "[ \"\$(uids $1 | wc -w)\" = 1 ]"; }
config() { k -n "$ns" create configmap "$1" "--from-literal=A=$2" >/dev/null; }
holds() { k -n "$ns" patch "$1" --type=merge -p "{\"data\":{\"A\":\"$2\"}}" >/dev/null; }
log() { k -n "$ns" logs "deployment/$1" -c "$2" 2>/dev/null; }
logs() { log "$1" "$2" | grep "$3" >/dev/null; }
signals() { log "$1" mcp-server | grep -c '^signalled'; }
template() { get "deployment/$1" .spec.template; }
restarts() { k -n "$ns" get pods -l "app=$1" -o 'jsonpath={.items[*].status.containerStatuses[*].restartCount}'; }
operator_ready() { k -n mcp-system rollout status deployment mcp-operator --timeout=60s; }
# The kubelet looks at a pod's volumes once a minute, and what it knows of them
# may be older by another; also when its pod changes.
TOLD=150
look() { k -n "$ns" annotate --overwrite pods -l "app=$1" "look=$RANDOM" >/dev/null; }
# told NAME WORDS [SIGNAL]
told() { logs "$1" mcp-server "^signalled ${3:-SIGHUP} $2\$"; }
shown() { look "$1" && told "$@"; }

config words 1
config more 1
config plain 1
server one '  config: {a: 1}
  envFrom: [{configMapRef: {name: plain}}]
  reload: {policy: Signal}
  volumes:
  - {name: words, configMap: {name: words}}
  - {name: both, projected: {sources: [{configMap: {name: more}}]}}
  volumeMounts:
  - {name: words, mountPath: /etc/word}
  - {name: both, mountPath: /etc/words}'
# Its group is known, so that its environment tells which process it is.
server two '  reload: {policy: Signal, signal: SIGUSR1}
  podSecurityContext: {runAsUser: 1234, runAsGroup: 1234, runAsNonRoot: true}
  configSources: [{mountPath: /etc/word, configMap: {name: words}}]'
server part '  reload: {policy: Signal}
  configSources: [{mountPath: /etc/word/A, subPath: A, configMap: {name: words}}]'
check "a server that is to be signalled runs" settled one
check "another one" settled two
check "and one that mounts a part of a ConfigMap" settled part
same "who signals is the operator" mcp-operator:e2e \
	"$(get deployment/one '.spec.template.spec.containers[?(@.name=="config-reloader")].image')"
same "the status has its image" mcp-operator:e2e "$(one one .status.sidecarImage)"
same "what has no effect is told" NoEffect "$(cond part FieldsActedOn reason)"
same "and adds no container" 1 "$(get deployment/part '{.spec.template.spec.containers[*].name}' | wc -w)"
restricted() {	# what the pods there are would break is a warning
	k label namespace "$ns" --dry-run=server pod-security.kubernetes.io/enforce=restricted >"$OUT/label" 2>&1 &&
		! grep -i violat "$OUT/label"
}
check "the restricted Pod Security Standard takes such pods" restricted

# ---- files ------------------------------------------------------------------

sleep 3
same "it is not signalled for its start" 0 "$(signals one)"
was=$(template one) pod=$(uids one) other=$(uids two) third=$(uids part)
holds configmap/words 2
check "a changed file is told to the server, which sees it" wait_for "$TOLD" told one '2 1 {"a":1}'
check "to another one, by the signal that it asks for" wait_for "$TOLD" told two 2 SIGUSR1
check "who signals tells of it" logs one config-reloader \
	'"msg":"server signalled".*"signal":"SIGHUP".*"changed":"words"'
check "by the variable where it may see it" logs two config-reloader '"msg":"server signalled"'
same "once" 1 "$(signals one)"
holds configmap/more 2
check "and what is part of a projected volume" wait_for "$TOLD" shown one '2 2 {"a":1}'
k -n "$ns" patch "$S1" one --type=merge -p '{"spec":{"config":{"a":2}}}' >/dev/null
check "and its own configuration" wait_for "$TOLD" shown one '2 2 {"a":2}'
same "its pod is the one that it had" "$pod" "$(uids one)"
same "its containers, too" "0 0" "$(restarts one)"
same "its template as it was" "$was" "$(template one)"
same "nor has the other one another pod" "$other" "$(uids two)"
same "three signals for three changes" 3 "$(signals one)"

# ---- what a running server does not see ----------------------------------------

other_pod() { steady part && [ "$(uids part)" != "$third" ]; }
check "a part of a ConfigMap brought another pod" wait_for 60 other_pod
holds configmap/plain 2
other_pod() { steady one && [ "$(uids one | wc -w)" = 1 ] && [ "$(uids one)" != "$pod" ]; }
check "what comes by the environment brings another pod" wait_for 60 other_pod
pod=$(uids one)

# ---- who must not be signalled ----------------------------------------------

# A program in the same container is not the server; nor is another container.
k -n "$ns" exec deployment/one -c mcp-server -- python3 -c 'import time; time.sleep(240)' >/dev/null 2>&1 &
at_end "kill $! 2>/dev/null"
by_hand=$!
sleep 2
holds configmap/words 3
check "with another program in its container the server is signalled" wait_for "$TOLD" shown one '3 2 {"a":2}'
check "and not that program" kill -0 "$by_hand"
kill "$by_hand"

# ---- a newer release --------------------------------------------------------

was=$(template one)
args() { k -n mcp-system get deployment mcp-operator -o 'jsonpath={.spec.template.spec.containers[0].args}'; }
image_flag() {	# the flag's new value
	local at
	at=$(args | tr ',' '\n' | grep -n sidecar-image | cut -d: -f1)
	k -n mcp-system patch deployment mcp-operator --type=json -p \
		"[{\"op\": \"replace\", \"path\": \"/spec/template/spec/containers/0/args/$((at - 1))\", \
		\"value\": \"--sidecar-image=$1\"}]" && operator_ready
}
at_end 'image_flag mcp-operator:e2e >/dev/null'
check "an operator with another image" image_flag registry.example/mcp-operator:2
sleep 8
k -n "$ns" label "$S1" one note=1 >/dev/null
labelled() { field_is 1 deployment/one .metadata.labels.note; }
check "which writes the Deployment" wait_for 20 labelled
same "leaves the template as it was" "$was" "$(template one)"
same "and the status tells the image that it has" mcp-operator:e2e "$(one one .status.sidecarImage)"
check "one without an image" image_flag ''
untold() { reason=$(cond one FieldsActedOn message) && grep -q sidecar-image <<<"$reason"; }
check "tells that it cannot be" wait_for 20 untold
other_pod() { settled one && [ "$(uids one)" != "$pod" ]; }
check "and makes the pods without" wait_for 60 other_pod
pod=$(uids one)
holds configmap/words 4
check "which are made anew for each change" wait_for 60 other_pod
finish
