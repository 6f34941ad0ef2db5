#!/bin/bash
# The operator is killed with SIGKILL at random moments while everything
# changes, and started again at once: nothing is lost, nothing doubled, and no
# stranger's object touched. It runs as a process with the pod's own rights.
#
#   KILLS=200 SEED=1   how often, and which moments
#
# budget: 360
. "$(dirname "$0")/lib.sh"
node_up
operator_up
namespace
# At its start, and before it lets a finalizer go, it looks for every kind that
# there may be a child of, and Roles it may only read with this.
tenancy=$TOP/manifests/overlays/tenancy/10-rbac.yaml
k apply -f "$tenancy" >/dev/null
at_end 'kube delete -f "$tenancy" >/dev/null'
real=$ns-real
k delete namespace "$real" --ignore-not-found --timeout=300s >/dev/null
k create namespace "$real" >/dev/null
at_end "kube delete namespace $real --wait=false >/dev/null 2>&1"

# Real pods, whose servers nobody changes: none of it may reach them.
k -n "$real" apply -f - >/dev/null <<'Y'
apiVersion: mcp.allbeone.io/v1
kind: MCPServer
metadata: {name: real-a}
spec: {image: mcp-server-filesystem, tag: latest, replicas: 1, port: 8080}
---
apiVersion: mcp.n-takatsu.dev/v1alpha1
kind: MCPServer
metadata: {name: real-n}
spec: {replicas: 1, image: "mcp-rs:latest", transport: http, port: 3000}
Y
check "a real server" k -n "$real" wait --for=condition=Ready \
	mcpservers.mcp.allbeone.io/real-a --timeout=90s
check "another one" k -n "$real" wait --for=condition=Available \
	mcpservers.mcp.n-takatsu.dev/real-n --timeout=60s

# Those that are changed get no pods: a server that wants some fails.
k -n "$ns" create quota none --hard=pods=0 >/dev/null
operator_rests
export CHAOS_NS=$ns KILLS=${KILLS:-200} SEED=${SEED:-$((RANDOM * 32768 + RANDOM))}
checks chaos.py
finish
