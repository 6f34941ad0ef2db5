#!/bin/sh
# usage: tests/live/kube_live.sh all | hold SECONDS | lease NAME SECONDS
#
# Builds tests/live/kube_live.c as the release is built, static with musl, so
# that what it prints of memory holds, and runs it against the cluster of
# KUBECONFIG, whose administrator it must be.  Not part of `make test`.
set -eu
cd "$(dirname "$0")/../.."
: "${MAKE:=make}" "${O:=build}"
arch=$(uname -m)
musl=$O/deps/$arch/release
objects=
for file in src/base/*.c src/codec/*.c src/net/*.c src/kube/*.c; do
	objects="$objects $O/release/${file%.c}.o"
done
# shellcheck disable=SC2086
$MAKE -s $objects
mkdir -p "$O/live"
gcc -std=c11 -Os -fPIE -D_GNU_SOURCE -nostdinc -isystem "$musl/include" \
	-isystem "$(gcc -print-file-name=include)" -iquote include \
	-c tests/live/kube_live.c -o "$O/live/kube_live.o"
# shellcheck disable=SC2086
gcc -static -nostdlib -nostartfiles -Wl,-pie,--no-dynamic-linker \
	-Wl,-z,text,-z,relro,-z,now,-z,noexecstack,--gc-sections \
	-o "$O/live/kube_live" "$musl/lib/rcrt1.o" "$musl/lib/crti.o" \
	"$O/live/kube_live.o" $objects "$musl/lib/libyaml.a" \
	"$musl/lib/libz.a" "$musl/lib/libbearssl.a" -L"$musl/lib" \
	-Wl,--start-group -lc "$(gcc -print-libgcc-file-name)" \
	-Wl,--end-group "$musl/lib/crtn.o"
exec "$O/live/kube_live" "$@"
