#!/bin/bash
# One real Kubernetes node in a network namespace of its own: etcd, API server,
# controller manager, scheduler, containerd, kubelet, kube-proxy, and a local
# registry that every image name is served from. There is no cluster DNS:
# Services are reached by address or through their environment variables.
#
#   node.sh build            install what is needed, compile Kubernetes (once)
#   node.sh up [--no-node]   start it; --no-node: the control plane alone
#   node.sh x CMD...         run CMD inside, with KUBECONFIG set and kubectl
#   node.sh image TAR        import an OCI archive into containerd
#   node.sh registry push TAR NAME[:TAG]...
#                            put an OCI archive into the registry
#   node.sh registry list    what the registry holds
#   node.sh samples          make the sample MCP servers' images and push them
#   node.sh status           what runs, and its memory
#   node.sh down             stop all of it and remove its state
#
# MCP_LAB, MCP_LAB_NS: see common.sh.

HERE=$(cd "$(dirname "$0")" && pwd)
. "$HERE/toolchain.sh"
. "$HERE/control.sh"
. "$HERE/worker.sh"

PROCESSES="etcd apiserver kcm scheduler mounts registry containerd kubelet proxy"

need_root() {
	[ "$(id -u)" = 0 ] ||
		die "a node needs root: it makes namespaces, mounts and cgroups.
Run this as root, or name a cluster of your own with KUBECONFIG."
}

build() {
	need_root
	need_packages
	need_kube
}

up() {
	local name
	build
	mkdir -p "$S/run" "$S/log"
	exec 9>"$S/lock"
	flock 9
	say "control plane"
	namespace_up
	pki_up
	control_up
	if [ "${1:-}" != --no-node ]; then
		say "node"
		worker_up
	fi
	exec 9>&-
	say "up: $NS, Kubernetes $KUBE_VERSION"
}

# Everything is found by its namespace and its cgroup, not by what was written
# down: it also works after half of it was killed.
down() {
	need_root
	if [ -e "/run/netns/$NS" ]; then
		end_inside || true
	fi
	cgroups_down
	if [ -e "/run/netns/$NS" ]; then
		wait_until 60 "the last process" end_inside ||
			die "these processes do not end:
$(ip netns pids "$NS" | xargs -r ps -o pid,stat,wchan:20,args -p)"
		ip netns del "$NS"
	fi
	rm -rf "$S"
	say "down: $NS"
}

# Kills what runs inside, until there is nothing: one of them may have started
# another while the list was read.
end_inside() {
	local pids
	pids=$(ip netns pids "$NS")
	[ -n "$pids" ] || return 0
	kill -9 $pids 2>/dev/null
	return 1
}

status() {
	local name pid
	for name in $PROCESSES; do
		if alive "$name"; then
			pid=$(cat "$S/run/$name.pid")
			printf '%-12s %7s  %4d MB\n' "$name" "$pid" \
				$(($(awk '/^VmRSS/ { print $2 }' "/proc/$pid/status") / 1024))
		else
			printf '%-12s %7s\n' "$name" -
		fi
	done
}

need_up() {
	alive apiserver ||
		die "no node $NS is up: $HERE/node.sh up"
}

registry() {
	need_up
	case ${1:-} in
	push)
		[ $# -ge 3 ] || die "registry push TAR NAME[:TAG]..."
		registry_push "${@:2}" ;;
	list)
		inside curl -fs "http://$REGISTRY/v2/_catalog?n=1000" ;;
	*)
		die "registry push TAR NAME[:TAG]... or registry list" ;;
	esac
}

case ${1:-} in
build) build ;;
up) up "${@:2}" ;;
x)
	need_up
	export KUBECONFIG=$S/admin.kubeconfig PATH=$KUBE:$PATH
	exec nsenter --net="/run/netns/$NS" "${@:2}" ;;
image)
	need_up
	ctr -a "$N/containerd.sock" -n k8s.io images import "$2" ;;
registry) registry "${@:2}" ;;
samples)
	need_up
	. "$HERE/samples.sh"
	HINT="Its packages come from PyPI and npm; PIP_INDEX_URL and
NPM_CONFIG_REGISTRY name other places for them."
	samples_push ;;
status) status ;;
down) down ;;
*)
	sed -n '2,/^$/s/^# \{0,1\}//p' "$0"
	exit 2 ;;
esac
