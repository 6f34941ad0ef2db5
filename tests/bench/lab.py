"""What the benches share: the API server, the operator and the audit log.

Runs inside the node's network namespace with KUBECONFIG set, as run.sh does
it. Needs nothing but Python's standard library.
"""

import atexit
import base64
import datetime
import http.client
import json
import os
import re
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
import time

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
OPERATOR = os.path.join(TOP, "build/release/mcp-operator")
BARE = os.path.join(TOP, "build/release/mcp-bare")
AUDIT = os.environ["BENCH_AUDIT"]
PIDS = os.environ["BENCH_PIDS"].split()
WORK = tempfile.mkdtemp(prefix="bench-")
atexit.register(shutil.rmtree, WORK, True)
LANES = 4
METRICS, HEALTH, PPROF = 18080, 18081, 16060

NS = "default"
SERVERS = f"/apis/mcp.allbeone.io/v1/namespaces/{NS}/mcpservers"
SERVICES = f"/api/v1/namespaces/{NS}/services"
CONFIG_MAPS = f"/api/v1/namespaces/{NS}/configmaps"
SECRETS = f"/api/v1/namespaces/{NS}/secrets"
DEPLOYMENTS = f"/apis/apps/v1/namespaces/{NS}/deployments"
REPLICA_SETS = f"/apis/apps/v1/namespaces/{NS}/replicasets"
OURS = "?labelSelector=mcp.allbeone.io/server-key"

start = time.monotonic()


def say(text):
    """Progress; the results alone go to the standard output."""
    print(f"{time.monotonic() - start:6.0f} s  {text}", file=sys.stderr, flush=True)


def die(text):
    sys.exit(f"bench: {text}")


def reached(what, seconds, done):
    """Waits for it; False when it takes longer."""
    end = time.monotonic() + seconds
    beat = time.monotonic() + 15
    while not done():
        now = time.monotonic()
        if now > end:
            return False
        if now > beat:
            say(f"    waiting: {what}")
            beat = now + 15
        time.sleep(0.1)
    return True


def wait(what, seconds, done):
    if not reached(what, seconds, done):
        die(f"no success after {seconds:.0f} s: {what}")


# ---- the API server ---------------------------------------------------------


class Api:
    """One kept connection."""

    def __init__(self):
        with open(os.environ["KUBECONFIG"]) as f:
            text = f.read()
        for key in ("certificate-authority", "client-certificate", "client-key"):
            found = re.search(key + r"-data:\s*(\S+)", text)
            with open(f"{WORK}/{key}.{threading.get_ident()}", "wb") as f:
                f.write(base64.b64decode(found.group(1)))
        at = lambda key: f"{WORK}/{key}.{threading.get_ident()}"
        context = ssl.create_default_context(cafile=at("certificate-authority"))
        context.load_cert_chain(at("client-certificate"), at("client-key"))
        host = re.search(r"server:\s*https://(\S+)", text).group(1)
        self.http = http.client.HTTPSConnection(host, context=context, timeout=120)

    def exchange(self, method, path, body):
        headers = {"Content-Type": "application/json", "User-Agent": "bench-load"}
        self.http.request(method, path, body, headers)
        answer = self.http.getresponse()
        return answer, answer.read()

    def call(self, method, path, body=None, ok=(200, 201, 202)):
        if body is not None:
            body = json.dumps(body)
        try:
            answer, text = self.exchange(method, path, body)
        except (http.client.RemoteDisconnected, ConnectionError, ssl.SSLError):
            # The API server ends a connection that nothing came over.
            self.http.close()
            answer, text = self.exchange(method, path, body)
        if answer.status not in ok:
            die(f"{method} {path}: HTTP {answer.status} {text[:300]!r}")
        return json.loads(text)

    def count(self, path):
        """With a selector, the API server does not tell how many are left."""
        answer = self.call("GET", path + ("&" if "?" in path else "?") + "limit=1")
        rest = answer["metadata"].get("remainingItemCount", 0)
        return len(answer["items"]) + rest


def spread(what, items, work):
    """Calls work(api, item) for each, over LANES kept connections."""
    items = list(items)
    at = iter(items)
    lock = threading.Lock()
    done = [0]
    failed = []

    def lane():
        try:
            api = Api()
            while not failed:
                with lock:
                    item = next(at, None)
                    if item is None:
                        return
                    done[0] += 1
                    if done[0] % 2000 == 0:
                        say(f"    {what}: {done[0]} of {len(items)}")
                work(api, item)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=lane) for _ in range(LANES)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    if failed:
        die(f"{what}: {failed[0]}")


def server(i, **spec):
    return {
        "apiVersion": "mcp.allbeone.io/v1",
        "kind": "MCPServer",
        "metadata": {"name": f"s{i}"},
        "spec": {
            "image": "mcp-server-filesystem",
            "tag": "latest",
            "replicas": 0,
            "port": 8080,
            "command": ["python", "-m", "mcp_server"],
            "env": [{"name": "MODE", "value": "bench"}],
            **spec,
        },
    }


def servers_create(numbers, path=SERVERS):
    spread("servers", numbers, lambda api, i: api.call("POST", path, server(i)))


def children_delete(api):
    """Those of all servers, without waiting for the garbage collector."""
    for path in (DEPLOYMENTS, REPLICA_SETS):
        api.call("DELETE", path, {"propagationPolicy": "Background"})
    api.call("DELETE", SERVICES + OURS)
    api.call("DELETE", CONFIG_MAPS + OURS)
    for path in (DEPLOYMENTS, SERVICES + OURS, CONFIG_MAPS + OURS):
        wait("children are gone", 120, lambda: api.count(path) == 0)


def everything_delete(api):
    # Ten thousand take longer than the API server gives one request.
    for _ in range(10):
        try:
            api.call("DELETE", SERVERS, ok=(200, 504))
        except http.client.RemoteDisconnected:
            pass
        if api.count(SERVERS) == 0:
            break
    wait("servers are gone", 300, lambda: api.count(SERVERS) == 0)
    children_delete(api)


# ---- the audit log ----------------------------------------------------------


def seconds_of(stamp):
    return datetime.datetime.fromisoformat(stamp.replace("Z", "+00:00")).timestamp()


class Audit:
    """Requests since it was made, or since the last reset."""

    def __init__(self):
        self.reset()

    def reset(self, at=None):
        """Or since that byte of the log, which may be within a line."""
        self.at = os.stat(AUDIT).st_size if at is None else at
        self.rest = None

    def read(self):
        with open(AUDIT, "rb") as log:
            log.seek(self.at)
            text = log.read()
            if self.rest is None:
                log.seek(max(self.at - 1, 0))
                whole = self.at == 0 or log.read(1) == b"\n"
                if not whole and b"\n" not in text:
                    return []
                self.at += len(text)
                text = text if whole else text.partition(b"\n")[2]
                self.rest = b""
            else:
                self.at += len(text)
        lines = (self.rest + text).split(b"\n")
        self.rest = lines.pop()
        return [json.loads(line) for line in lines]


def agent_of(event):
    return event.get("userAgent", "").split("/")[0]


def resource_of(event):
    ref = event.get("objectRef") or {}
    sub = ref.get("subresource")
    return ref.get("resource", "") + ("/" + sub if sub else "")


def is_child(event, agent):
    """The answer that says that a child was made."""
    return (
        event["stage"] == "ResponseComplete"
        and agent_of(event) == agent
        and event["verb"] == "patch"
        and resource_of(event) in ("configmaps", "services", "deployments")
        and event["responseStatus"]["code"] == 201
    )


def quiet(what, seconds=2, limit=600):
    """Until the operator and the controllers have not written for so long."""
    agents = ("mcp-operator", "kube-controller-manager")
    audit = Audit()
    last = [time.monotonic()]

    def rests():
        for event in audit.read():
            if agent_of(event) in agents and event["verb"] not in (
                "get", "list", "watch",
            ):
                last[0] = time.monotonic()
        return time.monotonic() - last[0] >= seconds

    return reached(what, limit, rests)


# ---- processor time -------------------------------------------------------


def cpu_seconds():
    """What the API server and etcd have used: a figure that does not depend on
    what else the machine does."""
    used = 0
    for pid in PIDS:
        with open(f"/proc/{pid}/stat") as f:
            fields = f.read().rsplit(")", 1)[1].split()
        used += int(fields[11]) + int(fields[12])
    return used / os.sysconf("SC_CLK_TCK")


# ---- the operator -----------------------------------------------------------


def page(port, path):
    """A page of the operator; None when nobody answers or it is no 200."""
    try:
        c = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        c.request("GET", path)
        answer = c.getresponse()
        text = answer.read().decode()
        c.close()
        return text if answer.status == 200 else None
    except OSError:
        return None


class Operator:
    def __init__(self, *flags):
        self.log = open(f"{WORK}/operator.log", "ab")
        argv = [
            OPERATOR,
            "manager",
            f"--metrics-bind-address=127.0.0.1:{METRICS}",
            f"--health-probe-bind-address=127.0.0.1:{HEALTH}",
            *flags,
        ]
        self.process = subprocess.Popen(argv, stdout=self.log, stderr=self.log)
        atexit.register(self.process.kill)

    def page(self, port, path):
        text = page(port, path)
        if text is None and self.process.poll() is not None:
            with open(self.log.name, errors="replace") as log:
                die("the operator ended: " + log.read()[-2000:])
        return text

    def ready(self):
        wait("the operator is ready", 60, lambda: self.page(HEALTH, "/readyz"))

    def send(self, number):
        self.process.send_signal(number)

    def end(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        self.process.wait(30)


def bare(*arguments):
    """Runs the bare client; seconds that it measured itself."""
    r = subprocess.run([BARE, *arguments], capture_output=True, text=True)
    if r.returncode != 0:
        die(f"bare {' '.join(arguments)}: {r.stdout}{r.stderr}")
    return int(re.search(r"([0-9]+) us", r.stdout).group(1)) / 1e6
