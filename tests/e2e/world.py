"""What the chaos tests share: the operator as a process, servers and their
children that are made, changed and deleted at random, and an account of what
must be there in the end that knows nothing of the operator's code.

Runs inside the node's network namespace with KUBECONFIG and BENCH_AUDIT set.
"""

import atexit
import base64
import http.client
import json
import os
import random
import subprocess
import sys
import threading
import time

E2E = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(E2E, "../bench"))
import lab  # noqa: E402
from lab import TOP, WORK, Audit, resource_of, seconds_of  # noqa: E402

OPERATOR = os.environ.get("OPERATOR") or lab.OPERATOR
KEY = "mcp.allbeone.io/server-key"
DIGEST = "mcp.allbeone.io/digest"
SYSTEM = "mcp-system"
USER = f"system:serviceaccount:{SYSTEM}:mcp-operator"
LEASE = "mcp-operator.mcp.allbeone.io"
READS = ("get", "list", "watch")
MERGE = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"
APPLY = "application/apply-patch+yaml"

start = time.monotonic()
failures = []


def say(text):
    print(f"      {time.monotonic() - start:6.1f} s  {text}", flush=True)


def check(what, ok, *details):
    """One counted result; the shell adds up the lines."""
    print(f"{'ok   ' if ok else 'FAIL '} {what}", flush=True)
    if not ok:
        failures.append(what)
        for line in details[:20]:
            print(f"      {line}", flush=True)
        if len(details) > 20:
            print(f"      ... and {len(details) - 20} more", flush=True)
    return ok


# ---- the API server ---------------------------------------------------------


class Client(lab.Api):
    """One kept connection of one thread."""

    def ask(self, method, path, body=None, kind="application/json"):
        headers = {"Content-Type": kind, "User-Agent": "churn"}
        text = None if body is None else json.dumps(body)
        try:
            self.http.request(method, path, text, headers)
            answer = self.http.getresponse()
        except (http.client.RemoteDisconnected, ConnectionError):
            # The API server ends a connection that nothing came over.
            self.http.close()
            self.http.request(method, path, text, headers)
            answer = self.http.getresponse()
        return answer.status, json.loads(answer.read())

    def get(self, path):
        code, answer = self.ask("GET", path)
        return answer if code == 200 else None

    def items(self, path):
        return self.get(path)["items"]


KINDS = {
    "Deployment": ("apps/v1", "/apis/apps/v1", "deployments"),
    "Service": ("v1", "/api/v1", "services"),
    "ConfigMap": ("v1", "/api/v1", "configmaps"),
}


BUDGETS = "/apis/policy/v1/namespaces/{}/poddisruptionbudgets"


def child_path(ns, kind, name=None):
    _, root, plural = KINDS[kind]
    return f"{root}/namespaces/{ns}/{plural}" + (f"/{name}" if name else "")


def child_name(kind, name):
    return name + "-config" if kind == "ConfigMap" else name


# ---- the groups -------------------------------------------------------------

GROUPS = {
    "mcp.allbeone.io": ("v1", "a"),
    "mcp.n-takatsu.dev": ("v1alpha1", "n"),
    "mcp.example.com": ("v1alpha1", "e"),
    "mcp.mcp.dev": ("v1alpha1", "m"),
}


def server_path(group, ns, name=None):
    version = GROUPS[group][0]
    path = f"/apis/{group}/{version}/namespaces/{ns}/mcpservers"
    return path + (f"/{name}" if name else "")


def random_spec(rng, group):
    """All fields that are ever used, so that a merge patch replaces all."""
    number = str(rng.randrange(1000000))
    port = rng.randrange(2000, 60000)
    stdio = rng.random() < 0.2
    image = rng.choice(["red", "green", "blue"]) + ":" + number
    config = rng.random() < 0.6
    if group == "mcp.allbeone.io":
        return {
            "image": image.split(":")[0],
            "tag": number,
            "replicas": 0,
            "port": port,
            "transport": {"type": "stdio" if stdio else "http"},
            "env": [{"name": "NUMBER", "value": number}],
            "config": {"number": number} if config else None,
        }
    if group == "mcp.n-takatsu.dev":
        return {
            "image": image,
            "replicas": rng.randrange(1, 3),
            "transport": "stdio" if stdio else "http",
            "port": port,
        }
    if group == "mcp.example.com":
        return {
            "image": image,
            "replicas": 0,
            "transport": "stdio" if stdio else "streamable-http",
            "port": port,
            "config": {"number": number} if config else None,
        }
    return {"image": image, "replicas": 0, "port": port}


def without_nulls(spec):
    return {k: v for k, v in spec.items() if v is not None}


def is_stdio(spec):
    transport = spec.get("transport")
    if isinstance(transport, dict):
        transport = transport["type"]
    return transport == "stdio"


def desired(spec):
    return min(spec["replicas"], 1) if is_stdio(spec) else spec["replicas"]


def image_of(spec):
    return spec["image"] + (":" + spec["tag"] if "tag" in spec else "")


def wanted_kinds(spec):
    kinds = {"Deployment"}
    if not is_stdio(spec):
        kinds.add("Service")
    if "config" in spec:
        kinds.add("ConfigMap")
    return kinds


# ---- what must be there -----------------------------------------------------


def differs(want, have, at=""):
    """Where something that is wanted is missing; None: all is there, and
    others may have added to it."""
    if isinstance(want, dict):
        if not isinstance(have, dict):
            return f"{at} is {have!r}"
        found = (differs(v, have.get(k), f"{at}.{k}") for k, v in want.items())
        return next((f for f in found if f), None)
    if isinstance(want, list):
        for w in want:
            if all(differs(w, h) for h in have or []):
                return f"{at} is {json.dumps(have)}"
        return None
    return None if want == have else f"{at} is {have!r}, not {want!r}"


def wanted_child(kind, server):
    """The parts of a child that say what a server is."""
    spec, meta = server["spec"], server["metadata"]
    group = server["apiVersion"].split("/")[0]
    name = meta["name"]
    key = f"{GROUPS[group][1]}.{name}"
    want = {
        "metadata": {
            "labels": {
                KEY: key,
                "app": name,
                "app.kubernetes.io/instance": name,
                "managed-by": "mcp-operator",
                **meta.get("labels", {}),
            },
            "ownerReferences": [
                {
                    "apiVersion": server["apiVersion"],
                    "kind": "MCPServer",
                    "name": name,
                    "uid": meta["uid"],
                    "controller": True,
                    "blockOwnerDeletion": True,
                }
            ],
        }
    }
    if kind == "Service":
        port = {"port": spec["port"], "targetPort": spec["port"], "protocol": "TCP"}
        want["spec"] = {"selector": {KEY: key}, "ports": [port]}
    if kind == "Deployment":
        container = {"name": "mcp-server", "image": image_of(spec)}
        if "env" in spec:
            container["env"] = spec["env"]
        if is_stdio(spec):
            container["stdin"] = True
        want["spec"] = {
            "replicas": desired(spec),
            "selector": {"matchLabels": {KEY: key}},
            "template": {
                "metadata": {"labels": {KEY: key, "app": name}},
                "spec": {"containers": [container]},
            },
        }
    return want


def config_is_right(server, child):
    try:
        file = json.loads(child["data"]["config.json"])
    except (KeyError, ValueError):
        return False
    config = server["spec"]["config"]
    if not server["apiVersion"].startswith("mcp.example.com/"):
        return file == config
    return file.get("config") == config and not differs(config, child["data"])


def child_problems(kind, server, child):
    name = server["metadata"]["name"]
    who = f"{kind} of {server['apiVersion']} {name}"
    if child is None:
        return [f"{who} is missing"]
    found = []
    wrong = differs(wanted_child(kind, server), child)
    if wrong:
        found.append(f"{who}: {wrong}")
    if kind == "ConfigMap" and not config_is_right(server, child):
        found.append(f"{who} holds {child.get('data')}")
    if len(child["metadata"].get("ownerReferences", [])) != 1:
        found.append(f"{who} has owners {child['metadata'].get('ownerReferences')}")
    if len(child["metadata"].get("annotations", {}).get(DIGEST, "")) != 16:
        found.append(f"{who} has no digest")
    return found


def condition(server, kind):
    for c in server.get("status", {}).get("conditions", []):
        if c["type"] == kind:
            return c["status"], c["reason"]
    return None, None


def status_problems(server, blocked, children):
    """Pods are refused by a quota, so that those servers fail which want
    any."""
    spec, status = server["spec"], server.get("status", {})
    group = server["apiVersion"].split("/")[0]
    name = server["metadata"]["name"]
    image, _, tag = image_of(spec).partition(":")
    want = {
        "observedGeneration": server["metadata"]["generation"],
        "selector": f"{KEY}={GROUPS[group][1]}.{name}",
        "readyReplicas": 0,
        "replicas": 0,
        "image": image,
        "tag": tag,
        "phase": "Pending",
    }
    degraded = ("False", "AsExpected")
    if blocked:
        degraded = ("True", "NameTaken")
    elif desired(spec) > 0:
        degraded = ("True", "QuotaExceeded")
    if degraded[0] == "True":
        want["phase"] = "Failed"
    have = {k: status.get(k) for k in want}
    found = []
    who = f"status of {server['apiVersion']} {name}"
    if have != want:
        found.append(f"{who}: {have} instead of {want}")
    if condition(server, "Degraded") != degraded:
        found.append(f"{who}: Degraded is {condition(server, 'Degraded')}, not {degraded}")
    if is_stdio(spec) != (condition(server, "GatewayReady")[0] == "False"):
        found.append(f"{who}: GatewayReady is {condition(server, 'GatewayReady')}")
    told = {(r["kind"], r["name"]) for r in status.get("resources", [])}
    if not blocked and told != children:
        found.append(f"{who}: resources {told} instead of {children}")
    return found


def untouched(before, now):
    """A stranger's object is as he left it; a Deployment's own controller
    works on it."""
    if now is None:
        return False
    if before["kind"] != "Deployment":
        return before == now

    def mine(o):
        meta = o["metadata"]
        notes = dict(meta.get("annotations", {}))
        notes.pop("deployment.kubernetes.io/revision", None)
        managers = {f["manager"] for f in meta["managedFields"]}
        return (
            meta["uid"],
            meta.get("labels"),
            meta.get("ownerReferences"),
            notes,
            o["spec"],
            managers - {"kube-controller-manager"},
        )

    return mine(before) == mine(now)


# ---- churn ------------------------------------------------------------------


class Churn(threading.Thread):
    """Works on names of its own, so that it knows what their servers are."""

    def __init__(self, ns, names, seed, pause_s=0.02):
        super().__init__(daemon=True)
        self.ns, self.names, self.pause_s = ns, names, pause_s
        self.rng = random.Random(seed)
        self.live = {}  # name -> the answer to the last write of a server
        self.foreign = {}  # (kind, object name) -> the answer to its creation
        self.let_go = {}  # uid of a child that lost its owner -> its place
        self.orphaned = set()  # names of servers that left their children
        self.touched = []  # strangers' objects that were found changed
        self.counts = {}
        self.error = None
        self.halt = threading.Event()
        self.still = threading.Lock()

    def run(self):
        try:
            self.api = Client()
            keeper = {"metadata": {"name": "keeper-" + self.names[0]}}
            path = child_path(self.ns, "ConfigMap")
            _, self.keeper = self.api.ask("POST", path, keeper)
            while not self.halt.is_set():
                with self.still:
                    self.step()
                time.sleep(self.rng.random() * 2 * self.pause_s)
        except BaseException as error:  # shown by stop()
            self.error = error

    def stop(self):
        self.halt.set()
        self.join()
        if self.error:
            raise self.error

    def count(self, what):
        self.counts[what] = self.counts.get(what, 0) + 1

    def step(self):
        name = self.rng.choice(self.names)
        if name not in self.live:
            first = (self.server_create,) * 3
            first += (self.foreign_create, self.foreign_delete)
            self.rng.choice(first)(name)
            return
        operations = (
            (20, self.server_edit),
            (5, self.server_label),
            (8, self.server_scale),
            (10, self.server_delete),
            (8, self.server_again),
            (12, self.child_delete),
            (16, self.child_edit),
            (8, self.child_lose),
            (6, self.child_supplant),
            (4, self.foreign_create),
            (16, self.foreign_delete),
        )
        weights, calls = zip(*operations)
        self.rng.choices(calls, weights)[0](name)

    # servers

    def path_of(self, name):
        s = self.live[name]
        return server_path(s["apiVersion"].split("/")[0], self.ns, name)

    def server_create(self, name, group=None):
        group = group or self.rng.choice(list(GROUPS))
        meta = {"name": name}
        if self.rng.random() < 0.2:
            # As one of the older systems left them.
            meta["finalizers"] = [group + "/finalizer"]
        body = {
            "apiVersion": f"{group}/{GROUPS[group][0]}",
            "kind": "MCPServer",
            "metadata": meta,
            "spec": without_nulls(random_spec(self.rng, group)),
        }
        code, answer = self.api.ask("POST", server_path(group, self.ns), body)
        if code == 201:
            self.live[name] = answer
            self.count("server created")
        elif code == 409:  # a finalizer still holds the one before
            self.count("server still there")
        else:
            raise RuntimeError(f"create {name}: {code} {answer}")

    def server_patch(self, name, body, sub=""):
        code, answer = self.api.ask("PATCH", self.path_of(name) + sub, body, MERGE)
        if code != 200:
            raise RuntimeError(f"patch {name}: {code} {answer}")
        if sub:
            answer = self.api.get(self.path_of(name))
        self.live[name] = answer

    def server_edit(self, name):
        group = self.live[name]["apiVersion"].split("/")[0]
        self.server_patch(name, {"spec": random_spec(self.rng, group)})
        self.count("server edited")

    def server_label(self, name):
        label = {"team": self.rng.choice(["red", "green", None])}
        self.server_patch(name, {"metadata": {"labels": label}})
        self.count("server labelled")

    def server_scale(self, name):
        if not self.live[name]["apiVersion"].startswith("mcp.n-takatsu.dev/"):
            return
        replicas = self.rng.randrange(1, 4)
        self.server_patch(name, {"spec": {"replicas": replicas}}, "/scale")
        self.count("server scaled")

    def server_delete(self, name):
        policy = self.rng.choice(("Background",) * 4 + ("Foreground", "Orphan"))
        options = {"propagationPolicy": policy}
        if policy == "Orphan":
            self.let_go_all(name)
            self.orphaned.add(name)
        code, answer = self.api.ask("DELETE", self.path_of(name), options)
        if code not in (200, 202):
            raise RuntimeError(f"delete {name}: {code} {answer}")
        del self.live[name]
        self.count("server deleted")

    def let_go_all(self, name):
        """Each that is there may come to have no owner."""
        for kind in KINDS:
            child = self.api.get(child_path(self.ns, kind, child_name(kind, name)))
            if child:
                uid = child["metadata"]["uid"]
                self.let_go[uid] = (kind, child["metadata"]["name"])

    def server_again(self, name):
        """Under the same name at once, of the same group or another."""
        group = self.live[name]["apiVersion"].split("/")[0]
        self.server_delete(name)
        if self.rng.random() < 0.3:
            group = None
        self.server_create(name, group)

    # children

    def child_of(self, name):
        """One at random that is the server's in every respect, or None."""
        kind = self.rng.choice(list(KINDS))
        path = child_path(self.ns, kind, child_name(kind, name))
        child = self.api.get(path)
        if child is None or "deletionTimestamp" in child["metadata"]:
            return None, None, None
        meta = child["metadata"]
        owners = [o["uid"] for o in meta.get("ownerReferences", [])]
        if owners != [self.live[name]["metadata"]["uid"]]:
            return None, None, None
        if KEY not in meta.get("labels", {}):
            return None, None, None
        return kind, path, child

    def child_delete(self, name):
        kind, path, child = self.child_of(name)
        if kind:
            uid = {"preconditions": {"uid": child["metadata"]["uid"]}}
            code, _ = self.api.ask("DELETE", path, uid)
            self.count("child deleted" if code < 300 else "child gone")

    def child_change(self, path, child, body, what):
        meta = body.setdefault("metadata", {})
        meta["resourceVersion"] = child["metadata"]["resourceVersion"]
        code, _ = self.api.ask("PATCH", path, body, MERGE)
        self.count(what if code == 200 else "child changed meanwhile")
        return code == 200

    def child_edit(self, name):
        kind, path, child = self.child_of(name)
        if not kind:
            return
        edits = [
            {"metadata": {"annotations": {DIGEST: None}}},
            {"metadata": {"annotations": {"note": "mine"}}},
            {"metadata": {"labels": {"app": "other"}}},
        ]
        if kind == "Deployment":
            edits.append({"spec": {"replicas": 3}})
            other = json.loads(json.dumps(child["spec"]["template"]))
            other["spec"]["containers"][0]["image"] = "other:1"
            edits.append({"spec": {"template": other}})
        elif kind == "Service":
            edits.append({"spec": {"ports": [{"name": "x", "port": 99}]}})
            edits.append({"spec": {"selector": {KEY: None, "app": "other"}}})
        else:
            edits.append({"data": {"config.json": "{}"}})
            edits.append({"data": None})
        self.child_change(path, child, self.rng.choice(edits), "child edited")

    def child_lose(self, name):
        """Its label, with or without an edit, or its owner."""
        kind, path, child = self.child_of(name)
        if not kind:
            return
        body = {"metadata": {"labels": {KEY: None}}}
        if self.rng.random() < 0.4:
            body = {"metadata": {"ownerReferences": None}}
            uid = child["metadata"]["uid"]
            self.let_go[uid] = (kind, child["metadata"]["name"])
        elif self.rng.random() < 0.5:
            body["metadata"]["labels"]["app"] = "other"
        self.child_change(path, child, body, "child cut off")

    def child_supplant(self, name):
        """A stranger takes the place of a child in the very moment."""
        kind, path, child = self.child_of(name)
        if not kind:
            return
        uid = {"preconditions": {"uid": child["metadata"]["uid"]}}
        self.api.ask("DELETE", path, uid)
        self.count("child supplanted")
        self.foreign_post(kind, name)

    # strangers' objects

    def foreign_post(self, kind, name):
        """What server-side apply would gladly merge into."""
        at = child_name(kind, name)
        meta = {"name": at, "labels": {"stranger": "yes"}}
        how = self.rng.randrange(3)
        if how > 0:
            meta["ownerReferences"] = [
                {
                    "apiVersion": "v1",
                    "kind": "ConfigMap",
                    "name": self.keeper["metadata"]["name"],
                    "uid": self.keeper["metadata"]["uid"],
                    "controller": True,
                }
            ]
        if how > 1 and name in self.live:
            group = self.live[name]["apiVersion"].split("/")[0]
            meta["labels"][KEY] = f"{GROUPS[group][1]}.{name}"
        body = {"apiVersion": KINDS[kind][0], "kind": kind, "metadata": meta}
        if kind == "ConfigMap":
            body["data"] = {"a": "b"}
        elif kind == "Service":
            body["spec"] = {"ports": [{"port": 81}]}
        else:
            labels = {"stranger": at}
            container = {"name": "c", "image": "stranger:1"}
            body["spec"] = {
                "replicas": 0,
                "selector": {"matchLabels": labels},
                "template": {
                    "metadata": {"labels": labels},
                    "spec": {"containers": [container]},
                },
            }
        code, answer = self.api.ask("POST", child_path(self.ns, kind), body)
        if code == 201:
            self.foreign[kind, at] = answer
            self.count("stranger's object created")
        elif code == 409:
            self.count("stranger came late")
        else:
            raise RuntimeError(f"create {kind} {at}: {code} {answer}")

    def foreign_create(self, name):
        self.foreign_post(self.rng.choice(list(KINDS)), name)

    def foreign_check(self, place):
        kind, at = place
        now = self.api.get(child_path(self.ns, kind, at))
        before = self.foreign[place]
        if not untouched(before, now):
            self.touched.append(f"{kind} {at}: {json.dumps(now)[:1500]}")

    def foreign_delete(self, name):
        for kind in KINDS:
            place = (kind, child_name(kind, name))
            if place in self.foreign:
                self.foreign_check(place)
                self.api.ask("DELETE", child_path(self.ns, *place))
                del self.foreign[place]
                self.count("stranger's object deleted")

    # the end

    def strangers(self):
        for place in self.foreign:
            self.foreign_check(place)
        return self.touched


# ---- the account ------------------------------------------------------------


class Account:
    """All that there is, against what the churners know, and those before
    them, whose servers are gone: what they let go, and what is a stranger's,
    lies there still."""

    def __init__(self, api, ns, churners, before=()):
        self.api, self.ns = api, ns
        self.live, self.foreign, self.let_go = {}, {}, {}
        self.orphaned = set()
        for c in churners:
            self.live.update(c.live)
        for c in (*before, *churners):
            self.foreign.update(c.foreign)
            self.let_go.update(c.let_go)
            self.orphaned |= c.orphaned
        self.checked = 0
        self.blocked = set()

    def problems(self):
        found = []
        self.checked = 0
        self.blocked = set()
        self.budgets = self.api.items(BUDGETS.format(self.ns))
        servers = []
        for group in GROUPS:
            items = self.api.items(server_path(group, self.ns))
            version = f"{group}/{GROUPS[group][0]}"
            servers += [{**s, "apiVersion": version} for s in items]
        children = {}
        for kind in KINDS:
            for o in self.api.items(child_path(self.ns, kind)):
                children[kind, o["metadata"]["name"]] = o
        found += self.servers_problems(servers)
        for s in servers:
            found += self.one(s, children)
        uids = {s["metadata"]["uid"] for s in servers}
        found += self.budget_problems(servers)
        for place, o in children.items():
            found += self.leftover(place, o, uids)
        return found

    def budget_of(self, server):
        """Its disruption budget, or None."""
        uid = server["metadata"]["uid"]
        for b in self.budgets:
            if uid in {r["uid"] for r in b["metadata"].get("ownerReferences", [])}:
                return b
        return None

    def budget_problems(self, servers):
        """Who has several pods has one, unless one that lost its owner has the
        name; nobody else has."""
        found = []
        taken = {
            b["metadata"]["name"]
            for b in self.budgets
            if not b["metadata"].get("ownerReferences")
        }
        owned = set()
        for s in servers:
            name = s["metadata"]["name"]
            budget = self.budget_of(s)
            if budget:
                owned.add(budget["metadata"]["uid"])
            if name in self.blocked or name in taken:
                continue
            self.checked += 1
            if (desired(s["spec"]) > 1) != (budget is not None):
                found.append(f"budget of {s['apiVersion']} {name}: {budget}")
        for b in self.budgets:
            meta = b["metadata"]
            if meta["uid"] not in owned and meta["name"] not in self.orphaned:
                found.append(f"budget {meta['name']} is left over")
        return found

    def servers_problems(self, servers):
        """The users' own part of them is as the users wrote it."""
        found = []
        names = {s["metadata"]["name"] for s in servers}
        for name in self.live.keys() - names:
            found.append(f"server {name} is lost")
        for s in servers:
            meta = s["metadata"]
            self.checked += 1
            if meta["name"] not in self.live:
                found.append(f"{s['apiVersion']} {meta['name']} is still there")
                continue
            was = self.live[meta["name"]]
            for part in ("uid", "generation", "labels", "annotations"):
                if was["metadata"].get(part) != meta.get(part):
                    found.append(f"{meta['name']}: {part} was changed")
            if was["spec"] != s["spec"] or was["apiVersion"] != s["apiVersion"]:
                found.append(f"{meta['name']}: spec was changed")
            found += self.written(s)
        return found

    def written(self, server):
        found = []
        for f in server["metadata"]["managedFields"]:
            if not f["manager"].startswith("mcp-operator"):
                continue
            fields = f["fieldsV1"]
            only_finalizers = set(fields) == {"f:metadata"} and set(
                fields["f:metadata"]
            ) == {"f:finalizers"}
            if f.get("subresource") != "status" and not only_finalizers:
                found.append(f"{server['metadata']['name']}: {f} wrote {fields}")
        return found

    def is_strangers(self, place, o):
        uid = o["metadata"]["uid"]
        if place in self.foreign and self.foreign[place]["metadata"]["uid"] == uid:
            return True
        if o["metadata"].get("ownerReferences"):
            return False
        # One may have been made between the look and the deletion.
        name = place[1].removesuffix("-config")
        return uid in self.let_go or name in self.orphaned

    def one(self, server, children):
        name = server["metadata"]["name"]
        if name not in self.live:
            return []
        kinds = wanted_kinds(server["spec"])
        blocked = False
        for kind in kinds:
            place = (kind, child_name(kind, name))
            if place in children and self.is_strangers(place, children[place]):
                o = children[place]
                group = server["apiVersion"].split("/")[0]
                key = f"{GROUPS[group][1]}.{name}"
                # A child that lost its owner is taken up again.
                if place in self.foreign or o["metadata"].get("labels", {}).get(KEY) != key:
                    blocked = True
        found = []
        there = set()
        for kind in kinds:
            place = (kind, child_name(kind, name))
            there.add(place)
            o = children.get(place)
            if o is not None and self.is_strangers(place, o) and blocked:
                continue
            # Who has not got one name does not take the others, and
            # does not change those that he has.
            if o is None and blocked:
                continue
            self.checked += 1
            if not blocked:
                found += child_problems(kind, server, o)
        if blocked:
            self.blocked.add(name)
        if self.budget_of(server):
            there.add(("PodDisruptionBudget", name))
        return found + status_problems(server, blocked, there)

    def leftover(self, place, o, uids):
        """No object with our label but those that a server wants."""
        meta = o["metadata"]
        if self.is_strangers(place, o) or KEY not in meta.get("labels", {}):
            return []
        self.checked += 1
        owners = {r["uid"] for r in meta.get("ownerReferences", [])}
        name = meta["name"]
        if place[0] == "ConfigMap":
            name = name.removesuffix("-config")
        live = self.live.get(name)
        if not owners & uids or live is None:
            return [f"{place} is left over, of {meta.get('ownerReferences')}"]
        if place[0] not in wanted_kinds(live["spec"]):
            blocked = ", blocked" if name in self.blocked else ""
            return [f"{place} is there and not wanted{blocked}: {live['apiVersion']}"]
        return []


def settled(account, seconds):
    """What is still wrong after so many seconds at most."""
    end = time.monotonic() + seconds
    while True:
        found = account.problems()
        if not found or time.monotonic() > end:
            return found
        time.sleep(0.5)


# ---- the operator -----------------------------------------------------------


def token_new(api):
    """Of the operator's own account."""
    path = f"/api/v1/namespaces/{SYSTEM}/serviceaccounts/mcp-operator/token"
    request = {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenRequest",
        "spec": {"expirationSeconds": 7200},
    }
    return api.call("POST", path, request)["status"]["token"]


class Process:
    """The operator with the rights that the manifests give it."""

    number = 0

    def __init__(self, api, *flags, server="https://127.0.0.1:6443", netns=None):
        Process.number += 1
        self.name = f"chaos-{Process.number}"
        self.api, self.flags, self.netns = api, flags, netns
        token = token_new(api)
        ca = f"{WORK}/certificate-authority.{threading.get_ident()}"
        with open(ca, "rb") as f:
            ca = base64.b64encode(f.read()).decode()
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "c",
            "clusters": [
                {
                    "name": "c",
                    "cluster": {"server": server, "certificate-authority-data": ca},
                }
            ],
            "users": [{"name": "u", "user": {"token": token}}],
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        }
        self.config = f"{WORK}/{self.name}.json"
        with open(self.config, "w") as f:
            json.dump(config, f)
        self.log = f"{WORK}/operator.log"
        self.spawn()
        atexit.register(self.process.kill)

    def spawn(self):
        argv = [
            OPERATOR,
            "manager",
            f"--kubeconfig={self.config}",
            f"--namespace={SYSTEM}",
            "--metrics-bind-address=0",
            "--health-probe-bind-address=0",
            *self.flags,
        ]
        if self.netns:
            argv = ["nsenter", f"--net=/run/netns/{self.netns}", *argv]
        env = {**os.environ, "HOSTNAME": self.name}
        env.pop("KUBECONFIG", None)
        with open(self.log, "ab") as log:
            self.spawned = time.monotonic()
            self.process = subprocess.Popen(argv, stdout=log, stderr=log, env=env)

    def send(self, number):
        self.process.send_signal(number)

    def kill(self):
        self.process.kill()
        return self.process.wait()

    def ended(self):
        return self.process.poll()


def writes_of(events):
    return [
        e
        for e in events
        if e["user"].get("username") == USER
        and e["verb"] not in READS
        and e["stage"] == "ResponseComplete"
    ]


def describe(event):
    code = event["responseStatus"].get("code")
    ref = event.get("objectRef") or {}
    return (
        f"{event['requestReceivedTimestamp']} {event['verb']} {resource_of(event)} "
        f"{ref.get('namespace')}/{ref.get('name')}: {code} "
        f"{event['responseStatus'].get('message', '')[:200]}"
    )


def is_lease(event):
    return resource_of(event) == "leases"


def calm(seconds, limit, credentials=None):
    """Waits until the operators have not written for so long, but Leases;
    False when they do not come to rest."""
    audit = Audit()
    last = time.monotonic()
    end = last + limit
    while time.monotonic() - last < seconds:
        for e in audit.read():
            if e["user"].get("username") == USER and e["verb"] not in READS:
                if not is_lease(e):
                    last = time.monotonic()
        if time.monotonic() > end:
            return False
        time.sleep(0.2)
    return True
