#!/bin/bash
# Two replicas with leader election, installed as the overlay's head says: the
# other one takes over when the leader is deleted, killed or rolled, every
# write is the holder's, and one replica without election is a step back.
# budget: 240
. "$(dirname "$0")/lib.sh"
node_up
operator_up
namespace
lease=mcp-operator.mcp.allbeone.io

# The overlay's own name of the image, beside the one that the tests use.
operator_push "$(operator_archive mcp-operator:e2e)" mcp-operator:0.1.0
audit_mark
at_end 'kube delete -f "$TOP/manifests/overlays/ha/10-lease.yaml" \
		-f "$TOP/manifests/overlays/ha/30-disruption.yaml" >/dev/null
	kube -n mcp-system delete lease --all >/dev/null
	rm -f "$S/operator.sha256"'

installed() { k apply -f "$TOP/crds/" -f "$TOP/manifests/" "$@"; }
rolled() { k -n mcp-system rollout status deployment/mcp-operator --timeout=90s; }
check "it installs" installed -f "$TOP/manifests/overlays/ha"
check "both replicas become available" rolled

# What went before knows no Lease and writes until it has ended.
two_pods() {
	[ "$(k -n mcp-system get pods -o name \
		-l app.kubernetes.io/name=mcp-operator | wc -l)" = 2 ]
}
check "what went before has ended" wait_for 60 two_pods
same "it is the image that the overlay names" mcp-operator:0.1.0 \
	"$(k -n mcp-system get deployment mcp-operator \
	-o 'jsonpath={.spec.template.spec.containers[0].image}')"
same "one of them may be evicted" 1 "$(k -n mcp-system get pdb mcp-operator \
	-o 'jsonpath={.status.disruptionsAllowed}')"

holder() {
	k -n mcp-system get lease "$lease" -o 'jsonpath={.spec.holderIdentity}'
}
leader() { holder | sed 's/_[0-9a-f]*$//'; }
leads() { [ -n "$(leader)" ] && k -n mcp-system get pod "$(leader)"; }
other_leads() { leads && [ "$(holder)" != "$1" ]; }
server() {
	apply <<-Y
	apiVersion: mcp.allbeone.io/v1
	kind: MCPServer
	metadata: {name: $1}
	spec: {image: x, replicas: 0, config: {number: "$1"}}
	Y
}
served() { field_is ScaledToZero "mcpservers.mcp.allbeone.io/$1" \
	'.status.conditions[?(@.type=="Ready")].reason'; }
check "one of them leads" wait_for 40 leads
server first
check "it works" wait_for 20 served first

# The operator's process in a pod.
pid_of() {
	local uid pid
	uid=$(k -n mcp-system get pod "$1" -o 'jsonpath={.metadata.uid}')
	for pid in $(pgrep -x mcp-operator); do
		grep -q "pod$uid" "/proc/$pid/cgroup" && echo "$pid"
	done
}

# Deleted, it gives the Lease back; killed, the Lease has to run out.
took() { # what seconds command...
	local start was
	was=$(holder)
	start=$(date +%s%N)
	"${@:3}" >/dev/null
	check "$1: another one takes over" wait_for "$2" other_leads "$was"
	printf '      after %d ms\n' $((($(date +%s%N) - start) / 1000000))
	server "after-$start"
	check "$1: and works" wait_for 20 served "after-$start"
	rolled >/dev/null
}
took "the leader is deleted" 30 k -n mcp-system delete pod "$(leader)" --wait=false
took "the leader is killed" 60 kill -9 $(pid_of "$(leader)")

# Rolled while there is work.
for i in $(seq 1 40); do server "r$i"; done &
check "a rolling restart" k -n mcp-system rollout restart deployment/mcp-operator
check "ends" rolled
wait
all_served() {
	[ "$(k -n "$ns" get mcpservers.mcp.allbeone.io \
		-o 'jsonpath={range .items[*]}{.status.phase}{"\n"}{end}' |
	grep -c Pending)" = 43 ] &&
	[ "$(k -n "$ns" get deployments -o name | wc -l)" = 43 ]
}
check "all servers are served" wait_for 60 all_served
sleep 5
checks tenure.py "$mark" 20 "$ns"

check "back to one replica" installed
check "without election" rolled
server last
check "it works" wait_for 30 served last
finish
