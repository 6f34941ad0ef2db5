# Images of real MCP servers, packed on the spot: the official everything
# server from npm, and a server on the official Python SDK that stands in for
# every image name of the documented samples; sourced, not run.

. "$(dirname "${BASH_SOURCE[0]}")/toolchain.sh"
. "$(dirname "${BASH_SOURCE[0]}")/worker.sh"

SAMPLES=$NODE_DIR/samples
PYTHON_NAMES="mcp-server-sample mcp-server-filesystem python:3.11-slim
mcp-server-git mcp-server-postgres my-mcp-server
mcp-rs mcp-rs:v0.1.0 mcp-rs:v0.2.0-beta"
EVERYTHING_NAMES="mcp-server-everything mcp/everything"

# libraries ROOT: what the programs and modules below it are linked with
libraries() {
	local root=$1 lib
	# ldd fails on every script among them
	{ find "$root" -type f \( -perm -100 -o -name '*.so*' \) -print0 |
		xargs -0 -n 50 ldd 2>/dev/null || true; } |
	grep -oE '/[^ ]+\.so[^ ]*' | sort -u |
	while read -r lib; do
		case $lib in "$root"*|"$MCP_LAB"*) continue ;; esac
		[ -e "$lib" ] || continue
		install -D -m 755 "$(readlink -f "$lib")" "$root/usr$(echo "$lib" | sed 's|^/usr||')"
	done
}

# rootfs DIR: an empty root in which /lib is /usr/lib, and a user
rootfs() {
	rm -rf "$1"
	mkdir -p "$1"/usr/bin "$1"/usr/lib "$1"/usr/lib64 "$1"/etc "$1"/tmp
	chmod 1777 "$1/tmp"
	ln -s usr/bin usr/lib usr/lib64 "$1"
	echo 'mcp:x:1000:1000:mcp:/tmp:/bin/false' >"$1/etc/passwd"
	echo 'mcp:x:1000:' >"$1/etc/group"
}

python_root() {
	local root=$1 bin lib site=$1/usr/lib/python3/dist-packages name
	bin=$(readlink -f /usr/bin/python3)
	lib=/usr/lib/${bin##*/}
	rootfs "$root" &&
	cp "$bin" "$root/usr/bin/" &&
	ln -s "${bin##*/}" "$root/usr/bin/python3" &&
	ln -s python3 "$root/usr/bin/python" &&
	cp -a "$lib" "$root/usr/lib/" &&
	/usr/bin/python3 -m pip install --disable-pip-version-check \
		--root-user-action=ignore --no-compile --only-binary :all: \
		--requirement "$SAMPLES/python/requirements.txt" \
		--target "$site" &&
	cp "$SAMPLES/python/mcp_server_sample.py" "$site/" || return
	# The names that the documented samples start it by.
	for name in filesystem git postgres; do
		ln -s mcp_server_sample.py "$site/mcp_server_$name.py"
		printf '#!/usr/bin/python3\nimport mcp_server_sample\nmcp_server_sample.main()\n' \
			>"$root/usr/bin/mcp-server-$name"
		chmod +x "$root/usr/bin/mcp-server-$name"
	done
	rm -rf "$root/${lib#/}"/{test,idlelib,tkinter,turtledemo,lib2to3,ensurepip} \
		"$root/${lib#/}"/config-*
	find "$root" -name __pycache__ -type d -exec rm -rf {} +
	# Compiled here, and trusted by the interpreter whatever the times.
	/usr/bin/python3 -m compileall -q -s "$root" -p / \
		--invalidation-mode unchecked-hash "$root/usr/lib" &&
	libraries "$root"
}

everything_root() {
	local root=$1
	rootfs "$root" &&
	mkdir -p "$root/app" &&
	cp "$NODEJS" "$root/usr/bin/node" &&
	cp "$SAMPLES"/everything/{package.json,package-lock.json,entry.mjs} \
		"$root/app/" &&
	(cd "$root/app" && PATH=${NODEJS%/*}:$PATH HOME=$root.home \
		NODE_EXTRA_CA_CERTS=${NODE_EXTRA_CA_CERTS:-/etc/ssl/certs/ca-certificates.crt} \
		"$NODEJS" "$NPM" ci --omit=dev --ignore-scripts --no-audit \
		--no-fund --no-update-notifier --cache "$root.home") &&
	rm -rf "$root.home" &&
	libraries "$root"
}

# image NAME ENTRY KEY: packs what NAME_root makes, unless it was packed before
IMAGE=
image() {
	local name=$1 root=$MCP_LAB/images/$1.root
	IMAGE=$MCP_LAB/images/$name-$(uname -m)-$3.tar
	[ ! -e "$IMAGE" ] || return 0
	mkdir -p "$MCP_LAB/images"
	[ "$name" != everything ] || need_nodejs
	beat "image of the $name sample" "$MCP_LAB/images.log" \
		"${name}_root" "$root"
	/usr/bin/python3 "$NODE_DIR/oci.py" pack "$IMAGE" "$root" \
		--user 1000 --entry "$2" --env PYTHONUNBUFFERED=1 \
		--env PATH=/usr/local/bin:/usr/bin:/bin --env HOME=/tmp
	rm -rf "$root"
	find "$MCP_LAB/images" -name "$name-*.tar" ! -path "$IMAGE" -delete
	say "    $(du -h "$IMAGE" | cut -f1) in $IMAGE"
}

samples_push() {
	local key
	key=$(key_of "$NODE_DIR"/samples.sh "$NODE_DIR"/oci.py "$SAMPLES"/*/* \
		/etc/os-release)
	image python '["mcp-server-filesystem"]' "$key"
	registry_push "$IMAGE" $PYTHON_NAMES
	image everything '["node","/app/entry.mjs"]' "$key"
	registry_push "$IMAGE" $EVERYTHING_NAMES
	say "sample images are in the registry"
}
