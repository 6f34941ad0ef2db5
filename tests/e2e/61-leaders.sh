#!/bin/bash
# Two operators at once: without election they come to rest and lose nothing;
# with it, no write of one falls into the other's time, whether the one that
# leads is killed, stopped, cut off from the API server, or hears no answers.
#
#   FAULTS=12 SEED=1   how many, and at which moments
#   ONLY=stop,cut      which: kill, stop, cut, pause, term, deaf
#
# budget: 360
. "$(dirname "$0")/lib.sh"
node_up
operator_up
namespace
k -n "$ns" create quota none --hard=pods=0 >/dev/null
operator_rests
k apply -f "$TOP/manifests/overlays/ha/10-lease.yaml" >/dev/null
at_end 'kube -n mcp-system delete lease --all >/dev/null'

# Each has a network of its own, by a cable to the node's that can be cut.
side() {
	local net=$NS-$1 port=side-$1 address=10.87.$2.2
	ip netns del "$net" 2>/dev/null
	ip netns add "$net"
	at_end "ip netns del $net"
	inside ip link add "$port" type veth peer name n0 netns "$net"
	inside ip addr add "10.87.$2.1/30" dev "$port"
	inside ip link set "$port" up
	ip -n "$net" addr add "$address/30" dev n0
	ip -n "$net" link set n0 up
	ip -n "$net" route add default via "10.87.$2.1"
	sides="$sides $net,$port,$address"
}
sides=
side a 101
side b 102
export CHAOS_NS=$ns CHAOS_NETNS=$sides CHAOS_SERVER=https://$NODE_IP:6443
export FAULTS=${FAULTS:-6} SEED=${SEED:-$((RANDOM * 32768 + RANDOM))}
checks leaders.py
finish
