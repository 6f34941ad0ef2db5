#!/bin/bash
# API cost, counted in the audit log.
# budget: 240
. "$(dirname "$0")/lib.sh"
node_up
operator_up
namespace
AGENT='agent=mcp-operator/.*'

quiet() { sleep "${1:-5}"; }
# Other tests' servers that are on their way out would be counted as well.
alone() { [ -z "$(k get namespaces -o name | grep /e2e- | grep -v "/$ns\$")" ]; }
check "other tests' namespaces are gone" wait_for 120 alone
quiet 5
audit_mark
apply <<'Y'
apiVersion: mcp.mcp.dev/v1alpha1
kind: MCPServer
metadata: {name: one}
spec: {image: "my-mcp-server:latest"}
Y
check "it runs" wait_for 60 field_is Running mcpservers.mcp.mcp.dev/one .status.phase
quiet 8
writes() { audit_count "$AGENT" "verb=$WRITES" "$@"; }
same "two children are written" 2 "$(writes 'resource=deployments|services')"
at_most "statuses written" 2 "$(writes resource=mcpservers/status)"
at_most "events written" 1 "$(writes resource=events)"
same "writes of anything else" 0 \
	"$(writes 'resource=!deployments|services|mcpservers/status|events')"
audit_table verb,resource "$AGENT" "verb=$WRITES" | sed 's/^/      /'

# At rest.
audit_mark
quiet 30
same "writes at rest" 0 "$(writes)"
same "lists at rest" 0 "$(audit_count "$AGENT" verb=list)"
same "gets at rest" 0 "$(audit_count "$AGENT" verb=get)"

# A restart over settled servers.
for i in $(seq 1 30); do
	printf -- '---\napiVersion: mcp.allbeone.io/v1\nkind: MCPServer\n'
	printf 'metadata: {name: s%d}\n' "$i"
	printf 'spec: {image: x, replicas: 0, config: {n: %d}}\n' "$i"
done | apply
settled() { [ "$(k -n "$ns" get mcpservers.mcp.allbeone.io \
	-o 'jsonpath={range .items[*]}{.status.observedGeneration}{"\n"}{end}' | grep -c 1)" = 30 ]; }
check "30 more servers" wait_for 60 settled
quiet 5
audit_mark
k -n mcp-system rollout restart deployment/mcp-operator >/dev/null
check "the operator restarts" k -n mcp-system rollout status deployment/mcp-operator --timeout=60s
quiet 10
same "writes after a restart" 0 "$(writes)"
finish
