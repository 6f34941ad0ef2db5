#!/bin/bash
# What is held while it goes, and an operator that goes before its servers:
# finalizers, `make undeploy`, `make uninstall`, in the order that is harder.
# budget: 420
. "$(dirname "$0")/lib.sh"
node_up
operator_up
namespace
AGENT='agent=mcp-operator/.*'
A=mcpservers.mcp.allbeone.io
D=mcpservers.mcp.mcp.dev
ALL=$A,mcpservers.mcp.n-takatsu.dev,mcpservers.mcp.example.com,$D
OURS=mcp.allbeone.io/finalizer

operator_ready() { k -n mcp-system rollout status deployment mcp-operator --timeout=60s; }
gone() { ! k -n "$ns" get "$1" >/dev/null 2>&1; }
none() { [ -z "$(k -n "$ns" get "$@" -o name --ignore-not-found)" ]; }
finalizers() { get "$1" '{.metadata.finalizers[*]}'; }
# The next test finds nothing installed, whatever this one has come to.
at_end 'rm -f "$S/operator.sha256"'

# ---- what a finalizer costs ---------------------------------------------------

one() {	# name
	apply <<Y
apiVersion: mcp.mcp.dev/v1alpha1
kind: MCPServer
metadata: {name: $1}
spec: {image: "my-mcp-server:latest"}
Y
}
writes() { audit_count "$AGENT" "verb=$WRITES" "namespace=$ns" "$@"; }
# cycle NAME: from its creation until it is Ready and all is written; how many
# writes but those of the status, of which pods' ways make one or two, in $cost
cycle() {
	audit_mark
	one "$1"
	check "$1 becomes Ready" k -n "$ns" wait --for=condition=Ready "$D/$1" --timeout=60s
	sleep 8
	cost=$(writes 'resource=!mcpservers/status')
	at_most "statuses written" 2 "$(writes resource=mcpservers/status)"
	audit_table verb,resource "$AGENT" "verb=$WRITES" "namespace=$ns" | sed 's/^/      /'
}
cycle plain
without=$cost
same "it has no finalizer" '' "$(finalizers "$D/plain")"
k -n mcp-system patch deployment mcp-operator --type=json \
	-p '[{"op": "add", "path": "/spec/template/spec/containers/0/args/-", "value": "--finalizers"}]' >/dev/null
check "an operator with --finalizers" operator_ready
check "gives one to a server that there is" wait_for 20 eval '[ -n "$(finalizers "$D/plain")" ]'
sleep 5
cycle held
same "with a finalizer it is one write more" $((without + 1)) "$cost"
same "which is that one" 1 "$(writes resource=mcpservers verb=patch)"
same "it has it" mcp.mcp.dev/finalizer "$(finalizers "$D/held")"

# ---- a server that goes slowly --------------------------------------------------

slow() {	# group/version, name: its first process does not hear SIGTERM
	apply <<Y
apiVersion: $1
kind: MCPServer
metadata: {name: $2}
spec:
  image: my-mcp-server:latest
  port: 8080
  terminationGracePeriodSeconds: 12
  command:
  - python3
  - -c
  - |
    import signal, subprocess, sys
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    subprocess.call([sys.executable, "-m", "mcp_server_sample"])
Y
}
slow mcp.allbeone.io/v1 slow
check "a server that does not hear SIGTERM" k -n "$ns" wait --for=condition=Ready "$A/slow" --timeout=60s
same "has the finalizer" "$OURS" "$(finalizers "$A/slow")"
pod=$(k -n "$ns" get pods -l app=slow -o name)
began=$SECONDS
k -n "$ns" delete "$A/slow" --wait=false >/dev/null
check "its phase is Terminating" wait_for 8 field_is Terminating "$A/slow" .status.phase
ready='.status.conditions[?(@.type=="Ready")]'
same "so says its condition" "False Terminating" "$(get "$A/slow" "{$ready.status} {$ready.reason}")"
sleep 2
same "while its pod goes" "$pod" "$(k -n "$ns" get "$pod" -o name)"
same "the finalizer is there" "$OURS" "$(tr ' ' '\n' <<<"$(finalizers "$A/slow")" | grep -x "$OURS")"
check "then it is gone" wait_for 40 gone "$A/slow"
at_most "after no more seconds than its pod was given, and some" 30 $((SECONDS - began))
same "its pod went before" '' "$(k -n "$ns" get "$pod" -o name --ignore-not-found)"
check "and all that it had" none deployments,replicasets,services,pods -l app=slow

# ---- the operator goes first ----------------------------------------------------

# Servers of all groups, two of them with a finalizer from before.
check "two more that are held" one kept
check "have it" wait_for 20 eval '[ -n "$(finalizers "$D/kept")" ]'
args=$(k -n mcp-system get deployment mcp-operator -o json |
	python3 -c 'import json, sys
args = json.load(sys.stdin)["spec"]["template"]["spec"]["containers"][0]["args"]
print(json.dumps([a for a in args if a != "--finalizers"]))')
k -n mcp-system patch deployment mcp-operator --type=json \
	-p "[{\"op\": \"replace\", \"path\": \"/spec/template/spec/containers/0/args\", \"value\": $args}]" >/dev/null
check "an operator without --finalizers" operator_ready
apply <<'Y'
apiVersion: mcp.allbeone.io/v1
kind: MCPServer
metadata: {name: a}
spec: {image: "my-mcp-server:latest", port: 8080, config: {a: 1}}
---
apiVersion: mcp.n-takatsu.dev/v1alpha1
kind: MCPServer
metadata: {name: b}
spec: {image: "mcp-rs:latest", transport: http}
---
apiVersion: mcp.example.com/v1alpha1
kind: MCPServer
metadata: {name: c}
spec: {image: "my-mcp-server:latest", transport: streamable-http}
---
apiVersion: mcp.mcp.dev/v1alpha1
kind: MCPServer
metadata: {name: d}
spec: {image: "my-mcp-server:latest"}
Y
up() { k -n "$ns" wait --for=condition=Available deployment/{a,b,c,d,plain,held,kept} --timeout=5s; }
check "servers of all groups run" wait_for 90 up
pods() { k -n "$ns" get pods -o 'jsonpath={range .items[*]}{.metadata.uid}{"\n"}{end}' | sort; }
was=$(pods)

make_it() {	# seconds, target
	timeout "$1" bash -c '. "$0"; operator_make -s "$@"' "$NODE_DIR/operator.sh" "$2" \
		"KUBECTL=$K" IMG=mcp-operator:e2e
}
make_it 90 undeploy >"$OUT/undeploy" 2>&1
same "make undeploy ends" 0 $?
told() { sed -n "s/^  kubectl -n $ns patch $D \([a-z]*\) --type=merge -p .*/\1/p" "$OUT/undeploy" | sort; }
same "it names the servers that are held" "held kept plain" "$(told | paste -sd' ')"
left() {	# what is named after the operator, in the whole cluster
	k get namespaces,clusterroles,clusterrolebindings -o name | grep -E 'mcp-(operator|system)'
}
same "and leaves nothing of the operator" '' "$(left)"
same "the servers are there" 7 "$(k -n "$ns" get "$ALL" -o name | wc -l)"
same "and run in the pods that they had" "$was" "$(pods)"
check "one answers" mcp_call "$(K=kube service_url "$ns" a)"

check "a server is deleted without an operator" timeout 30 "$NODE_DIR/node.sh" x kubectl -n "$ns" delete "$A/a"
check "what it had is collected" wait_for 60 none deployments,services,configmaps,pods -l app=a
k -n "$ns" delete "$D/held" --wait=false >/dev/null
sleep 3
same "one that is held waits" mcp.mcp.dev/finalizer "$(finalizers "$D/held")"
# As it was told, and as the README has it.
free() { sed -n "s/^  kubectl \(.* $1 .*\)/k \1/p" "$OUT/undeploy" >"$OUT/free" && . "$OUT/free"; }
check "it can be freed" free held
check "and is gone" wait_for 20 gone "$D/held"
check "with what it had" wait_for 60 none deployments,services,pods -l app=held

# The others go with their kinds, those that are held as soon as they are freed.
make_it 90 uninstall >"$OUT/uninstall" 2>&1 &
uninstall=$!
check "make uninstall deletes the servers" wait_for 60 eval '[ "$(k -n "$ns" get "$D" -o name | wc -l)" = 2 ]'
check "and waits for those that are held" kill -0 $uninstall
free plain >/dev/null
free kept >/dev/null
check "until they are freed" wait $uninstall
same "no kind is left" '' "$(k get customresourcedefinitions -o name | grep mcpserver)"
check "nor what belonged to a server" wait_for 60 none deployments,replicasets,services,pods
check "the namespace goes" k delete namespace "$ns" --timeout=60s
same "and none is stuck" '' "$(k get namespaces --field-selector=status.phase=Terminating -o name)"

# ---- and comes back -------------------------------------------------------------

check "all of it can be installed again" operator_install mcp-operator:e2e
finish
