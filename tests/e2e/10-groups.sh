#!/bin/bash
# Servers of all four groups, by the fields each group's users know: they run,
# show, scale, patch and answer as the groups' documents say.
# budget: 240
. "$(dirname "$0")/lib.sh"
node_up
operator_up
namespace
k -n "$ns" create configmap words --from-literal=one=1 --from-literal=two=2 >/dev/null

apply <<'Y'
apiVersion: mcp.allbeone.io/v1
kind: MCPServer
metadata: {name: filesystem-server, labels: {team: files}}
spec:
  image: "mcp-server-filesystem"
  tag: "latest"
  replicas: 1
  port: 8080
  command: ["python", "-m", "mcp_server_filesystem"]
  args: ["--allowed-dirs", "/app/data"]
  env: [{name: MCP_SERVER_NAME, value: filesystem-server}]
  resources:
    requests: {memory: 64Mi, cpu: 50m}
    limits: {memory: 256Mi, cpu: 500m}
---
apiVersion: mcp.n-takatsu.dev/v1alpha1
kind: MCPServer
metadata: {name: my-mcp-server}
spec: {replicas: 1, image: "mcp-rs:latest", transport: http, port: 3000}
---
apiVersion: mcp.example.com/v1alpha1
kind: MCPServer
metadata: {name: example}
spec:
  image: my-mcp-server:latest
  transport: streamable-http
  config: {greeting: hello}
  configSources:
  - {configMap: {name: words, keys: [one]}, mountPath: /etc/words}
---
apiVersion: mcp.mcp.dev/v1alpha1
kind: MCPServer
metadata: {name: example-server}
spec: {image: "my-mcp-server:latest", replicas: 1, port: 8080}
Y

A=mcpservers.mcp.allbeone.io/filesystem-server
B=mcpservers.mcp.n-takatsu.dev/my-mcp-server
C=mcpservers.mcp.example.com/example
D=mcpservers.mcp.mcp.dev/example-server

check "allbeone becomes Ready" k -n "$ns" wait --for=condition=Ready $A --timeout=90s
check "ntakatsu becomes Available" \
	k -n "$ns" wait --for=condition=Available $B --timeout=60s
check "example becomes Ready" k -n "$ns" wait --for=condition=Ready $C --timeout=60s
check "mcpdev becomes Ready" k -n "$ns" wait --for=condition=Ready $D --timeout=60s
same "allbeone's phase" Running "$(get $A .status.phase)"
same "ntakatsu's phase" Running "$(get $B .status.phase)"
same "example's phase" Ready "$(get $C .status.phase)"
same "mcpdev's phase" Running "$(get $D .status.phase)"

# What kubectl shows.
same "allbeone's columns" "NAME IMAGE TAG REPLICAS READY PHASE AGE" \
	"$(k -n "$ns" get mcpservers.mcp.allbeone.io | head -n 1 | xargs)"
same "allbeone's row" "filesystem-server mcp-server-filesystem latest 1 1 Running" \
	"$(k -n "$ns" get mcpservers.mcp.allbeone.io --no-headers |
	awk '{print $1, $2, $3, $4, $5, $6}')"
same "allbeone's endpoint" "filesystem-server.$ns.svc.cluster.local:8080" \
	"$(get $A .status.serviceEndpoint)"
same "example's endpoint" "http://example.$ns.svc.cluster.local:8080" \
	"$(get $C .status.endpoint)"
check "kubectl explain" k explain mcpservers.spec --api-version=mcp.n-takatsu.dev/v1alpha1
same "the generation that the status is about" 1 "$(get $A .status.observedGeneration)"

# What it became.
same "a pod by the label app" 1 \
	"$(k -n "$ns" get pods -l app=my-mcp-server --no-headers | wc -l)"
same "a pod by the label app.kubernetes.io/instance" 1 \
	"$(k -n "$ns" get pods -l app.kubernetes.io/instance=filesystem-server \
	--no-headers | wc -l)"
same "user labels on the children" files "$(get deployment/filesystem-server .metadata.labels.team)"
same "config is mounted" hello \
	"$(k -n "$ns" exec deploy/example -- python -c "print(open('/etc/mcp/greeting').read())" 2>/dev/null)"
same "some keys of a ConfigMap are, too" "one" \
	"$(k -n "$ns" exec deploy/example -- python -c \
	"import os; print(*[n for n in os.listdir('/etc/words') if n[0] != '.'])" 2>/dev/null)"
same "the port follows the group" 3000 "$(get service/my-mcp-server '.spec.ports[0].port')"
same "no service account token" false \
	"$(get deployment/example .spec.template.spec.automountServiceAccountToken)"
check "logs by label" k -n "$ns" logs -l app=my-mcp-server

# Real MCP calls through the Services.
for s in filesystem-server:8080 my-mcp-server:3000 example:8080 example-server:8080; do
	ip=$(get "service/${s%:*}" .spec.clusterIP)
	check "MCP call to ${s%:*}" wait_for 20 mcp_call "http://$ip:${s#*:}/mcp"
done

# Scaling by each way there is.
check "kubectl scale" k -n "$ns" scale $B --replicas=2
check "two pods" wait_for 60 field_is 2 $B .status.readyReplicas
same "the scale subresource has a selector" \
	"mcp.allbeone.io/server-key=n.my-mcp-server" "$(get $B .status.selector)"
check "kubectl patch (JSON, plugins)" k -n "$ns" patch $B --type=json \
	-p '[{"op":"add","path":"/spec/plugins/-","value":"wordpress-plugin"}]'
unacted() { get "$1" '.status.conditions[?(@.type=="FieldsActedOn")].message' | grep "$2" >/dev/null; }
check "unacted fields are told" wait_for 20 unacted $B spec.plugins
check "scale to 0" k -n "$ns" scale $D --replicas=0
check "no pods" wait_for 40 field_is 0 $D .status.replicas
same "scaled to zero is not ready" ScaledToZero \
	"$(get $D '.status.conditions[?(@.type=="Ready")].reason')"

# Quantities as core resources take them: numbers without quotes, too.
check "a fraction of a CPU without quotes" k -n "$ns" patch $D --type=merge \
	-p '{"spec":{"resources":{"limits":{"cpu":0.5,"memory":"64Mi"}}}}'
check "is what its pods get" wait_for 20 field_is 500m deployment/example-server \
	'.spec.template.spec.containers[0].resources.limits.cpu'
refused() { ! k -n "$ns" patch "$@" >/dev/null 2>&1; }
check "what is no quantity is refused" refused $D --type=merge \
	-p '{"spec":{"resources":{"limits":{"cpu":"half"}}}}'

# An update of the image rolls, and nothing else of the object is touched.
before=$(get $A .spec)
check "a patch of the image" k -n "$ns" patch $A --type=merge -p '{"spec":{"replicas":1}}'
same "the user's spec is as he wrote it" "$before" "$(get $A .spec)"
finish
