#!/usr/bin/env python3
"""Container images without a container engine.

  oci.py pack OUT ROOT [--ref NAME] [--user U] [--env K=V]... [--entry JSON]
      the folder ROOT as a one-layer OCI archive; same input, same bytes
  oci.py push ARCHIVE HOST:PORT NAME[:TAG]...
      into a registry that speaks plain HTTP, once for each name, with the
      path that a mirror is asked for (x -> library/x, host/y -> y)
"""

import argparse
import hashlib
import http.client
import io
import json
import os
import platform
import stat
import sys
import tarfile
import urllib.parse

OCI = "application/vnd.oci.image."
MANIFEST, INDEX = OCI + "manifest.v1+json", OCI + "index.v1+json"
ARCH = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm",
        "riscv64": "riscv64"}
CHUNK = 1 << 20


def sha256_file(path):
    h = hashlib.sha256()
    with open(path, "rb") as f:
        while block := f.read(CHUNK):
            h.update(block)
    return "sha256:" + h.hexdigest()


def dump(value):
    return json.dumps(value, separators=(",", ":"), sort_keys=True).encode()


# ---- pack

def layer_write(root, path):
    """Every file under root, in a fixed order, owned by root, without times."""
    def clean(info):
        info.uid = info.gid = info.mtime = 0
        info.uname = info.gname = ""
        return info

    with tarfile.open(path, "w", format=tarfile.GNU_FORMAT) as tar:
        for folder, folders, files in os.walk(root):
            folders.sort()
            for name in sorted(folders + files):
                full = os.path.join(folder, name)
                mode = os.lstat(full).st_mode
                if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)
                        or stat.S_ISLNK(mode)):
                    continue
                tar.add(full, os.path.relpath(full, root), recursive=False,
                        filter=clean)


def pack(o):
    layer = o.out + ".layer"
    layer_write(o.root, layer)
    config = dump({
        "architecture": ARCH.get(platform.machine(), platform.machine()),
        "os": "linux",
        "config": {"Entrypoint": json.loads(o.entry), "Env": o.env, "User": o.user},
        "rootfs": {"type": "layers", "diff_ids": [sha256_file(layer)]},
    })

    def blob(kind, data):
        return {"mediaType": OCI + kind, "size": len(data),
                "digest": "sha256:" + hashlib.sha256(data).hexdigest()}

    layer_blob = {"mediaType": OCI + "layer.v1.tar",
                  "size": os.path.getsize(layer), "digest": sha256_file(layer)}
    manifest = dump({"schemaVersion": 2, "mediaType": MANIFEST,
                     "config": blob("config.v1+json", config),
                     "layers": [layer_blob]})
    entry = blob("manifest.v1+json", manifest)
    if o.ref:
        entry["annotations"] = {"io.containerd.image.name": o.ref,
                                "org.opencontainers.image.ref.name": o.ref}
    index = dump({"schemaVersion": 2, "mediaType": INDEX,
                  "manifests": [entry]})

    with tarfile.open(o.out + ".part", "w") as tar:
        def add(name, data):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))

        add("oci-layout", b'{"imageLayoutVersion":"1.0.0"}')
        add("index.json", index)
        for data in (config, manifest):
            digest = hashlib.sha256(data).hexdigest()
            add("blobs/sha256/" + digest, data)
        info = tarfile.TarInfo("blobs/sha256/" + layer_blob["digest"][7:])
        info.size = layer_blob["size"]
        with open(layer, "rb") as f:
            tar.addfile(info, f)
    os.unlink(layer)
    os.rename(o.out + ".part", o.out)


# ---- push

def name_split(name):
    """-> (path in the registry, tag) as a client of a mirror spells them"""
    host, slash, rest = name.partition("/")
    if slash and ("." in host or ":" in host or host == "localhost"):
        name = rest
    elif not slash:
        name = "library/" + name
    path, colon, tag = name.partition(":")
    return path, tag if colon else "latest"


class Registry:
    def __init__(self, host):
        self.host = host
        self.http = http.client.HTTPConnection(host, timeout=60)

    def call(self, method, url, want, body=None, headers=None):
        self.http.request(method, url, body, headers or {})
        answer = self.http.getresponse()
        text = answer.read()
        if answer.status not in want:
            sys.exit(f"oci.py: {method} {url}: {answer.status} {text[:300]}")
        return answer

    def blob_put(self, path, digest, size, body, source):
        head = self.call("HEAD", f"/v2/{path}/blobs/{digest}", (200, 404))
        if head.status == 200:
            return
        query = f"?mount={digest}&from={source}" if source else ""
        post = self.call("POST", f"/v2/{path}/blobs/uploads/{query}",
                         (201, 202))
        if post.status == 201:
            return
        to = urllib.parse.urlsplit(post.getheader("Location"))
        url = f"{to.path}?{to.query}&digest={digest}".replace("?&", "?")
        self.call("PUT", url, (201,), body(),
                  {"Content-Length": str(size),
                   "Content-Type": "application/octet-stream"})

    def manifest_put(self, path, reference, kind, data):
        self.call("PUT", f"/v2/{path}/manifests/{reference}", (201,), data,
                  {"Content-Type": kind})


def push(o):
    try:
        tar = tarfile.open(o.archive)
        top = json.load(tar.extractfile("index.json"))
    except (tarfile.TarError, KeyError, OSError, ValueError) as e:
        sys.exit(f"oci.py: {o.archive} is no OCI archive: {e}")
    if len(top["manifests"]) != 1:
        sys.exit(f"oci.py: {o.archive} holds {len(top['manifests'])} images, "
                 "one is wanted")
    blobs = {m.name[len("blobs/sha256/"):]: m for m in tar.getmembers()
             if m.isfile() and "blobs/sha256/" in m.name}
    registry = Registry(o.registry)
    source = None

    def data(digest):
        return tar.extractfile(blobs[digest[7:]]).read()

    def image_put(path, reference, entry):
        """A manifest after its blobs, an index after its manifests."""
        text = data(entry["digest"])
        manifest = json.loads(text)
        kind = manifest.get("mediaType") or entry["mediaType"]
        for child in manifest.get("manifests", []):
            image_put(path, child["digest"], child)
        for b in [manifest["config"], *manifest["layers"]] \
                if "config" in manifest else []:
            member = blobs[b["digest"][7:]]
            registry.blob_put(path, b["digest"], member.size,
                              lambda: tar.extractfile(member), source)
        registry.manifest_put(path, reference, kind, text)

    for name in o.name:
        path, tag = name_split(name)
        image_put(path, tag, top["manifests"][0])
        source = source or path


def main():
    p = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    sub = p.add_subparsers(required=True)
    c = sub.add_parser("pack")
    c.add_argument("out")
    c.add_argument("root")
    c.add_argument("--ref", default="")
    c.add_argument("--user", default="0")
    c.add_argument("--env", action="append", default=[])
    c.add_argument("--entry", default="[]")
    c.set_defaults(run=pack)
    c = sub.add_parser("push")
    c.add_argument("archive")
    c.add_argument("registry")
    c.add_argument("name", nargs="+")
    c.set_defaults(run=push)
    o = p.parse_args()
    o.run(o)


if __name__ == "__main__":
    main()
