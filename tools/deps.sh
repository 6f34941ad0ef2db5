#!/bin/sh
# usage: tools/deps.sh LOCK OUT
#
# Brings the archives that LOCK pins into OUT/archives and unpacks each into
# OUT/src/<package>.  An archive comes from the folder DEPS_DIR when it is
# there, else from the distribution's package client, which is given a private
# configuration: the system's package lists and caches stay as they are, and
# no privilege is needed.  Whatever the way, SHA-256 decides.
set -eu

lock=$1
out=$2
archives=$out/archives
apt=$out/apt

say() { printf '  DEPS    %s\n' "$*"; }
die() { printf 'deps: %s\n' "$*" >&2; exit 1; }

pins() { grep -v -e '^#' -e '^suite ' "$lock"; }
sha_is() { [ "$(sha256sum <"$1" | cut -d' ' -f1)" = "$2" ]; }

# The mirrors of this machine's own release, "uri suite" a line.
mirrors() {
	. /etc/os-release
	apt-get indextargets --no-release-info 'Created-By: Packages' \
		--format '$(REPO_URI) $(RELEASE) $(COMPONENT)' |
	awk -v own="${VERSION_CODENAME:-sid}" '
	BEGIN { n = split(own " stable oldstable testing unstable sid", a)
		for (i = 1; i <= n; i++) ok[a[i]] = 1 }
	$3 == "main" && ($2 in ok) && !seen[$1 $2]++ { print $1, $2 }'
}

# One source list and one configuration file, both private.
apt_prepare() {
	mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
	pinned=$(sed -n 's/^suite //p' "$lock")
	key=
	. /etc/os-release
	for k in /usr/share/keyrings/"$ID"-archive-keyring.[gp]*; do
		[ -r "$k" ] && key="[signed-by=$k] "
	done
	mirrors | while read -r uri suite; do
		printf 'deb-src %s%s %s main\n' "$key" "$uri" "$suite"
		[ "$ID" != debian ] || [ "$suite" = "$pinned" ] ||
		printf 'deb-src %s%s %s main\n' "$key" "$uri" "$pinned"
	done | sort -u >"$apt/sources.list"
	[ -s "$apt/sources.list" ] ||
		die "the package client knows no mirror of its own release"
	cat >"$apt/apt.conf" <<-END
	Dir::Etc::SourceList "$apt/sources.list";
	Dir::Etc::SourceParts "/dev/null";
	Dir::State::Lists "$apt/lists";
	Dir::Cache "$apt/cache";
	Acquire::Languages "none";
	Acquire::Retries "3";
	APT::Sandbox::User "root";
	#clear APT::Update::Pre-Invoke;
	#clear APT::Update::Post-Invoke;
	#clear APT::Update::Post-Invoke-Success;
	END
	say "package index"
	apt-get -c "$apt/apt.conf" -qq update
}

# The version of source package $1 that holds an archive of digest $2.
apt_version() {
	apt-cache -c "$apt/apt.conf" showsrc "$1" 2>/dev/null |
	awk -v sha="$2" '
	/^Version:/ { version = $2 }
	$1 == sha && version != "" { print version; exit }'
}

apt_fetch() {
	[ -f "$apt/apt.conf" ] && [ -n "$apt_ready" ] || apt_prepare
	apt_ready=1
	say "$1"
	version=$(apt_version "$1" "$3")
	[ -n "$version" ] || return 1
	(cd "$archives" && apt-get -c "$apt/apt.conf" -qq source \
		--download-only --tar-only "$1=$version" >/dev/null)
}

fetch() { # package archive sha256
	file=$archives/$2
	[ -f "$file" ] && sha_is "$file" "$3" && return
	rm -f "$file"
	if [ -n "${DEPS_DIR:-}" ] && [ -f "$DEPS_DIR/$2" ]; then
		say "$1 (from $DEPS_DIR)"
		cp "$DEPS_DIR/$2" "$file"
	elif command -v apt-get >/dev/null; then
		apt_fetch "$@" || die "$1: the package client has no $2;" \
			"put it into a folder and name that with DEPS_DIR="
	else
		die "$1: no apt-get here; put $2" \
			"into a folder and name that with DEPS_DIR="
	fi
	sha_is "$file" "$3" || {
		rm -f "$file"
		die "$2: its SHA-256 is not the one in $lock"
	}
}

# tar needs xz and bzip2 for their formats; apt brings a helper that has both.
unpack() { # package archive sha256
	src=$out/src/$1
	[ "$(cat "$src/.sha256" 2>/dev/null)" = "$3" ] && return
	rm -rf "$src" "$src.new"
	mkdir -p "$src.new"
	case $2 in
	*.xz)	cat="xz -dc" ;;
	*.bz2)	cat="bzip2 -dc" ;;
	*)	cat="gzip -dc" ;;
	esac
	command -v "${cat%% *}" >/dev/null ||
		cat="/usr/lib/apt/apt-helper cat-file"
	$cat "$archives/$2" |
		tar -C "$src.new" --strip-components=1 --no-same-owner -xf -
	echo "$3" >"$src.new/.sha256"
	mv "$src.new" "$src"
}

mkdir -p "$archives" "$out/src"
out=$(cd "$out" && pwd)
archives=$out/archives
apt=$out/apt
apt_ready=
if command -v flock >/dev/null; then
	exec 9>"$out/.lock"
	flock 9
fi
pins | while read -r package version archive sha; do
	fetch "$package" "$archive" "$sha" </dev/null
	unpack "$package" "$archive" "$sha"
done
