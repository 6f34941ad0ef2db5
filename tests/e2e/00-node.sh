#!/bin/bash
# budget: 400
#
# The node itself: the control plane, pods, Services, the registry that serves
# every image name, and the sample servers' images.

. "$(dirname "$0")/lib.sh"
node_up
namespace pod-security.kubernetes.io/enforce=restricted

# server NAME IMAGE PORT REPLICAS [CONTAINER FIELDS]: as an operator would
server() {
	cat <<-END
	apiVersion: apps/v1
	kind: Deployment
	metadata: {name: $1}
	spec:
	  replicas: $4
	  selector: {matchLabels: {app: $1}}
	  template:
	    metadata: {labels: {app: $1}}
	    spec:
	      securityContext:
	        runAsNonRoot: true
	        runAsUser: 1000
	        seccompProfile: {type: RuntimeDefault}
	      containers:
	      - name: mcp-server
	        image: $2
	        ports: [{containerPort: $3}]
	        readinessProbe: {tcpSocket: {port: $3}, periodSeconds: 1}
	        securityContext:
	          allowPrivilegeEscalation: false
	          readOnlyRootFilesystem: true
	          capabilities: {drop: [ALL]}
	        resources:
	          requests: {cpu: 50m, memory: 64Mi}
	          limits: {cpu: 500m, memory: 128Mi}
	        volumeMounts: [{name: tmp, mountPath: /tmp}]
	$(printf '%s\n' "${@:5}" | sed 's/^/        /')
	      volumes: [{name: tmp, emptyDir: {}}]
	---
	apiVersion: v1
	kind: Service
	metadata: {name: $1}
	spec: {selector: {app: $1}, ports: [{port: $3}]}
	---
	END
}

available() { k -n "$ns" wait --for=condition=Available "deployment/$1" --timeout=240s; }
url() { K="k" service_url "$ns" "$1"; }
in_pod() { k -n "$ns" exec "deployment/$1" -- "${@:2}"; }

check "API server is ready" k get --raw /readyz
check "node is Ready" k wait --for=condition=Ready "node/$NODE" --timeout=60s
check "up again changes nothing" "$NODE_DIR/node.sh" up

{
	server sample mcp-server-sample:latest 8080 1
	server foreign ghcr.io/mcp/everything:latest 8081 1 \
		'env: [{name: MCP_PORT, value: "8081"}]'
	server rs mcp-rs:latest 3000 2 \
		'args: [--transport, http, --port, "3000"]'
	server filesystem mcp-server-filesystem:latest 8080 1 \
		'command: [python, -m, mcp_server_filesystem]' \
		'args: [--allowed-dirs, /app/data]'
	server git mcp-server-git:latest 8080 1 'command: [mcp-server-git]'
	server slim python:3.11-slim 9000 1 \
		'command: [python, -m, mcp_server_filesystem]' \
		'env: [{name: PYTHONPATH, value: /app}, {name: PORT, value: "9000"}]'
	server stdio mcp-server-sample:latest 8080 1 'stdin: true' \
		'env: [{name: MCP_TRANSPORT, value: stdio}]' |
		sed '/readinessProbe/d'
	server nowhere registry.example:5000/no/such:image 8080 1
} | apply

for name in sample foreign rs filesystem git slim stdio; do
	check "$name: pods run" available $name
done
for name in sample rs filesystem git slim; do
	check "$name: the Service answers an MCP call" \
		mcp_call "$(url $name)" add '{"a": 2, "b": 40}'
done
check "foreign: an image of another registry's name came through the mirror" \
	mcp_call "$(url foreign)" echo '{"message": "hello"}'
check "a tool that is not there is an error" \
	eval '! mcp_call "$(url sample)" no-such-tool'

health() { inside curl -fsS "$(url sample | sed 's|/mcp$||')/$1"; }
check "health route" health health
check "readiness route" health ready

image_missing() {
	get pods '{range .items[*]}{.spec.containers[0].image}{" "}'\
'{.status.containerStatuses[0].state.waiting.reason}{"\n"}{end}' |
		grep -E 'no/such:image (ErrImagePull|ImagePullBackOff)'
}
check "an image that is nowhere is reported" wait_for 60 image_missing

same "exec" 1000 "$(in_pod sample python -c 'import os; print(os.getuid())')"
check "root file system is read-only" \
	eval '! in_pod sample python -c "open(\"/file\", \"w\")"'
check "/tmp is writable" in_pod sample python -c 'open("/tmp/file", "w")'
check "logs" eval 'k -n "$ns" logs -l app=sample | grep "listening on port 8080" >/dev/null'

from_pod='
import os, ssl, urllib.request as u
d = "/var/run/secrets/kubernetes.io/serviceaccount/"
at = "https://{KUBERNETES_SERVICE_HOST}:{KUBERNETES_SERVICE_PORT}".format(**os.environ)
print(u.urlopen(at + "/readyz", context=ssl.create_default_context(cafile=d + "ca.crt")).read().decode())'
same "the API server from a pod, by its certificate" ok \
	"$(in_pod sample python -c "$from_pod")"

service_call='
import os, urllib.request as u
print(u.urlopen("http://{RS_SERVICE_HOST}:{RS_SERVICE_PORT}/health".format(**os.environ)).read().decode().strip())'
k -n "$ns" rollout restart deployment/sample >/dev/null
k -n "$ns" rollout status deployment/sample --timeout=90s >/dev/null
same "a Service from a pod" ok "$(in_pod sample python -c "$service_call")"

audit_mark
k -n "$ns" create configmap counted --from-literal=a=b >/dev/null
k -n "$ns" get configmap counted >/dev/null
same "the audit log counts a write" 1 \
	"$(audit_count 'agent=kubectl.*' "verb=$WRITES" resource=configmaps "namespace=$ns")"
same "and leaves out what is not asked for" 0 \
	"$(audit_count 'agent=kubectl.*' "verb=$WRITES" 'resource=!configmaps' "namespace=$ns")"

finish
