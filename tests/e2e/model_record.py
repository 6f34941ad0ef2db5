#!/usr/bin/env python3
"""usage: model_record.py SIMAPI NAMESPACE OPERATOR

Runs the operator against the real API server of KUBECONFIG through a proxy
that records each request and answer, one at a time, while a user creates,
edits and deletes servers; then sends the same requests to the model and
compares its answers with those recorded.  What the operator has learnt from
the real server (uids, versions) is put into the model's own words on the way.
"""
import http.server
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time

import model
import model_cases
import model_kinds

PORT = 18001
lock = threading.Lock()  # one request at a time: the order is exact
tape = []


class Watch:
    """Lines of a recorded watch, as they came."""

    def __init__(self, path, accept):
        self.path, self.accept = path, accept
        self.status, self.body, self.lines = 200, "", []


class Proxy(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    real = None
    local = threading.local()

    def log_message(self, *_):
        pass

    def upstream(self):
        if not hasattr(self.local, "conn"):
            self.local.conn = self.real.make()
        return self.local.conn

    def forward(self):
        n = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(n).decode() if n else None
        headers = {k: v for k, v in self.headers.items()
                   if k.lower() in ("accept", "content-type", "user-agent")}
        if "watch=true" in self.path:
            self.stream(headers)
            return
        with lock:
            conn = self.upstream()
            conn.request(self.command, self.path, body, headers)
            answer = conn.getresponse()
            text = answer.read()
            tape.append((self.command, self.path, body,
                         headers.get("Content-Type"), headers.get("Accept"),
                         headers.get("User-Agent"), answer.status,
                         text.decode()))
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.headers["Content-Type"])
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = forward

    def stream(self, headers):
        conn = self.real.make()
        with lock:
            conn.request("GET", self.path, None, headers)
            answer = conn.getresponse()
            watch = Watch(self.path, headers.get("Accept"))
            watch.status = answer.status
            tape.append(watch)
        self.send_response(answer.status)
        self.send_header("Content-Type", "application/json")
        if answer.status != 200:
            text = answer.read()
            watch.body = text.decode()
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)
            return
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        try:
            while True:
                line = answer.readline()
                if not line:
                    break
                watch.lines.append(line.decode())
                self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
                self.wfile.flush()
        except OSError:
            pass
        self.close_connection = True


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, address):
        """The operator ends, and so do its connections."""


# ---- what happens -----------------------------------------------------------

class User:
    """Writes through the proxy, too, so that it is on the tape."""

    def __init__(self, ns):
        import http.client
        self.conn = http.client.HTTPConnection("127.0.0.1", PORT, timeout=30)
        self.ns = ns

    def do(self, method, path, body=None, kind="application/json"):
        self.conn.request(method, path.replace("{ns}", self.ns),
                          json.dumps(body).replace("{ns}", self.ns)
                          if body is not None else None, {
                              "User-Agent": "user/1", "Content-Type": kind,
                              "Accept": "application/json"})
        answer = self.conn.getresponse()
        text = answer.read().decode()
        return answer.status, text

    def merge(self, path, body):
        return self.do("PATCH", path, body, model.MERGE)


def bring_up(user):
    """What the Deployment controller would tell."""
    for item in json.loads(user.do("GET", "/apis/apps/v1/namespaces/{ns}/"
                                   "deployments")[1])["items"]:
        n = item["spec"]["replicas"]
        user.merge("/apis/apps/v1/namespaces/{ns}/deployments/%s/status" %
                   item["metadata"]["name"], {"status": {
                       "observedGeneration": item["metadata"]["generation"],
                       "replicas": n, "updatedReplicas": n,
                       "readyReplicas": n, "availableReplicas": n}})


def story(user):
    groups = sorted(model_cases.GROUPS)
    for i, group in enumerate(groups):
        user.do("POST", model_cases.servers(group), model_cases.server(
            group, "r%d" % i))
    user.do("POST", model_cases.servers(groups[0]), dict(
        model_cases.server(groups[0], "full"), spec={
            "image": "server:1", "config": {"a": 1}, "replicas": 2,
            "tenancy": {"tenantId": "t", "isolationLevel": "None",
                        "resourceQuotas": {"persistentVolumeClaims": 7,
                                           "storage": "1Gi"},
                        "members": [{"kind": "User", "name": "u"}]},
            "networkPolicy": {"enabled": True}, "entry": {
                "hosts": ["a.example"], "ingress": {"enabled": True},
                "httpRoute": {"enabled": True,
                              "parentRefs": [{"name": "g"}]}},
            "autoscaling": {"vpa": {"enabled": True, "updateMode": "Off"}},
            "istio": {"enabled": True, "mtls": "STRICT",
                      "virtualService": {"host": "a.example"},
                      "destinationRule": {"trafficPolicy": {
                          "loadBalancer": {"simple": "RANDOM"}}}},
            "monitoring": {"serviceMonitor": {"enabled": True},
                           "prometheusRule": {"enabled": True},
                           "dashboard": {"enabled": True}},
            "envFrom": [{"configMapRef": {"name": "given"}}]}))
    time.sleep(3)
    bring_up(user)
    time.sleep(3)
    user.do("POST", model_cases.CORE + "configmaps",
            model_cases.config("given"))
    full = model_cases.servers(groups[0]) + "/full"
    user.merge(full, {"spec": {"replicas": 3}})
    user.merge(model_cases.APPS + "deployments/r1", {"spec": {"replicas": 9}})
    user.do("DELETE", model_cases.CORE + "services/r2")
    time.sleep(3)
    bring_up(user)
    user.merge(full, {"spec": {"config": None, "autoscaling": {"hpa": {
        "enabled": True, "minReplicas": 2, "maxReplicas": 5}}}})
    time.sleep(3)
    user.merge(model_cases.APPS + "deployments/full/scale",
               {"spec": {"replicas": 4}})
    time.sleep(1)
    user.merge(full, {"spec": {"autoscaling": None, "entry": None, "tenancy": None,
                               "istio": None, "monitoring": None,
                               "networkPolicy": None}})
    user.merge(full + "/scale", {"spec": {"replicas": 1}})
    user.do("POST", model_cases.CORE + "configmaps",
            model_cases.config("taken-config"))
    user.do("POST", model_cases.servers(groups[0]), dict(
        model_cases.server(groups[0], "taken"), spec={
            "image": "server:1", "config": {"a": 1}}))
    user.merge(model_cases.servers(groups[1]) + "/r1",
               {"spec": {"image": "server:2"}})
    time.sleep(3)
    bring_up(user)
    user.do("DELETE", model_cases.servers(groups[3]) + "/r3", {
        "kind": "DeleteOptions", "apiVersion": "v1",
        "propagationPolicy": "Foreground"})
    user.do("DELETE", full)
    time.sleep(3)


def record(ns, operator):
    Proxy.real = model.Real(os.environ["KUBECONFIG"])
    server = Server(("127.0.0.1", PORT), Proxy)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "kubeconfig")
        with open(path, "w") as f:
            f.write("apiVersion: v1\nkind: Config\ncurrent-context: c\n"
                    "contexts:\n- {name: c, context: {cluster: k, user: u}}\n"
                    "clusters:\n- {name: k, cluster: {server: \"http://"
                    "127.0.0.1:%d\"}}\nusers:\n- {name: u, user: {}}\n" %
                    PORT)
        with open(os.path.join(folder, "log"), "w") as log:
            program = subprocess.Popen([
                operator, "manager", "--kubeconfig=" + path,
                "--namespace=" + ns, "--watch-namespaces=" + ns,
                "--leader-elect=true", "--finalizers=true",
                "--metrics-bind-address=0",
                "--health-probe-bind-address=0"], stdout=log, stderr=log)
            time.sleep(3)
            try:
                story(User(ns))
            finally:
                program.terminate()
                program.wait(20)
        with open(os.path.join(folder, "log")) as log:
            tail = log.read().splitlines()[-3:]
    server.shutdown()
    return tail


# ---- and again --------------------------------------------------------------

class Words:
    """What the real server calls something, in the model's words."""

    def __init__(self):
        self.map = {}

    def learn(self, real, ours):
        if isinstance(real, dict) and isinstance(ours, dict):
            for key, v in real.items():
                w = ours.get(key)
                if key in ("uid", "resourceVersion", "continue") and \
                        isinstance(v, str) and isinstance(w, str) and v:
                    self.map[v] = w
                else:
                    self.learn(v, w)
        elif isinstance(real, list) and isinstance(ours, list):
            for v, w in zip(real, ours):
                self.learn(v, w)

    def body(self, text):
        text = model.UID.sub(lambda m: self.map.get(m.group(), m.group()),
                             text)
        return re.sub(r'("resourceVersion": ?")(\d+)"', lambda m: '%s%s"' % (
            m.group(1), self.map.get(m.group(2), m.group(2))), text)

    def path(self, text):
        return re.sub(r"(resourceVersion=|continue=)([^&]+)", lambda m:
                      m.group(1) + self.map.get(m.group(2), m.group(2)), text)


def without_strangers(v):
    """The cluster puts a ConfigMap of its own into each namespace."""
    if isinstance(v, dict) and isinstance(v.get("items"), list):
        v["items"] = [i for i in v["items"] if
                      i["metadata"]["name"] != "kube-root-ca.crt"]
    return v


def is_compared(path):
    return "/namespaces/" in path


class Replay:
    def __init__(self, program, ns):
        self.model = model.Model(program)
        self.words = Words()
        self.forms = (model.Form(), model.Form())
        self.wrong, self.count = [], {}
        self.watches = []
        self.model.request("POST", "/api/v1/namespaces", json.dumps({
            "apiVersion": "v1", "kind": "Namespace",
            "metadata": {"name": ns}}), "application/json")

    def note(self, what, ours, real):
        ours, real = (f.value(v) for f, v in zip(self.forms, (ours, real)))
        for path, a, b in model.differences(ours, real):
            if not model.is_known(path):
                self.wrong.append("%s %s\n      model: %s\n      real:  %s" % (
                    what, path, json.dumps(a)[:model.CUT],
                    json.dumps(b)[:model.CUT]))

    def request(self, i, entry):
        method, path, body, kind, accept, agent, status, text = entry
        got = self.model.ask(
            method=method, path=self.words.path(path), agent=agent or "",
            type=kind or "", accept=accept or "application/json",
            body=self.words.body(body) if body else "")
        what = "%d %s %s" % (i, method, path)
        name = "%s %s" % (method, kind or "")
        self.count[name] = self.count.get(name, 0) + 1
        ours = without_strangers(model.parse(got["body"]))
        real = without_strangers(model.parse(text))
        if got["status"] != status:
            self.wrong.append("%s: model %d %s\n      real %d %s" % (
                what, got["status"], got["body"][:300], status, text[:300]))
        else:
            self.words.learn(real, ours)
            self.note(what, ours, real)

    def watch(self, i, entry):
        got = self.model.ask(watch=self.words.path(entry.path), agent="x",
                             accept=entry.accept)
        self.count["watch"] = self.count.get("watch", 0) + 1
        if got["status"] != entry.status:
            self.wrong.append("%d watch %s: model %d, real %d %s" % (
                i, entry.path, got["status"], entry.status, entry.body))
        elif got["status"] == 200:
            self.watches.append((i, entry, got["id"], []))

    def drain(self):
        """Versions come by watches, too: what was told is learnt at once."""
        for _, entry, number, ours in self.watches:
            for line in self.model.ask(next=number)["lines"]:
                line = json.loads(line)
                if self.is_told(line):
                    ours.append(line)
                    real = self.told(entry)
                    if len(ours) <= len(real):
                        self.words.learn(real[len(ours) - 1], line)

    @staticmethod
    def is_told(line):
        meta = line["object"].get("metadata", {})
        return meta.get("name") != "kube-root-ca.crt" and (
            line["type"] != "BOOKMARK" or "annotations" in meta)

    def told(self, entry):
        return [v for v in map(json.loads, entry.lines) if self.is_told(v)]

    def end(self):
        lines = 0
        for i, entry, _, ours in self.watches:
            what = "%d watch %s" % (i, entry.path)
            real = self.told(entry)
            lines += len(real)
            if len(real) > len(ours):
                self.wrong.append("%s: %d lines, real %d: %s" % (
                    what, len(ours), len(real), model.kinds(real)))
            for n, (a, b) in enumerate(zip(ours, real)):
                self.note("%s line %d" % (what, n), a, b)
        return lines


def main(program, ns, operator):
    model_cases.clean(model.Real(os.environ["KUBECONFIG"]), ns)
    tail = record(ns, operator)
    replay = Replay(program, ns)
    for i, entry in enumerate(tape):
        if isinstance(entry, Watch):
            if is_compared(entry.path):
                replay.watch(i, entry)
        elif is_compared(entry[1]):
            replay.request(i, entry)
        replay.drain()
    lines = replay.end()
    for name in sorted(replay.count):
        print("      %4d %s" % (replay.count[name], name))
    print("      %4d lines of watches" % lines)
    asked = set(replay.count)
    for need in ("GET ", "watch", "PATCH " + model.APPLY,
                 "POST application/json", "PATCH " + model.MERGE,
                 "DELETE application/json"):
        if need not in asked:
            replay.wrong.append("the operator sent no %s: %s" % (need, tail))
    for part in (model_cases.SCALERS, model_cases.BUDGETS,
                 model_cases.INGRESSES, model_cases.POLICIES,
                 model_cases.ROUTES, model_cases.SIZERS, model_cases.VIRTUAL,
                 model_cases.DESTINATIONS, model_cases.AUTHS,
                 model_cases.MONITORS, model_cases.ALERTS, model_cases.QUOTAS, model_cases.LIMITS,
                 model_cases.RIGHTS + "roles", model_kinds.HANDOVER):
        part = part.replace("{ns}", ns)
        if not any(part in e[1] for e in tape if isinstance(e, tuple) and
                   e[0] == "PATCH"):
            replay.wrong.append("the operator applied no " + part)
    for line in replay.wrong[:int(os.environ.get("SHOW", 12))]:
        print("      " + line)
    print("%s  recorded (%d requests)" % (
        "FAIL" if replay.wrong else "ok  ", sum(replay.count.values())))
    print("%d passed, %d failed" % (not replay.wrong, bool(replay.wrong)))
    model_cases.clean(model.Real(os.environ["KUBECONFIG"]), ns)
    return bool(replay.wrong)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))
