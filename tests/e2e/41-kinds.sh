#!/bin/bash
# A kind that is not installed costs nothing, and is served when it is.
# budget: 180
. "$(dirname "$0")/lib.sh"
node_up
operator_up
namespace
AGENT='agent=mcp-operator/.*'
CRD=mcpservers.mcp.example.com
FILE=$TOP/crds/mcp.example.com_mcpservers.yaml
trap 'k apply --server-side -f "$FILE" >/dev/null 2>&1
	k delete namespace "$ns" --wait=false >/dev/null 2>&1' EXIT

server() {
	apply <<'Y'
apiVersion: mcp.example.com/v1alpha1
kind: MCPServer
metadata: {name: one}
spec: {image: x, replicas: 0}
Y
}
made() { [ -n "$(get deployment/one .metadata.uid)" ]; }

check "a server of the kind" wait_for 20 server
check "has a Deployment" wait_for 20 made
k delete crd $CRD --timeout=60s >/dev/null
# Its answer, and the watch that is opened for it.
sleep 8
audit_mark
sleep 45
# The namespaces of earlier tests may still be on their way out.
same "requests while a kind is missing" 0 \
	"$(audit_count "$AGENT" "namespace=!e2e-(?!41-kinds).*")"
k apply --server-side -f "$FILE" >/dev/null
check "installed again, its servers" wait_for 20 server
check "are served" wait_for 10 made
finish
