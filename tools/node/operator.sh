# The operator on a node: building it, its image, its installation, and the
# wait for the servers it keeps; sourced, not run. K is the kubectl to use.

. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

SAMPLE_SERVERS=$TOP/manifests/samples
MAKE=${MAKE:-make}
K=${K:-kubectl}

operator_make() { env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS "$MAKE" --no-print-directory -C "$TOP" "$@"; }

# operator_archive IMG: builds the image, prints where its archive is
operator_archive() {
	operator_make image ${1:+"IMG=$1"} >&2 || return
	ls -t "$TOP"/build/mcp-operator-*-"$(uname -m | sed s/armv7l/arm/)".oci.tar | head -n 1
}

# operator_push ARCHIVE IMG: to the local registry; what the node may have
# pulled under that name before is forgotten.
operator_push() {
	registry_push "$1" "$2"
	ctr -a "$N/containerd.sock" -n k8s.io images ls -q |
	awk -v n="$2" '$0 == n || substr($0, length($0) - length(n)) == "/" n' |
	xargs -r ctr -a "$N/containerd.sock" -n k8s.io images rm >/dev/null
}

# operator_install IMG: CRDs and manifests; a running operator is replaced
operator_install() {
	local was
	was=$($K -n mcp-system get deployment mcp-operator -o name 2>/dev/null || true)
	operator_make -s deploy "KUBECTL=$K" "IMG=$1"
	[ -z "$was" ] || $K -n mcp-system rollout restart "$was"
	$K -n mcp-system rollout status deployment/mcp-operator --timeout=180s || {
		$K -n mcp-system get pods -o wide || true
		$K -n mcp-system describe pods | sed -n '/^Events/,$p' || true
		$K -n mcp-system logs deployment/mcp-operator --tail=20 || true
		die "the operator does not become available"
	}
}

# group namespace name phase, for each MCPServer that the samples hold
samples_phases() {
	local row='{.apiVersion} {.metadata.namespace} {.metadata.name} {.status.phase}{"\n"}'
	$K get -f "$SAMPLE_SERVERS" -o \
		jsonpath='{range .items[?(@.kind=="MCPServer")]}'"$row{end}"
}

samples_pending() {
	samples_phases | awk '{
		want = $1 ~ /^mcp\.example\.com\// ? "Ready" : "Running"
		if ($4 != want) print "    " $1, $2 "/" $3 ": " ($4 == "" ? "no phase yet" : $4)
	}'
}

# samples_wait SECONDS
samples_wait() {
	local end=$((SECONDS + $1 * ${MCP_LAB_PATIENCE:-1})) next=$SECONDS pending
	while pending=$(samples_pending); [ -n "$pending" ]; do
		if [ $SECONDS -ge $end ]; then
			echo "$pending" >&2
			$K get pods -A -o wide >&2 || true
			$K -n mcp-system logs deployment/mcp-operator --tail=20 >&2 || true
			die "the sample servers above are not running after $1 seconds"
		fi
		if [ $SECONDS -ge $next ]; then
			say "waiting for"
			echo "$pending"
			next=$((SECONDS + 15))
		fi
		sleep 1
	done
}

# service_url NAMESPACE NAME: where the server's Service answers
service_url() {
	$K -n "$1" get service "$2" \
		-o jsonpath='http://{.spec.clusterIP}:{.spec.ports[0].port}/mcp'
}
service_port() {
	$K -n "$1" get service "$2" -o jsonpath='{.spec.ports[0].port}'
}
