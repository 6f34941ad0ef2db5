# An image of Debian's own nginx, as nginx:lab in the node's registry: a real
# web server, which does not speak MCP. Sourced after lib.sh.

. "$NODE_DIR/samples.sh"
set +e

# What its package says, but for paths that a user with a read-only root has.
nginx_conf() {
	cat <<-'END'
	pid /tmp/nginx.pid;
	error_log stderr;
	events {}
	http {
		include /etc/nginx/mime.types;
		access_log /dev/stdout;
		client_body_temp_path /tmp/body;
		proxy_temp_path /tmp/proxy;
		fastcgi_temp_path /tmp/fastcgi;
		uwsgi_temp_path /tmp/uwsgi;
		scgi_temp_path /tmp/scgi;
		server {
			listen 8080;
			root /usr/share/nginx/html;
		}
	}
	END
}

# Unpacked, not installed: nothing of it is to run on this machine.
nginx_root() {
	local root=$1 part=$1.packages deb
	rootfs "$root"
	rm -rf "$part"
	mkdir -p "$part" || return
	# Lists that there are may be of packages that there are no more.
	(cd "$part" && { apt-get -q download nginx nginx-common ||
		{ apt-get -qy -o DPkg::Lock::Timeout=900 update
		apt-get -q download nginx nginx-common; }; }) || return
	for deb in "$part"/*.deb; do
		dpkg-deb -x "$deb" "$part/all" || return
	done
	! ldd "$part/all/usr/sbin/nginx" | grep -q 'not found' ||
		apt_install libcrypt1 libpcre2-8-0 libssl3 zlib1g || return
	mkdir -p "$root/etc/nginx" "$root/usr/share/nginx" &&
	cp "$part/all/usr/sbin/nginx" "$root/usr/bin/" &&
	cp -r "$part/all/usr/share/nginx/html" "$root/usr/share/nginx/" &&
	cp "$part/all/etc/nginx/mime.types" "$root/etc/nginx/" &&
	nginx_conf >"$root/etc/nginx/nginx.conf" &&
	rm -rf "$part" &&
	libraries "$root"
}

nginx_push() {
	(
		image nginx '["nginx","-e","stderr","-c","/etc/nginx/nginx.conf","-g","daemon off;"]' \
			"$(key_of "$E2E/nginx.sh" "$NODE_DIR/oci.py" /etc/os-release)"
		registry_push "$IMAGE" nginx:lab
	)
}
