# Settings and helpers of the scripts in this folder; sourced, not run.
#
#   MCP_LAB     where everything is kept: toolchains, binaries and images by
#               version, and the state of each running node
#   MCP_LAB_NS  network namespace, cgroup and state folder of one node; nodes
#               with different names run side by side
#   MCP_LAB_PATIENCE  multiplies every time limit, for a slow machine

set -euo pipefail

# Seconds count from the first script, through those that it runs.
export MCP_STARTED=${MCP_STARTED:-$(date +%s)}
SECONDS=$(($(date +%s) - MCP_STARTED))

NODE_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
TOP=$(cd "$NODE_DIR/../.." && pwd)
MCP_LAB=${MCP_LAB:-${HOME:-/root}/.cache/mcp-operator-lab}
NS=${MCP_LAB_NS:-mcp-lab}

# Nothing of it leaves the namespace, so nodes may use the same numbers.
NODE=edge-1
NODE_IP=${MCP_LAB_NODE_IP:-10.87.0.1}
POD_CIDR=10.88.0.0/16
SERVICE_CIDR=10.96.0.0/16
API_IP=10.96.0.1
DNS_IP=10.96.0.10
REGISTRY=127.0.0.1:5000
PAUSE=registry.k8s.io/pause:lab

KUBE_VERSION=$(sed -n 's|^\tk8s.io/kubernetes v||p' "$NODE_DIR/controlplane/go.mod")
GO_WHEEL=1.27.3
NODE_WHEEL=24.19.0

S=$MCP_LAB/$NS

key_of() { cat "$@" | sha256sum | cut -c1-8; }
KUBE=$MCP_LAB/bin/kubernetes-$KUBE_VERSION-$(key_of "$NODE_DIR"/controlplane/*)
export PATH=$PATH:/usr/sbin:/sbin

case $NS in
*[!a-z0-9-]*|-*|'') echo "MCP_LAB_NS=$NS: letters, digits and - only" >&2; exit 2 ;;
esac
if [ ${#S} -gt 60 ]; then
	echo "MCP_LAB=$MCP_LAB is too long: sockets below it would not fit" >&2
	exit 2
fi

# ---- talking ----------------------------------------------------------------

say() { printf '%5ds  %s\n' "$SECONDS" "$*"; }
die() { printf '\n%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

# beat WHAT LOG COMMAND...: runs it with its output in LOG and a sign of life
# every 15 seconds; on failure shows the end of the log and HINT. A process
# group of its own, so that an interrupt ends all of it.
HINT=
beat() {
	local what=$1 log=$2 start=$SECONDS pid tick=0
	shift 2
	say "$what"
	set -m
	"$@" >"$log" 2>&1 </dev/null &
	set +m
	pid=$!
	trap 'kill -- -'$pid' 2>/dev/null; exit 130' INT TERM
	while kill -0 $pid 2>/dev/null; do
		sleep 0.2
		tick=$((tick + 1))
		[ $((tick % 75)) -ne 0 ] ||
			say "    $((SECONDS - start)) s, $(wc -l <"$log") lines: $(tail -n 1 "$log" | cut -c1-60)"
	done
	wait $pid || {
		tail -n 20 "$log" >&2
		die "$what: failed; all of it is in $log${HINT:+
$HINT}"
	}
	trap - INT TERM
}

# wait_until SECONDS WHAT COMMAND...: until it succeeds
wait_until() {
	local seconds=$(($1 * ${MCP_LAB_PATIENCE:-1})) what=$2 end
	end=$((SECONDS + seconds))
	shift 2
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || {
			echo "no success after $seconds s: $what" >&2
			return 1
		}
		sleep 0.2
	done
}

# ---- inside the node --------------------------------------------------------

inside() { nsenter --net="/run/netns/$NS" "$@"; }
kube() { inside "$KUBE/kubectl" --kubeconfig "$S/admin.kubeconfig" "$@"; }

# A process is ours when it lives in our network namespace: a process id may
# have been given to someone else since it was written down.
alive() {
	local pid
	[ -e "/run/netns/$NS" ] && pid=$(cat "$S/run/$1.pid" 2>/dev/null) &&
	[ "$(stat -Lc %i "/proc/$pid/ns/net" 2>/dev/null)" = \
		"$(stat -Lc %i "/run/netns/$NS")" ]
}

# start NAME COMMAND...: in the background, with its output in log/NAME.log,
# and with none of our files: make would wait for its own to be closed.
start() {
	local name=$1 fd
	shift
	! alive "$name" || return 0
	(
		for fd in /proc/self/fd/*; do
			fd=${fd##*/}
			[ "$fd" -le 2 ] || eval "exec $fd>&-"
		done
		exec setsid nsenter --net="/run/netns/$NS" "$@"
	) >>"$S/log/$name.log" 2>&1 </dev/null &
	echo $! >"$S/run/$name.pid"
}

# The same, with the node's own mounts.
start_mounted() {
	local name=$1
	shift
	start "$name" nsenter -t "$(cat "$S/run/mounts.pid")" -m "$@"
}

log_tail() {
	local name
	for name in "$@"; do
		echo "--- $S/log/$name.log" >&2
		tail -n 15 "$S/log/$name.log" >&2 || true
	done
}
