# Servers of mcp.allbeone.io without pods, in $ns, for the tests of what else a
# server becomes. Sourced after lib.sh.

S1=mcpservers.mcp.allbeone.io

server() {	# name, more of the spec
	apply <<Y
apiVersion: mcp.allbeone.io/v1
kind: MCPServer
metadata: {name: $1}
spec:
  image: my-mcp-server
  port: 8080
  replicas: 0
$2
Y
}
one() { get "$S1/$1" "$2"; }
change() { k -n "$ns" patch "$S1" "$1" --type=merge -p "{\"spec\":$2}" >/dev/null; }
there() { k -n "$ns" get "$1" >/dev/null 2>&1; }
gone() { ! there "$1"; }
