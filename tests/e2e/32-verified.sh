#!/bin/bash
# The operator asks servers who they are: real ones of both protocol eras, an
# nginx and another web server, which do not speak MCP.
# budget: 300
. "$(dirname "$0")/lib.sh"
. "$E2E/nginx.sh"
node_up
operator_up
namespace
check "there is an image of nginx" nginx_push

server() {	# name, image, more of the spec
	apply <<Y
apiVersion: mcp.allbeone.io/v1
kind: MCPServer
metadata: {name: $1}
spec:
  image: $2
$3
Y
}
one() { get "mcpservers.mcp.allbeone.io/$1" "$2"; }
verified() { one "$1" '.status.conditions[?(@.type=="Verified")]'"$2"; }
is() { [ "$(verified "$1" .status)" = "$2" ]; }
is_ready() { [ "$(one "$1" '.status.conditions[?(@.type=="Ready")].status')" = "$2" ]; }

server old mcp-server-everything '  port: 3001'
server new my-mcp-server '  port: 8080'
web='  port: 8080
  command: ["python3", "-m", "http.server", "8080"]'
server web my-mcp-server "$web"
server nginx nginx:lab '  port: 8080'
server apart my-mcp-server "$web
  verification: {enabled: false}"

check "a server of the handshake era is verified" wait_for 90 is old True
same "its revision" 2025-11-25 "$(one old .status.serverInfo.protocolVersion)"
same "its name" mcp-servers/everything "$(one old .status.serverInfo.name)"
check "its version" [ -n "$(one old .status.serverInfo.version)" ]
tools=$(one old .status.serverInfo.tools)
check "its tools are counted" [ "${tools:-0}" -gt 5 ]
same "the first is named" echo "$(one old '.status.serverInfo.toolNames[0]')"
check "it can do more than tools" [ "$(one old '.status.serverInfo.capabilities[*]' | wc -w)" -gt 1 ]
check "a server of the era without sessions is verified" wait_for 90 is new True
same "its revision" 2026-07-28 "$(one new .status.serverInfo.protocolVersion)"
same "its tools" "echo add" "$(one new '.status.serverInfo.toolNames[*]')"
check "both are ready" is_ready old True
check "both are ready" is_ready new True

check "a web server is not verified" wait_for 60 is web False
same "why" NotMCP "$(verified web .reason)"
check "the message says what was answered" grep -q '/mcp was answered with' <<<"$(verified web .message)"
check "it is not ready" is_ready web False
# One that answers each method and path in its own way.
check "an nginx is not verified" wait_for 60 is nginx False
same "why" NotMCP "$(verified nginx .reason)"
check "the message says what was answered" grep -q '/mcp was answered with' <<<"$(verified nginx .message)"
check "its pod is ready" wait_for 30 field_is 1 deployment/nginx .status.readyReplicas
check "it is not ready" is_ready nginx False
same "for the same reason" NotMCP \
	"$(one nginx '.status.conditions[?(@.type=="Ready")].reason')"
asked=$(k -n "$ns" logs deployment/nginx)
check "it was nginx that was asked" grep -q '"POST /mcp HTTP/1.1" 40[45]' <<<"$asked"
check "what must not be called is ready" wait_for 60 is_ready apart True
same "and nothing is said of it" "" "$(verified apart .status)"

# Nobody is asked again, and nothing is written, after a restart.
audit_mark
k -n mcp-system rollout restart deployment mcp-operator >/dev/null
check "the operator restarts" k -n mcp-system rollout status deployment mcp-operator --timeout=60s
sleep 10
same "statuses that it writes" 0 \
	"$(audit_count agent='mcp-operator/.*' verb=patch resource=mcpservers/status "namespace=$ns")"

# It is mended: no web server any more.
server web my-mcp-server '  port: 8080'
check "the web server becomes an MCP server" wait_for 90 is web True
check "and is ready" is_ready web True
finish
