#!/usr/bin/env python3
"""usage: model_kinds.py SIM KINDS [SEED...]

Whether every kind of request that the operator sends in the simulator, with
those seeds, is among the kinds in the file KINDS, which the comparisons of
the model with the real API server have left there. A kind is a method, a
resource and which parameters there are; names and versions do not count.
"""
import os
import re
import subprocess
import sys

# Those whose value makes another kind of request.
TOLD = {"watch", "force", "sendInitialEvents", "resourceVersionMatch"}
# The manager under whose name the number of pods goes to an autoscaler.
HANDOVER = "mcp-operator%2Fhandover"
GROUP = re.compile(r"/mcp\.(allbeone\.io/v1|[a-z-]+\.(com|dev)/v1alpha1)/")
LINE = re.compile(r"^ *[0-9.]+ +op[0-9]+ +(GET|POST|PUT|PATCH|DELETE) "
                  # Not what hooks are asked.
                  r"(/(?:api|version|openapi)\S*)")


def kind_of(method, path):
    path, _, query = path.partition("?")
    path = GROUP.sub("/GROUP/", path)
    path = re.sub(r"^(.*?/namespaces)/[^/]+/", r"\1/NS/", path)
    path = re.sub(r"^(/api/v1/namespaces)/[^/]+$", r"\1/NAME", path)
    path = re.sub(r"(/NS/[a-z]+|/customresourcedefinitions)/[^/]+",
                  r"\1/NAME", path)
    words = set()
    for pair in filter(None, query.split("&")):
        key, _, value = pair.partition("=")
        told = key in TOLD or value == HANDOVER
        words.add("%s=%s" % (key, value) if told else key)
    return " ".join([method, path] + sorted(words))


def is_known(kind, compared):
    """The next pages are compared where nobody else's objects come between."""
    if kind in compared:
        return True
    first = kind.replace(" continue", "")
    return first in compared and any(" continue" in k for k in compared)


class Seen:
    """Adds to the file of KINDS, where there is one."""

    def __init__(self):
        self.kinds = set()

    def add(self, method, path):
        self.kinds.add(kind_of(method, path))

    def save(self):
        if "KINDS" in os.environ:
            with open(os.environ["KINDS"], "a") as f:
                f.writelines(kind + "\n" for kind in sorted(self.kinds))


def main(sim, file, *seeds):
    with open(file) as f:
        compared = set(f.read().splitlines())
    asked = {}
    for seed in seeds:
        out = subprocess.run([sim, "--seed=" + seed], text=True,
                             capture_output=True, check=False).stdout
        for line in out.splitlines():
            m = LINE.match(line)
            if m:
                asked.setdefault(kind_of(*m.groups()), seed)
    missing = sorted(kind for kind in asked if not is_known(kind, compared))
    print("      %d kinds of requests in %d seeds, %d compared" % (
        len(asked), len(seeds), len(compared)))
    print("%s  every kind of request that the operator sends" % (
        "FAIL" if missing or not asked else "ok  "))
    for kind in missing:
        print("      not compared: %s (seed %s)" % (kind, asked[kind]))
    print("%d passed, %d failed" % (not missing, bool(missing)))
    return bool(missing)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
