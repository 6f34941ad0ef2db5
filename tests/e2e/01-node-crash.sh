#!/bin/bash
# budget: 180
#
# A second node beside the first: it comes back after half of it was killed,
# and ending it leaves nothing on the machine and the first one alone.

. "$(dirname "$0")/lib.sh"
node_up
first=$NS

other() { MCP_LAB_NS=mcp-e2e-b "$NODE_DIR/node.sh" "$@"; }
other_pids() { ip netns pids mcp-e2e-b; }
trap 'other down >/dev/null' EXIT

kernel() { cat /proc/sys/vm/overcommit_memory /proc/sys/kernel/panic; }
before=$(kernel)
other down >/dev/null
check "a second node starts beside the first" other up
check "it is Ready" other x kubectl wait --for=condition=Ready "node/$NODE" --timeout=60s
same "its kubelet left the machine's kernel settings alone" "$before" "$(kernel)"
other x kubectl create configmap kept --from-literal=a=b >/dev/null
check "a pod runs there" eval '
	other samples &&
	other x kubectl create deployment web --image=mcp-server-sample:latest &&
	other x kubectl wait --for=condition=Available deployment/web --timeout=90s'

for name in apiserver containerd kcm registry; do
	kill -9 "$(cat "$MCP_LAB/mcp-e2e-b/run/$name.pid")"
done
check "it comes back after half of it was killed" other up
check "with its objects" other x kubectl get configmap kept
check "and runs pods again" eval '
	other x kubectl scale deployment web --replicas=2 &&
	wait_for 90 other x kubectl wait --for=jsonpath={.status.readyReplicas}=2 \
		deployment/web --timeout=5s'

other_pids | awk 'NR % 2' | xargs -r kill -9
check "down, with half of it dead" other down
check "no namespace is left" eval '! ip netns list | grep -w mcp-e2e-b'
no_process() { ! grep -l mcp-e2e-b /proc/[0-9]*/cgroup; }
check "no process is left" wait_for 10 no_process
check "no cgroup is left" eval '! ls -d /sys/fs/cgroup/mcp-e2e-b /sys/fs/cgroup/*/mcp-e2e-b'
check "no mount is left" eval '! grep mcp-e2e-b /proc/mounts'
check "no state is left" eval '! ls -d "$MCP_LAB/mcp-e2e-b"'
check "the first node is as it was" k get --raw /readyz
same "it is still $first" "$first" "$NS"

finish
