# What the tests on the real node share; sourced first by each of them.
#
# A test is a file NN-what.sh with a line "# budget: SECONDS". It runs checks,
# each counted, and ends with `finish`, whose last line is "N passed, N failed".
# It keeps to a namespace of its own (`namespace`), so that tests do not meet.

E2E=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export MCP_LAB_NS=${MCP_LAB_NS:-mcp-e2e}
unset KUBECONFIG
. "$E2E/../../tools/node/common.sh"
. "$NODE_DIR/control.sh"
. "$NODE_DIR/worker.sh"
. "$NODE_DIR/operator.sh"
set +e
K="$NODE_DIR/node.sh x kubectl"
TEST=$(basename "$0" .sh)
OUT=$TOP/build/e2e/$TEST
rm -rf "$OUT"
mkdir -p "$OUT"

passed=0
failed=0

# ---- counting ---------------------------------------------------------------

pass() { passed=$((passed + 1)); printf 'ok    %s\n' "$*"; }
fail() { failed=$((failed + 1)); printf 'FAIL  %s\n' "$*"; }

# check WHAT COMMAND...: its output is shown only when it fails
check() {
	local what=$1
	shift
	if "$@" >"$OUT/check" 2>&1; then
		pass "$what"
	else
		fail "$what"
		sed 's/^/      /' "$OUT/check" | tail -n 20
		return 1
	fi
}

# same WHAT WANTED GOT
same() {
	[ "$2" = "$3" ] && pass "$1" && return
	fail "$1"
	printf '      wanted: %s\n      got:    %s\n' "$2" "$3"
	return 1
}

# at_most WHAT LIMIT NUMBER: the number is shown either way
at_most() {
	[ "$3" -le "$2" ] 2>/dev/null && pass "$1: $3, at most $2" && return
	fail "$1: $3, at most $2"
	return 1
}

finish() {
	printf '%d passed, %d failed\n' "$passed" "$failed"
	[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
	exit
}

# ---- the cluster ------------------------------------------------------------

k() { kube "$@"; }

# wait_for SECONDS COMMAND...: until it succeeds
wait_for() {
	local seconds=$1
	shift
	wait_until "$seconds" "$*" "$@"
}

# The node with the samples' images, started when it is not there.
node_up() {
	alive kubelet || "$NODE_DIR/node.sh" up || finish
	registry_has library/mcp-server-sample:latest ||
		"$NODE_DIR/node.sh" samples || finish
}

# The operator as the manifests install it, from what is built now.
operator_up() {
	local archive stamp=$S/operator.sha256
	archive=$(operator_archive mcp-operator:e2e) || {
		fail "the operator and its image are built"
		finish
	}
	if ! sha256sum "$archive" "$TOP"/manifests/*.yaml "$TOP"/crds/*.yaml |
	    cmp -s - "$stamp"; then
		operator_push "$archive" mcp-operator:e2e
		(operator_install mcp-operator:e2e) || {
			fail "the operator is installed"
			finish
		}
		sha256sum "$archive" "$TOP"/manifests/*.yaml \
			"$TOP"/crds/*.yaml >"$stamp"
	fi
}

# namespace [LABEL=VALUE...]: a fresh one of this test's own, in $ns; gone
# with all that is in it when the test ends.
namespace() {
	ns=e2e-$TEST
	k delete namespace "$ns" --ignore-not-found --timeout=300s >/dev/null
	k create namespace "$ns" >/dev/null
	[ $# -eq 0 ] || k label namespace "$ns" "$@" >/dev/null
	wait_for 30 k -n "$ns" get serviceaccount default
	at_end "kube delete namespace $ns --wait=false >/dev/null 2>&1"
}

# at_end COMMAND: evaluated when the test ends, the last one first
ends=
at_end() {
	ends="$1; $ends"
	trap 'eval "$ends"' EXIT
}

# The installed operator rests while the test runs operators as processes; the
# controllers do not hold back, since a test makes as much as a day does.
operator_rests() {
	k -n mcp-system scale deployment mcp-operator --replicas=0 >/dev/null
	at_end 'kube -n mcp-system scale deployment mcp-operator --replicas=1 >/dev/null
		kube -n mcp-system rollout status deployment mcp-operator --timeout=60s >/dev/null'
	wait_for 60 eval '[ -z "$(k -n mcp-system get pods -o name)" ]'
	kcm_fast
}

# checks PROGRAM ARGUMENT...: a Python program here, inside the node; its lines
# that begin with ok or FAIL count
checks() {
	local log=$OUT/checks rc
	"$NODE_DIR/node.sh" x env PYTHONDONTWRITEBYTECODE=1 \
		"BENCH_AUDIT=$S/audit.log" BENCH_PIDS= python3 "$E2E/$1" \
		"${@:2}" 2>&1 | tee "$log"
	rc=${PIPESTATUS[0]}
	passed=$((passed + $(grep -c '^ok ' "$log")))
	failed=$((failed + $(grep -c '^FAIL ' "$log")))
	[ "$rc" -eq 0 ] || grep -q '^FAIL ' "$log" || fail "$1 ended with $rc"
}

# apply: objects from standard input, into $ns
apply() { k -n "$ns" apply -f - >/dev/null; }

# get OBJECT PATH: one field, or a template with braces, in $ns
get() {
	case $2 in
	*{*) k -n "$ns" get "$1" -o "jsonpath=$2" ;;
	*) k -n "$ns" get "$1" -o "jsonpath={$2}" ;;
	esac 2>/dev/null
}

# strict OBJECT: would the API server take it as it is, with no field unknown?
strict() {
	k -n "$ns" get "$1" -o json | python3 -c '
import json, sys
v = json.load(sys.stdin)
for key in ("uid", "resourceVersion", "creationTimestamp", "generation", "ownerReferences"):
    v["metadata"].pop(key, None)
v.pop("status", None)
v["metadata"]["name"] += "-again"
print(json.dumps(v))' | k -n "$ns" create --dry-run=server --validate=strict -f -
}

# field_is WANTED OBJECT PATH: for wait_for
field_is() { [ "$(get "$2" "$3")" = "$1" ]; }

mcp_call() { inside "$NODE_DIR/mcp-call.sh" "$@"; }

# ---- API cost, from the audit log -------------------------------------------

WRITES='create|update|patch|delete|deletecollection'
LISTS=list
mark=0

# audit_mark: counting starts here
audit_mark() { mark=$(stat -c %s "$S/audit.log"); }

# audit_count [agent=RE] [user=RE] [verb=RE] [resource=RE] [namespace=RE]
#	[name=RE] [code=RE]: requests since the mark; resource is as in
#	"pods" or "deployments/status", a leading ! means all others
audit_count() { "$E2E/audit.py" "$S/audit.log" "$mark" "$@"; }

# audit_table FIELD,FIELD... [FILTER...]: the same, by those fields
audit_table() { "$E2E/audit.py" "$S/audit.log" "$mark" "by=$1" "${@:2}"; }
