#!/bin/bash
# usage: tools/node/run.sh       (make run)
#
# Builds the operator and its image, starts a local Kubernetes node, installs
# the operator there, applies sample servers of all four API groups, waits
# until they run and calls each through its Service.
#
# With KUBECONFIG set, that cluster is used instead of a local node; IMG= must
# then name an image that it can pull. The samples' images exist only in the
# local node's registry: SAMPLES=1 applies the samples all the same.

HERE=$(cd "$(dirname "$0")" && pwd)
. "$HERE/toolchain.sh"
. "$HERE/worker.sh"
. "$HERE/operator.sh"

# The tool that a sample server has, of those that add two numbers.
call() {
	local url=$1 tool
	tool=$("${IN[@]}" "$HERE/mcp-call.sh" "$url" | grep -owE 'add|get-sum' | head -n 1)
	"${IN[@]}" "$HERE/mcp-call.sh" "$url" "$tool" '{"a": 2, "b": 40}'
}

# A ready pod is behind its Service's address a moment later.
answers() {
	local at=${1#http://}
	at=${at%/mcp}
	wait_until 20 "$1" "${IN[@]}" timeout 2 \
		bash -c ": </dev/tcp/${at%:*}/${at##*:}" ||
		die "nothing listens at $1"
}

# Through the Service's address on the local node, else through a forwarded
# port.
call_service() {
	local ns=$1 name=$2 url=http://127.0.0.1:18080/mcp rc=0 pid
	if [ -z "$FOREIGN" ]; then
		url=$(service_url "$ns" "$name")
		answers "$url"
		call "$url"
		return
	fi
	$K -n "$ns" port-forward "service/$name" "18080:$(service_port "$ns" "$name")" \
		>/dev/null 2>&1 &
	pid=$!
	answers "$url"
	call "$url" || rc=$?
	kill $pid
	return $rc
}

call_all() {
	local version ns name phase called=0
	while read -r version ns name phase; do
		$K -n "$ns" get service "$name" >/dev/null 2>&1 || continue
		echo
		echo "MCP call to $name ($version) through its Service:"
		call_service "$ns" "$name" </dev/null
		called=$((called + 1))
	done < <(samples_phases)
	[ $called -gt 0 ] || die "no sample server has a Service"
}

show() {
	local group
	for group in $(samples_phases | sed 's|/.*||' | sort -u); do
		echo
		echo "\$ kubectl get mcpservers.$group -A"
		$K get "mcpservers.$group" -A
	done
}

foreign_image() {
	case ${IMG:-} in
	*/*) return ;;
	esac
	die "KUBECONFIG=$KUBECONFIG is set, so the operator goes to
that cluster, and IMG= must name an image that it can pull:
    make push IMG=registry.example/mcp-operator:tag
    make run IMG=registry.example/mcp-operator:tag
Without KUBECONFIG, a local node is started instead."
}

local_up() {
	operator_push "$ARCHIVE" "$IMAGE_NAME"
	"$HERE/node.sh" samples
}

FOREIGN=${KUBECONFIG:-}
[ "$FOREIGN" != "$S/admin.kubeconfig" ] || FOREIGN=
if [ -n "$FOREIGN" ]; then
	foreign_image
	command -v kubectl >/dev/null || PATH=$PATH:$KUBE
	command -v kubectl >/dev/null || die "kubectl is needed and is not in PATH.
Install it, or let tools/node/node.sh build compile one; it is then found."
	K=kubectl IN=()
	IMAGE_NAME=$IMG
	say "the cluster of $KUBECONFIG: $($K config current-context)"
else
	"$HERE/node.sh" build
	K="$HERE/node.sh x kubectl" IN=(inside)
	IMAGE_NAME=${IMG:-mcp-operator:local}
fi

say "the operator and its image"
ARCHIVE=$(operator_archive "$IMAGE_NAME")
say "    $ARCHIVE, $(du -k "$ARCHIVE" | cut -f1) KiB"
if [ -z "$FOREIGN" ]; then
	"$HERE/node.sh" up
	local_up
fi

say "installing the operator"
operator_install "$IMAGE_NAME"
if [ -n "$FOREIGN" ] && [ -z "${SAMPLES:-}" ]; then
	say "the operator runs. The samples are not applied: their images exist
       only in the local node's registry (SAMPLES=1 applies them anyway)."
	exit
fi

say "sample servers of all four groups"
$K apply -f "$SAMPLE_SERVERS"
samples_wait 300
say "all of them run"
show
call_all

echo
say "done"
[ -n "$FOREIGN" ] || cat <<-END

	The node runs on. From here:
	    tools/node/node.sh x kubectl get mcp -A
	    tools/node/node.sh x bash        a shell inside, KUBECONFIG is set
	    tools/node/node.sh status        its processes and their memory
	    make stop                        ends it
	Its kubeconfig is $S/admin.kubeconfig, for use inside.
	END
