#!/bin/bash
# The simulator's API server against the real one: the same requests go to
# both, and the answers are compared field by field: what the operator renders,
# each kind of answer by name, generated sequences (MODEL_SEEDS="1 2 3"), a
# session of the operator itself that is recorded, and what the collector does;
# and whether these hold every kind of request that the operator sends.
# budget: 1200
. "$(dirname "$0")/lib.sh"
alive apiserver || "$NODE_DIR/node.sh" up || finish
MAKE=${MAKE:-make}
if ! $MAKE -s -C "$TOP" build/test/simapi build/sim/sim \
		build/release/mcp-operator \
		>"$OUT/make.log" 2>&1; then
	tail -n 20 "$OUT/make.log"
	fail "the model is built"
	finish
fi
OPTIONAL=$TOP/tests/sim/optional.yaml
k apply -f "$TOP/crds" -f "$OPTIONAL" >/dev/null
for crd in mcpservers.mcp.{allbeone.io,n-takatsu.dev,example.com,mcp.dev} \
		httproutes.gateway.networking.k8s.io \
		verticalpodautoscalers.autoscaling.k8s.io \
		{virtualservices,destinationrules}.networking.istio.io \
		peerauthentications.security.istio.io \
		{servicemonitors,prometheusrules}.monitoring.coreos.com; do
	check "$crd is served" k wait --for=condition=Established \
		--timeout=30s "crd/$crd"
done
# Who else would write: the operator that earlier tests have installed.
operator() { k -n mcp-system "$@"; }
replicas=$(operator get deployment mcp-operator -o 'jsonpath={.spec.replicas}' 2>/dev/null)
no_operator() { [ -z "$(operator get pods -o name)" ]; }
if [ -n "$replicas" ]; then
	operator scale deployment mcp-operator --replicas=0 >/dev/null
	check "the operator stands still" wait_for 60 no_operator
fi
namespace

# compare PROGRAM PHASE [SEED...]: counts the cases that it prints
compare() {
	local program=$E2E/$1
	shift
	counted inside env KUBECONFIG="$S/admin.kubeconfig" KINDS="$OUT/kinds" \
		python3 "$program" "$TOP/build/test/simapi" "$ns" "$@"
}
counted() { # command...
	local out=$OUT/counted
	"$@" 2>&1 | tee "$out"
	passed=$((passed + $(grep -c '^ok ' "$out")))
	failed=$((failed + $(grep -c '^FAIL ' "$out")))
	grep -q '^[0-9]* passed, [0-9]* failed$' "$out" ||
		fail "it comes to its end: $*"
}

cd "$TOP" || finish
# Nobody but this test shall write what is compared: the controllers stand
# still, until all but the collector has been looked at.
kcm=$(cat "$S/run/kcm.pid")
finally() {
	kill -CONT "$kcm"
	k delete namespace "$ns" --wait=false >/dev/null 2>&1
	k delete -f "$OPTIONAL" --wait=false >/dev/null 2>&1
	[ -z "$replicas" ] || operator scale deployment mcp-operator \
		--replicas="$replicas" >/dev/null
}
trap finally EXIT
kill -STOP "$kcm"
# shellcheck disable=SC2086
compare model.py still ${MODEL_SEEDS:-$(seq 1 30)}
compare model_record.py "$TOP/build/release/mcp-operator"
kill -CONT "$kcm"
compare model.py gc
# shellcheck disable=SC2046
counted python3 "$E2E/model_kinds.py" "$TOP/build/sim/sim" "$OUT/kinds" \
	$(seq 3000 3019)
finish
