# The node: cgroups, mounts, registry, containerd, kubelet, kube-proxy;
# sourced, not run.

. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

N=$S/node

# ---- cgroups ----------------------------------------------------------------

# Pods live below a cgroup of the node's own, beside any other kubelet's.
cgroup_roots() {
	if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
		echo /sys/fs/cgroup
	else
		awk '$3 == "cgroup" || $3 == "cgroup2" { print $2 }' /proc/mounts
	fi
}

# All that can be had: a kubelet asks for each that the root has.
cgroup2_enable() {
	local c rc=0
	for c in $(cat "$1/cgroup.controllers"); do
		echo "+$c" >"$1/cgroup.subtree_control" 2>/dev/null || rc=1
	done
	return $rc
}

cgroup2_up() {
	local root=/sys/fs/cgroup pid
	# In a container this root is a plain cgroup: it may not pass on its
	# controllers while processes sit in it.
	if ! cgroup2_enable $root && [ -e $root/cgroup.type ]; then
		mkdir -p $root/outside
		for pid in $(cat $root/cgroup.procs); do
			echo "$pid" >$root/outside/cgroup.procs 2>/dev/null || true
		done
		cgroup2_enable $root || true
	fi
	mkdir -p "$root/$NS"
	cgroup2_enable "$root/$NS" || true
	grep -qw memory "$root/$NS/cgroup.subtree_control" ||
		die "cgroup v2 does not let a subtree have the memory controller.
In a container, that takes a privileged one with a cgroup namespace of its own."
}

cgroups_up() {
	local dir f
	if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
		cgroup2_up
		return
	fi
	[ -n "$(cgroup_roots)" ] ||
		die "no cgroup hierarchy is mounted below /sys/fs/cgroup"
	for dir in $(cgroup_roots); do
		mkdir -p "$dir/$NS"
		for f in cpuset.cpus cpuset.mems; do
			[ ! -e "$dir/$f" ] || cat "$dir/$f" >"$dir/$NS/$f"
		done
	done
}

# Everything that runs in a pod, whoever started it.
cgroups_down() {
	local dir
	for dir in $(cgroup_roots); do
		[ -d "$dir/$NS" ] || continue
		find "$dir/$NS" -name cgroup.procs -exec cat {} + 2>/dev/null
	done | sort -u | xargs -r kill -9 2>/dev/null || true
	for dir in $(cgroup_roots); do
		[ -d "$dir/$NS" ] || continue
		wait_until 5 "empty cgroups" cgroup_remove "$dir/$NS" || true
	done
}

cgroup_remove() {
	find "$1" -depth -type d -exec rmdir {} + 2>/dev/null
	[ ! -d "$1" ]
}

# ---- mounts -----------------------------------------------------------------

# One mount namespace for containerd and kubelet, so that each sees what the
# other mounts and all of it is gone with them. The paths that both insist on
# are covered there, and so are the kernel settings that a kubelet would change
# for the whole machine: it writes to copies.
mounts_program() {
	cat <<-'END'
	set -eu
	mount --make-rshared /
	for dir in /run/containerd /run/netns; do
		mkdir -p $dir
		mount -t tmpfs -o mode=755 lab $dir
	done
	for dir in /var/lib/cni /var/log/pods /var/log/containers; do
		mkdir -p "$1/host$dir" $dir
		mount --bind "$1/host$dir" $dir
	done
	for f in vm/overcommit_memory vm/panic_on_oom kernel/panic \
		kernel/panic_on_oops kernel/keys/root_maxkeys \
		kernel/keys/root_maxbytes; do
		[ -e /proc/sys/$f ] || continue
		mkdir -p "$1/host/sysctl/${f%/*}"
		cat /proc/sys/$f >"$1/host/sysctl/$f"
		mount --bind "$1/host/sysctl/$f" /proc/sys/$f
	done
	touch "$1/mounted"
	exec sleep infinity
	END
}

mounts_up() {
	! alive mounts || return 0
	rm -f "$N/mounted"
	mounts_program >"$N/mounts.sh"
	start mounts unshare --mount --propagation private \
		sh "$N/mounts.sh" "$N"
	wait_until 30 "the node's mounts" test -e "$N/mounted" || {
		log_tail mounts
		die "no mount namespace can be made here.
It takes root and, in a container, the rights of a privileged one."
	}
}

# overlay does not stack on every file system (another overlay, for one)
snapshotter() {
	local d=$N/overlay-try
	mkdir -p "$d/lower" "$d/upper" "$d/work" "$d/all"
	if unshare --mount mount -t overlay lab "$d/all" -o \
	    "lowerdir=$d/lower,upperdir=$d/upper,workdir=$d/work" 2>/dev/null
	then
		echo overlayfs
	else
		echo native
	fi
	rm -rf "$d"
}

# ---- registry ---------------------------------------------------------------

registry_up() {
	cat >"$N/registry.yaml" <<-END
	version: 0.1
	log: {level: warn, accesslog: {disabled: true}}
	storage:
	  filesystem: {rootdirectory: $N/registry}
	  delete: {enabled: true}
	http: {addr: "0.0.0.0:5000"}
	END
	start registry docker-registry serve "$N/registry.yaml"
	wait_until 60 "the registry" \
		inside curl -fs "http://$REGISTRY/v2/" || {
		log_tail registry
		die "the local registry does not answer"
	}
}

# registry_push ARCHIVE NAME[:TAG]...
registry_push() { inside /usr/bin/python3 "$NODE_DIR/oci.py" push "$1" "$REGISTRY" "${@:2}"; }

registry_has() {
	local path=${1%:*} tag=${1##*:}
	inside curl -fsI "http://$REGISTRY/v2/$path/manifests/$tag" \
		-H 'Accept: application/vnd.oci.image.manifest.v1+json' >/dev/null
}

# The image that holds a pod's namespaces.
pause_up() {
	local tar root=$N/pause
	tar=$MCP_LAB/images/pause-$(uname -m).tar
	if [ ! -e "$tar" ]; then
		mkdir -p "$root" "$MCP_LAB/images"
		cat >"$root.c" <<-'END'
		#include <signal.h>
		#include <sys/wait.h>
		#include <unistd.h>

		static void on_term(int sig) { (void)sig; _exit(0); }
		static void on_child(int sig)
		{
			(void)sig;
			while (waitpid(-1, 0, WNOHANG) > 0)
				;
		}

		int main(void)
		{
			signal(SIGTERM, on_term);
			signal(SIGINT, on_term);
			signal(SIGCHLD, on_child);
			for (;;)
				pause();
		}
		END
		gcc -Os -static -s -o "$root/pause" "$root.c"
		/usr/bin/python3 "$NODE_DIR/oci.py" pack "$tar" "$root" \
			--user 65535 --entry '["/pause"]'
	fi
	registry_has "pause:lab" || registry_push "$tar" "$PAUSE"
}

# ---- containerd, kubelet, kube-proxy ----------------------------------------

cni_config() {
	cat <<-END
	{"cniVersion": "0.4.0", "name": "lab", "plugins": [
	  {"type": "ptp", "ipam": {"type": "host-local",
	    "ranges": [[{"subnet": "$POD_CIDR"}]],
	    "routes": [{"dst": "0.0.0.0/0"}]}}]}
	END
}

# Every image name, whatever host it names, is looked for in the local
# registry and nowhere else.
mirror_config() {
	cat <<-END
	server = "http://$REGISTRY"
	[host."http://$REGISTRY"]
	  capabilities = ["pull", "resolve"]
	END
}

# restrict_oom_score_adj: a machine without CAP_SYS_RESOURCE cannot lower it.
containerd_config() {
	local cni=/usr/lib/cni
	[ -x $cni/ptp ] || cni=/opt/cni/bin
	cat <<-END
	version = 2
	root = "$N/containerd"
	state = "$N/run"
	[grpc]
	  address = "$N/containerd.sock"
	[plugins."io.containerd.internal.v1.opt"]
	  path = "$N/opt"
	[plugins."io.containerd.grpc.v1.cri"]
	  sandbox_image = "$PAUSE"
	  restrict_oom_score_adj = true
	  disable_apparmor = true
	  [plugins."io.containerd.grpc.v1.cri".containerd]
	    snapshotter = "$(snapshotter)"
	  [plugins."io.containerd.grpc.v1.cri".cni]
	    bin_dir = "$cni"
	    conf_dir = "$N/cni.d"
	  [plugins."io.containerd.grpc.v1.cri".registry]
	    config_path = "$N/mirrors"
	END
}

kubelet_config() {
	cat <<-END
	apiVersion: kubelet.config.k8s.io/v1beta1
	kind: KubeletConfiguration
	containerRuntimeEndpoint: unix://$N/containerd.sock
	cgroupDriver: cgroupfs
	cgroupRoot: /$NS
	failCgroupV1: false
	failSwapOn: false
	localStorageCapacityIsolation: false
	evictionHard: {nodefs.available: "1%"}
	imageGCHighThresholdPercent: 100
	maxPods: 500
	podLogsDir: $N/host/var/log/pods
	volumePluginDir: $N/volume-plugins
	clusterDNS: ["$DNS_IP"]
	clusterDomain: cluster.local
	authentication:
	  anonymous: {enabled: false}
	  webhook: {enabled: true}
	  x509: {clientCAFile: $S/pki/ca.crt}
	authorization: {mode: Webhook}
	tlsCertFile: $S/pki/kubelet-serving.crt
	tlsPrivateKeyFile: $S/pki/kubelet-serving.key
	END
}

containerd_answers() { ctr -a "$N/containerd.sock" version; }

worker_start() {
	start_mounted containerd containerd -c "$N/containerd.toml"
	wait_until 60 "containerd" containerd_answers || {
		log_tail containerd
		die "containerd does not answer"
	}
	start_mounted kubelet "$KUBE/kubelet" --config="$N/kubelet.yaml" \
		--kubeconfig="$S/kubelet.kubeconfig" --root-dir="$N/kubelet" \
		--cert-dir="$N/kubelet-pki" --hostname-override="$NODE" \
		--node-ip="$NODE_IP"
	start proxy "$KUBE/kube-proxy" --kubeconfig="$S/proxy.kubeconfig" \
		--proxy-mode=nftables --cluster-cidr="$POD_CIDR" \
		--hostname-override="$NODE" --conntrack-max-per-core=0
}

node_is_ready() {
	[ "$(kube get node "$NODE" -o \
	    'jsonpath={.status.conditions[?(@.type=="Ready")].status}')" = True ]
}

worker_up() {
	mkdir -p "$N/cni.d" "$N/mirrors/_default"
	modprobe -qa overlay veth nf_tables nf_conntrack || true
	cgroups_up
	mounts_up
	registry_up
	pause_up
	if ! alive containerd; then
		cni_config >"$N/cni.d/10-lab.conflist"
		mirror_config >"$N/mirrors/_default/hosts.toml"
		containerd_config >"$N/containerd.toml"
		kubelet_config >"$N/kubelet.yaml"
	fi
	worker_start
	wait_until 300 "the node" node_is_ready || {
		log_tail containerd kubelet
		die "the node is not Ready after five minutes"
	}
	# Through kube-proxy's rules: any answer will do.
	wait_until 60 "Services" \
		inside curl -sko /dev/null "https://$API_IP/readyz" || {
		log_tail proxy
		die "Services do not answer. kube-proxy needs a kernel with nftables
(modules nf_tables, nft_nat and the other nft_*)."
	}
}
