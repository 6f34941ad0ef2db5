#!/usr/bin/python3
"""usage: certificates.py NS ADDRESS CA STOP OUT

Until the file STOP is there, servers are offered to the API server, faulty and
good ones by turns and as a dry run, so that nothing of them stays; and reviews
straight to the webhook at ADDRESS, each over a connection of its own and only
if its certificate is signed by CA. In OUT is what came of them, see
33-certificates.sh.
"""

import collections
import http.client
import json
import os
import socket
import ssl
import sys
import threading
import time

from world import Client, server_path

NAME = "mcp-operator-webhook.mcp-system.svc"
GROUP = "mcp.allbeone.io"
ns, address, ca, stop, out = sys.argv[1:]
counts = collections.Counter()
serials = []
odd = []
slowest = 0.0


def going():
    return not os.path.exists(stop)


def server(name, faulty):
    spec = {"image": "x:1", "replicas": 0}
    if faulty:
        # CEL knows nothing of quantities, so the CRD lets it through.
        spec["resources"] = {"requests": {"cpu": 2}, "limits": {"cpu": 1}}
    return {"apiVersion": f"{GROUP}/v1", "kind": "MCPServer",
            "metadata": {"name": name, "namespace": ns}, "spec": spec}


def offer():
    """What kubectl would get as an answer."""
    global slowest
    api = Client()
    path = server_path(GROUP, ns) + "?dryRun=All"
    n = 0
    while going():
        n += 1
        faulty = n % 2 == 0
        at = time.monotonic()
        code, answer = api.ask("POST", path, server(f"offered-{n}", faulty))
        took = time.monotonic() - at
        if faulty:
            message = answer.get("message", "")
            seen = code == 422 and "admission webhook" in message and \
                "resources" in message
            counts["faulty refused" if seen else "faulty let in"] += 1
        else:
            counts["good taken" if code == 201 else "good refused"] += 1
            slowest = max(slowest, took)
        if (code == 201) == faulty:
            odd.append(f"{n}: {code} {answer.get('message', '')[:200]}")
        time.sleep(0.02)


def ask():
    """What the API server would get over a connection of its own."""
    context = ssl.create_default_context(cafile=ca)
    review = json.dumps({
        "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
        "request": {"uid": "u", "operation": "CREATE", "namespace": ns, "name": "asked",
                    "kind": {"group": GROUP, "version": "v1", "kind": "MCPServer"},
                    "object": server("asked", True)}})
    while going():
        try:
            with socket.create_connection((address, 443), 5) as plain, \
                    context.wrap_socket(plain, server_hostname=NAME) as tls:
                serial = tls.getpeercert()["serialNumber"]
                http_ = http.client.HTTPConnection(NAME)
                http_.sock = tls
                http_.request("POST", "/validate", review, {"Content-Type": "application/json"})
                answer = json.load(http_.getresponse())
            refused = answer["response"]["allowed"] is False
            counts["asked refused" if refused else "asked let in"] += 1
            if serial not in serials[-1:]:
                serials.append(serial)
        except (OSError, ValueError, KeyError, http.client.HTTPException) as e:
            counts["asked failed"] += 1
            odd.append(f"asked: {e!r}")
        time.sleep(0.01)


threads = [threading.Thread(target=one) for one in (offer, ask, ask)]
for one in threads:
    one.start()
for one in threads:
    one.join()
with open(out, "w") as f:
    for what in ("faulty refused", "faulty let in", "good taken", "good refused",
                 "asked refused", "asked let in", "asked failed"):
        print(what, counts[what], file=f)
    print("slowest", int(slowest * 1000), file=f)
    print("serials", " ".join(serials), file=f)
    for line in odd[:20]:
        print("odd", line, file=f)
