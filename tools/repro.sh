#!/bin/sh
# usage: tools/repro.sh FOLDER [MAKE VARIABLE]...
#
# Builds the sources twice, in folders of different names with different
# locale, time zone and umask, and compares binaries and image byte by byte.
set -eu
folder=$1
shift
rm -rf "$folder"

a=$folder/a
b=$folder/a-longer-name
mkdir -p "$a"
tar -cf - --exclude=./build --exclude=./.git . | tar -C "$a" -xf -
cp -R "$a" "$b"

build() { # folder make variables...
	cd "$1"
	shift
	$MAKE O=build "$@" image
}
(umask 022; TZ=UTC LC_ALL=C build "$a" "$@")
(umask 077; TZ=Asia/Tokyo LC_ALL=C.UTF-8 build "$b" "$@")

cd "$folder"
failed=0
passed=0
for f in a/build/release*/mcp-operator a/build/release*/mcp-gateway \
	a/build/*.oci.tar
do
	if cmp "$f" "a-longer-name/${f#a/}"; then
		passed=$((passed + 1))
		sha256sum "$f"
	else
		failed=$((failed + 1))
	fi
done
printf '%d passed, %d failed\n' $passed $failed
[ $failed -eq 0 ]
