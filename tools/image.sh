#!/bin/sh
# usage: tools/image.sh ROOT ARCH VERSION IMG OUT
#
# Makes OUT, an OCI image layout in one tar file, whose contents are the files
# in ROOT.  No daemon and no privilege; the same input gives the same bytes.
# `ctr images import`, `skopeo copy oci-archive:` and `docker load` take it.
# Fails when the image's contents exceed 1.2 MiB.
set -eu
LC_ALL=C
export LC_ALL
umask 022

root=$1 arch=$2 version=$3 img=$4 out=$5
max=1258291

case $arch in
x86_64)	platform='"architecture":"amd64"' ;;
aarch64) platform='"architecture":"arm64"' ;;
arm)	platform='"architecture":"arm","variant":"v7"' ;;
riscv64) platform='"architecture":"riscv64"' ;;
*)	echo "image: unknown architecture $arch" >&2; exit 1 ;;
esac

# The whole name, as containerd keeps it: under a shorter one the image would
# be imported, and found by no pod.  A first part without dot or colon is no
# registry.
case $img in
*:*/* | *.*/* | localhost/*) name=$img ;;
*/*)	name=docker.io/$img ;;
*)	name=docker.io/library/$img ;;
esac
case ${name##*/} in
*:*)	;;
*)	name=$name:latest ;;
esac

work=$out.d
rm -rf "$work"
mkdir -p "$work/oci/blobs/sha256"
trap 'rm -rf "$work"' EXIT

pack() { # folder name...
	folder=$1
	shift
	tar -C "$folder" --format=ustar --mtime=@0 --owner=65532 \
		--group=65532 --numeric-owner --mode=u=rwX,go=rX \
		--no-recursion -cf - "$@"
}
sha() { sha256sum <"$1" | cut -d' ' -f1; }
bytes() { wc -c <"$1" | tr -d ' '; }

pack "$root" $(cd "$root" && ls) >"$work/layer.tar"
[ "$(bytes "$work/layer.tar")" -le $max ] || {
	echo "image: $(bytes "$work/layer.tar") bytes, the limit is $max" >&2
	exit 1
}
diff_id=$(sha "$work/layer.tar")
layer_type=application/vnd.oci.image.layer.v1.tar
if command -v gzip >/dev/null; then
	gzip -n -9 "$work/layer.tar"
	mv "$work/layer.tar.gz" "$work/layer.tar"
	layer_type=$layer_type+gzip
fi

# Moves a file among the blobs; its digest and size go to $blob and $size.
add() {
	blob=$(sha "$1")
	size=$(bytes "$1")
	mv "$1" "$work/oci/blobs/sha256/$blob"
}

add "$work/layer.tar"
layer=$blob
layer_size=$size
printf '%s' '{'"$platform"',"os":"linux","config":{' \
	'"User":"65532:65532","Entrypoint":["/mcp-operator"],' \
	'"Cmd":["manager"],"WorkingDir":"/","Labels":{' \
	'"org.opencontainers.image.title":"mcp-operator",' \
	'"org.opencontainers.image.version":"'"$version"'",' \
	'"org.opencontainers.image.licenses":"MIT"}},' \
	'"rootfs":{"type":"layers","diff_ids":["sha256:'"$diff_id"'"]}}' \
	>"$work/config"
add "$work/config"
config=$blob
printf '%s' '{"schemaVersion":2,' \
	'"mediaType":"application/vnd.oci.image.manifest.v1+json",' \
	'"config":{"mediaType":"application/vnd.oci.image.config.v1+json",' \
	'"digest":"sha256:'"$config"'","size":'"$size"'},"layers":[{' \
	'"mediaType":"'"$layer_type"'","digest":"sha256:'"$layer"'",' \
	'"size":'"$layer_size"'}]}' >"$work/manifest"
add "$work/manifest"
printf '%s' '{"schemaVersion":2,' \
	'"mediaType":"application/vnd.oci.image.index.v1+json",' \
	'"manifests":[{' \
	'"mediaType":"application/vnd.oci.image.manifest.v1+json",' \
	'"digest":"sha256:'"$blob"'","size":'"$size"',' \
	'"platform":{'"$platform"',"os":"linux"},"annotations":{' \
	'"io.containerd.image.name":"'"$name"'",' \
	'"org.opencontainers.image.ref.name":"'"$name"'"}}]}' \
	>"$work/oci/index.json"
printf '%s' '{"imageLayoutVersion":"1.0.0"}' >"$work/oci/oci-layout"
# What older versions of docker load look for.
printf '%s' '[{"Config":"blobs/sha256/'"$config"'","RepoTags":["'"$img"'"],' \
	'"Layers":["blobs/sha256/'"$layer"'"]}]' >"$work/oci/manifest.json"

pack "$work/oci" oci-layout index.json manifest.json blobs blobs/sha256 \
	$(cd "$work/oci" && ls blobs/sha256/*) >"$out.new"
mv "$out.new" "$out"
