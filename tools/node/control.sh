# The control plane: certificates, etcd, API server, controller manager,
# scheduler; sourced, not run.

. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

namespace_up() {
	[ -e "/run/netns/$NS" ] || ip netns add "$NS" ||
		die "no network namespace can be made here: $NS.
It takes root and, in a container, the rights of a privileged one
(docker run --privileged)."
	inside ip link set lo up
	inside ip link show n0 >/dev/null 2>&1 && return
	# Both ends stay inside: n0 carries the node's address and a default
	# route, without which no Service address would be routed at all.
	inside ip link add n0 type veth peer name n0peer ||
		die "the kernel has no veth interfaces: modprobe veth"
	inside ip addr add "$NODE_IP/24" dev n0
	inside ip link set n0peer up
	inside ip link set n0 up
	inside ip route add default dev n0
	inside sysctl -qw net.ipv4.ip_forward=1
}

# ---- certificates -----------------------------------------------------------

ec_key() { openssl ecparam -genkey -name prime256v1 -noout -out "$1"; }

# cert NAME SUBJECT EXTENSIONS
cert() {
	ec_key "$1.key"
	openssl req -new -key "$1.key" -subj "$2" -out "$1.csr"
	printf 'keyUsage=critical,digitalSignature\n%b\n' "$3" >"$1.ext"
	openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key \
		-CAcreateserial -days 3650 -extfile "$1.ext" -out "$1.crt" 2>/dev/null
	rm "$1.csr" "$1.ext"
}

# kubeconfig NAME: for the holder of certificate NAME
kubeconfig() {
	local c=("$KUBE/kubectl" config "--kubeconfig=$S/$1.kubeconfig")
	"${c[@]}" set-cluster lab --server=https://127.0.0.1:6443 \
		--certificate-authority=ca.crt --embed-certs
	"${c[@]}" set-credentials "$1" --client-certificate="$1.crt" \
		--client-key="$1.key" --embed-certs
	"${c[@]}" set-context lab --cluster=lab --user="$1"
	"${c[@]}" use-context lab
}

client() {
	cert "$1" "$2" "extendedKeyUsage=clientAuth"
	kubeconfig "$1" >/dev/null
}

pki_up() {
	[ ! -e "$S/pki/complete" ] || return 0
	mkdir -p "$S/pki"
	pushd "$S/pki" >/dev/null
	ec_key ca.key
	openssl req -x509 -new -key ca.key -days 3650 -subj /CN=kube-ca \
		-addext keyUsage=critical,digitalSignature,keyCertSign,cRLSign \
		-out ca.crt
	openssl genrsa -out sa.key 2048 2>/dev/null
	cert apiserver /CN=kube-apiserver "extendedKeyUsage=serverAuth
subjectAltName=DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,\
DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local,\
IP:127.0.0.1,IP:$API_IP,IP:$NODE_IP"
	cert kubelet-serving "/O=system:nodes/CN=system:node:$NODE" \
		"extendedKeyUsage=serverAuth\nsubjectAltName=DNS:$NODE,IP:$NODE_IP"
	client admin /O=system:masters/CN=admin
	client kcm /CN=system:kube-controller-manager
	client scheduler /CN=system:kube-scheduler
	client kubelet "/O=system:nodes/CN=system:node:$NODE"
	client proxy /CN=system:kube-proxy
	touch complete
	popd >/dev/null
}

# ---- processes --------------------------------------------------------------

# What API use costs is counted from this log, so it is never rotated away.
audit_policy() {
	cat <<-END
	apiVersion: audit.k8s.io/v1
	kind: Policy
	omitStages: [RequestReceived]
	rules: [{level: Metadata}]
	END
}

api_ready() {
	inside curl -fs --cacert "$S/pki/ca.crt" --cert "$S/pki/admin.crt" \
		--key "$S/pki/admin.key" https://127.0.0.1:6443/readyz
}

control_up() {
	local p=$S/pki
	audit_policy >"$S/audit.yaml"
	start etcd "$KUBE/etcd" --data-dir "$S/etcd" --log-level warn \
		--listen-client-urls http://127.0.0.1:2379 \
		--advertise-client-urls http://127.0.0.1:2379 \
		--listen-peer-urls http://127.0.0.1:2380 \
		--quota-backend-bytes 8589934592 --unsafe-no-fsync
	start apiserver "$KUBE/kube-apiserver" \
		--etcd-servers=http://127.0.0.1:2379 \
		--bind-address=0.0.0.0 --advertise-address="$NODE_IP" \
		--secure-port=6443 --client-ca-file="$p/ca.crt" \
		--tls-cert-file="$p/apiserver.crt" \
		--tls-private-key-file="$p/apiserver.key" \
		--service-account-issuer=https://kubernetes.default.svc \
		--service-account-key-file="$p/sa.key" \
		--service-account-signing-key-file="$p/sa.key" \
		--service-cluster-ip-range="$SERVICE_CIDR" \
		--authorization-mode=Node,RBAC --allow-privileged=true \
		--enable-admission-plugins=NodeRestriction \
		--kubelet-preferred-address-types=InternalIP \
		--kubelet-certificate-authority="$p/ca.crt" \
		--kubelet-client-certificate="$p/admin.crt" \
		--kubelet-client-key="$p/admin.key" \
		--audit-policy-file="$S/audit.yaml" \
		--audit-log-path="$S/audit.log" --audit-log-maxsize=1000000
	wait_until 300 "API server" api_ready || {
		log_tail etcd apiserver
		die "the API server is not ready after five minutes"
	}
	start kcm "$KUBE/kube-controller-manager" \
		--kubeconfig="$S/kcm.kubeconfig" --leader-elect=false \
		--use-service-account-credentials=true \
		--service-account-private-key-file="$p/sa.key" \
		--root-ca-file="$p/ca.crt" \
		--cluster-signing-cert-file="$p/ca.crt" \
		--cluster-signing-key-file="$p/ca.key"
	start scheduler "$KUBE/kube-scheduler" \
		--kubeconfig="$S/scheduler.kubeconfig" --leader-elect=false
	wait_until 120 "the default service account" kube get sa default || {
		log_tail kcm
		die "the controller manager does nothing after two minutes"
	}
}

# The controller manager again, without its rate limit: at its default rate,
# the children of 10,000 servers take it half an hour.
kcm_fast() {
	local pid args
	pid=$(cat "$S/run/kcm.pid")
	mapfile -d '' args <"/proc/$pid/cmdline"
	case "${args[*]}" in *--kube-api-qps*) return ;; esac
	kill "$pid"
	while [ -d "/proc/$pid" ]; do sleep 0.1; done
	start kcm "${args[@]}" --kube-api-qps=1000 --kube-api-burst=1000
}
