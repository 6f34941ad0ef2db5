#!/usr/bin/env python3
"""usage: model.py SIMAPI NAMESPACE PHASE [SEED...]

Sends the same requests to the model API server (SIMAPI, see
tests/live/simapi.c) and to the real one of KUBECONFIG, and compares the
answers field by field.  What cannot be the same is put into one form first:
uids, times, resource versions, addresses, node ports, continue tokens.

PHASE still: nobody else writes (the controllers are stopped); with them:
gc, that is, what the garbage collector and the namespace controller leave.
Prints a line a case, and the differences of those that fail.
"""
import base64
import glob
import http.client
import json
import os
import re
import ssl
import subprocess
import sys
import tempfile
import time

import model_cases
import model_kinds

CUT = int(os.environ.get("CUT", 400))
AGENT = "model-test/1"
APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"
PATCH = "application/json-patch+json"


def kubeconfig(path):
    """Of the lab's own: flat, and written as it is read here."""
    got = {}
    with open(path) as f:
        for line in f:
            key, _, value = line.strip().lstrip("- ").partition(": ")
            got[key] = value.strip()
    return got


class Real:
    """One connection to kube-apiserver."""

    def __init__(self, path):
        config = kubeconfig(path)
        host, _, port = config["server"].partition("//")[2].partition(":")
        context = ssl.create_default_context(cadata=base64.b64decode(
            config["certificate-authority-data"]).decode())
        with tempfile.TemporaryDirectory() as folder:
            files = []
            for name in ("client-certificate-data", "client-key-data"):
                files.append(os.path.join(folder, name))
                with open(files[-1], "wb") as f:
                    f.write(base64.b64decode(config[name]))
            context.load_cert_chain(*files)
        self.make = lambda: http.client.HTTPSConnection(
            host, int(port), context=context, timeout=30)
        self.conn = self.make()

    def request(self, method, path, body=None, kind=None, accept=None):
        headers = {"User-Agent": AGENT,
                   "Accept": accept or "application/json"}
        if kind:
            headers["Content-Type"] = kind
        self.conn.request(method, path, body, headers)
        answer = self.conn.getresponse()
        return answer.status, answer.read().decode()

    def watch(self, path, accept=None):
        """A status and a function that gives the lines of some seconds."""
        conn = self.make()
        conn.request("GET", path, None, {
            "User-Agent": AGENT, "Accept": accept or "application/json"})
        answer = conn.getresponse()
        if answer.status != 200:
            return answer.status, answer.read().decode(), None
        rest = [b""]

        def lines(seconds):
            out = []
            conn.sock.settimeout(seconds)
            try:
                while True:
                    line = answer.readline()
                    if not line:
                        break
                    out.append(line.decode())
            except (TimeoutError, OSError):
                pass
            # A reader that timed out cannot be read again.
            conn.close()
            return out
        del rest
        return 200, "", lines

    def settle(self):
        time.sleep(0.05)


class Model:
    """The model behind a pipe; its clock is the wall's."""

    def __init__(self, program, seed=1):
        self.seen = model_kinds.Seen()
        self.pipe = subprocess.Popen(
            [program, str(seed)], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True, bufsize=1)

    def ask(self, **what):
        if "path" in what or "watch" in what:
            self.seen.add(what.get("method", "GET"),
                          what.get("path") or what["watch"])
        what["now"] = time.time_ns()
        self.pipe.stdin.write(json.dumps(what) + "\n")
        self.pipe.stdin.flush()
        line = self.pipe.stdout.readline()
        if not line:
            raise SystemExit("the model has ended: %s" % self.pipe.wait())
        return json.loads(line)

    def request(self, method, path, body=None, kind=None, accept=None):
        got = self.ask(method=method, path=path, agent=AGENT,
                       accept=accept or "application/json",
                       type=kind or "", body=body or "")
        return got["status"], got["body"]

    def watch(self, path, accept=None):
        got = self.ask(watch=path, agent=AGENT,
                       accept=accept or "application/json")
        if got["status"] != 200:
            return got["status"], got["body"], None
        number = got["id"]

        def lines(_):
            out = self.ask(next=number)["lines"]
            self.ask(close=number)
            return out
        return 200, "", lines

    def settle(self):
        self.ask(tick=True)

    def end(self):
        self.seen.save()
        self.pipe.stdin.close()
        return self.pipe.wait()


# ---- one form ---------------------------------------------------------------

UID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-"
                 r"[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
VERSIONS = re.compile(r"(resource version: |ResourceVersion in (?:the )?"
                      r"(?:precondition|object meta|record)(?:: | \()|"
                      r"current: )\d+( \(\d+\))?")
# What the real one adds when a value of the wrong type stands where its
# scale or its rules look: see docs/model-api.md.
NOISE = re.compile(r"accessor error|some validation rules were not checked")


class Form:
    """Takes out what two servers cannot have in common."""

    def __init__(self):
        self.names = {}

    def name(self, text):
        return self.names.setdefault(text, "uid-%d" % len(self.names))

    def text(self, s):
        s = UID.sub(lambda m: self.name(m.group()), s)
        s = TIME.sub("TIME", s)
        s = re.sub(r'in scheme ".*"', "in scheme", s)
        return VERSIONS.sub(r"\1VERSION", s)

    def value(self, v, key=""):
        if isinstance(v, dict):
            out = {self.text(k): self.value(w, k) for k, w in sorted(v.items())
                   if k != "storageVersionHash"}
            if out.get("kind") == "Status":
                self.status(out)
            # Those of CRDs stand there in the order of a map.
            if out.get("kind") == "APIResourceList":
                out["resources"].sort(key=lambda r: r["name"])
            return out
        if isinstance(v, list):
            v = [self.value(w, key) for w in v]
            # Entries of the same second stand in the order of their times.
            if key == "managedFields":
                v.sort(key=lambda e: (e.get("operation"), e.get("manager"),
                                      e.get("subresource", "")))
            return v
        if isinstance(v, str):
            return self.string(v, key)
        if key == "nodePort":
            return "PORT"
        return v

    @staticmethod
    def status(v):
        """Causes come in any order, some twice; the message repeats them."""
        causes = (v.get("details") or {}).get("causes") or []
        kept = {json.dumps(c, sort_keys=True) for c in causes
                if not NOISE.search(c.get("message", ""))}
        if len(causes) > 1:
            v["details"]["causes"] = sorted(kept)
            v["message"] = v["message"].partition(" is invalid: ")[0]
        elif causes and v.get("reason") == "Invalid":
            v["details"]["causes"] = sorted(kept)
            v["message"] = v["message"].partition(" is invalid: ")[0]

    def string(self, v, key):
        if key == "resourceVersion":
            return "VERSION" if v else v
        if key == "continue":
            return "TOKEN" if v else v
        if key in ("clusterIP", "clusterIPs") and v != "None":
            return "ADDRESS"
        return self.text(v)


def parse(text):
    try:
        return json.loads(text)
    except ValueError:
        return text


def differences(a, b, path=""):
    """Paths whose values are not the same, as (path, model's, real's)."""
    if isinstance(a, dict) and isinstance(b, dict):
        for key in sorted(set(a) | set(b)):
            yield from differences(a.get(key, "(absent)"),
                                   b.get(key, "(absent)"),
                                   path + "." + key)
    elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        for i, (x, y) in enumerate(zip(a, b)):
            yield from differences(x, y, "%s[%d]" % (path, i))
    elif a != b:
        yield path, a, b


# ---- known differences ------------------------------------------------------

# (path of the difference, reason); see docs/model-api.md.
KNOWN = [
    (r"^\.status\.conditions$", "of namespaces and CRDs"),
]


def is_known(path):
    return any(re.search(pattern, path) for pattern, _ in KNOWN)


class Skip(Exception):
    """The rest of a case rests on what the model does not have."""


def rules():
    """The messages of the CRDs' CEL rules."""
    for path in glob.glob("crds/*.yaml"):
        with open(path) as f:
            last = ""
            for line in f:
                line = line.strip()
                if last.startswith("- rule: ") and \
                        line.startswith("message: "):
                    yield line.partition(": ")[2].strip("\"'")
                last = line


RULES = sorted(set(rules()))


# ---- running ----------------------------------------------------------------

class Pair:
    def __init__(self, model, real, ns):
        self.sides = (model, real)
        self.forms = (Form(), Form())
        self.kept = ({}, {})
        self.ns = ns
        self.step = 0
        self.wrong = []

    def fill(self, side, text):
        """{NAME.path} is what an earlier answer of this side had there."""
        def value(m):
            v = self.kept[side].get(m.group(1))
            for key in m.group(2).split("."):
                if isinstance(v, list):
                    v = v[int(key)] if int(key) < len(v) else None
                else:
                    v = (v or {}).get(key)
            return str(v if v is not None else "")
        text = text.replace("{ns}", self.ns)
        return re.sub(r"\{=(\w+)\.([\w.]+)\}", value, text)

    def is_mine(self, item):
        """Of this namespace, and not the cluster's; a bookmark is nobody's."""
        meta = item.get("metadata", {})
        return meta.get("namespace", self.ns) == self.ns and \
            meta.get("name") != "kube-root-ca.crt"

    def mine(self, v):
        """Without what the whole cluster has besides."""
        if isinstance(v, dict) and isinstance(v.get("items"), list):
            v["items"] = [i for i in v["items"] if self.is_mine(i) and
                          "namespace" in i["metadata"]]
        return v

    def note(self, what, one, two):
        one, two = (f.value(self.mine(parse(v) if isinstance(v, str) else v))
                    for f, v in zip(self.forms, (one, two)))
        for path, a, b in differences(one, two):
            if not is_known(path):
                self.wrong.append("%s %s\n      model: %s\n      real:  %s" % (
                    what, path, json.dumps(a)[:CUT], json.dumps(b)[:CUT]))

    def do(self, method, path, body=None, kind=None, accept=None, keep=None):
        self.step += 1
        if body is not None and not isinstance(body, str):
            body = json.dumps(body)
        if body is not None and kind is None:
            kind = "application/json"
        got = []
        for i, side in enumerate(self.sides):
            got.append(side.request(
                method, self.fill(i, path),
                self.fill(i, body) if body is not None else None, kind,
                accept))
            if keep:
                self.kept[i][keep] = parse(got[i][1])
        what = "%d %s %s" % (self.step, method, path)
        if got[1][0] == 422 and any(r in got[1][1] for r in RULES):
            raise Skip("a CEL rule refuses")
        if got[0][0] != got[1][0]:
            self.wrong.append("%s: model %d %s\n      real %d %s" % (
                what, got[0][0], got[0][1][:300], got[1][0],
                got[1][1][:300]))
        else:
            self.note(what, got[0][1], got[1][1])
        return got[1][0]

    def apply(self, path, body, manager="mcp", force=False, **more):
        join = "&" if "?" in path else "?"
        return self.do("PATCH", "%s%sfieldManager=%s%s" % (
            path, join, manager, "&force=true" if force else ""), body,
            APPLY, **more)

    def merge(self, path, body, **more):
        return self.do("PATCH", path, body, MERGE, **more)

    def patch(self, path, body, **more):
        return self.do("PATCH", path, body, PATCH, **more)

    def get(self, path, **more):
        return self.do("GET", path, **more)

    def settled(self, *paths, seconds=20):
        """The collectors of both get there: in the end all is the same."""
        self.step += 1
        until = time.time() + seconds
        while True:
            for side in self.sides:
                side.settle()
            before = len(self.wrong)
            for path in paths:
                got = [side.request("GET", self.fill(i, path))
                       for i, side in enumerate(self.sides)]
                what = "%d settled %s" % (self.step, path)
                if got[0][0] != got[1][0]:
                    self.wrong.append("%s: model %d, real %d %s" % (
                        what, got[0][0], got[1][0], got[1][1][:300]))
                else:
                    self.note(what, got[0][1], got[1][1])
            if len(self.wrong) == before or time.time() > until:
                return
            del self.wrong[before:]
            time.sleep(0.3)

    def watch(self, path, accept=None, only=""):
        """Opens on both; the result ends them and compares their lines."""
        self.step += 1
        what = "%d watch %s" % (self.step, path)
        got = [side.watch(self.fill(i, path), accept)
               for i, side in enumerate(self.sides)]
        if got[0][0] != got[1][0]:
            self.wrong.append("%s: model %d, real %d %s" % (
                what, got[0][0], got[1][0], got[1][1][:300]))
            return lambda: None
        if got[0][0] != 200:
            self.note(what, got[0][1], got[1][1])
            return lambda: None

        def end():
            lines = [g[2](1.0) for g in got]
            one, two = ([x for x in without_clock(map(json.loads, g))
                         if self.is_mine(x["object"]) and
                         only in ("", x["type"])] for g in lines)
            if len(one) != len(two):
                self.wrong.append("%s: %d lines of the model: %s\n      %d "
                                  "of the real one: %s" % (
                                      what, len(one), kinds(one), len(two),
                                      kinds(two)))
            for i, (a, b) in enumerate(zip(one, two)):
                self.note("%s line %d" % (what, i), a, b)
        return end


def without_clock(lines):
    """Bookmarks but the end of the initial list come by the server's clock."""
    return [x for x in lines if x["type"] != "BOOKMARK"
            or "annotations" in x["object"].get("metadata", {})]


def kinds(lines):
    return " ".join("%s:%s" % (x["type"], x["object"].get(
        "metadata", {}).get("name", "")) for x in lines)


def run(program, ns, phase, seeds):
    real = Real(os.environ["KUBECONFIG"])
    model_cases.clean(real, ns)
    passed = failed = requests = 0
    for name, case in model_cases.cases(phase, seeds):
        model = Model(program)
        pair = Pair(model, real, ns)
        model.request("POST", "/api/v1/namespaces", json.dumps({
            "apiVersion": "v1", "kind": "Namespace",
            "metadata": {"name": ns}}), "application/json")
        skipped = ""
        try:
            case(pair)
        except Skip as why:
            skipped = ", then skipped: %s" % why
        code = model.end()
        if code:
            pair.wrong.append("the model ended with %d" % code)
        requests += pair.step
        if pair.wrong:
            failed += 1
            print("FAIL  %s" % name)
            for line in pair.wrong[:int(os.environ.get("SHOW", 12))]:
                print("      %s" % line)
        else:
            passed += 1
            print("ok    %s (%d requests%s)" % (name, pair.step, skipped))
        sys.stdout.flush()
        model_cases.clean(real, ns)
    print("%d requests to each" % requests)
    print("%d passed, %d failed" % (passed, failed))
    return failed > 0 or passed == 0


if __name__ == "__main__":
    sys.exit(run(sys.argv[1], sys.argv[2], sys.argv[3],
                 [int(s) for s in sys.argv[4:]]))
