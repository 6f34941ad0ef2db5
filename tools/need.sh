#!/bin/sh
# usage: tools/need.sh TEST PACKAGE...
#
# Returns at once when the shell command TEST succeeds.  Else root gets the
# Debian packages installed; others are told their names.
set -eu

want=$1
shift
there() { sh -c "$want" >/dev/null 2>&1; }

there && exit
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
	echo "needed, on Debian: apt-get install $*" >&2
	exit 1
fi
printf '  APT     %s\n' "$*"
export DEBIAN_FRONTEND=noninteractive
set -- -qq -o DPkg::Lock::Timeout=900 -o Acquire::Retries=3 \
	install -y --no-install-recommends "$@"
apt-get "$@" >/dev/null 2>&1 || {
	apt-get -qq -o DPkg::Lock::Timeout=900 update
	apt-get "$@" >/dev/null
}
there || {
	echo "installed, and still this fails: $want" >&2
	exit 1
}
