#!/usr/bin/python3
"""Faulty servers by the hundred, offered to an API server that asks the
operator: each is refused, with the path of its fault and the rule, by the
webhook or, where the row says so, by the CRD already. Nothing is stored. And
the webhook, which is not asked of what the CRD refuses, is asked by itself, for
it has to say all that is wrong with an object. See 33-webhooks.sh.
"""

import os
import sys

from faulty import cases, whole
from world import Client, check, failures, server_path

NS = os.environ["ADMISSION_NS"]


WEBHOOK = ("/api/v1/namespaces/mcp-system/services/"
           "https:mcp-operator-webhook:443/proxy/validate")


def has(causes, path, words):
    return any(c.get("field") == path and words in c.get("message", "")
               for c in causes)


def offer(api, row):
    """What is wrong with the API server's answer, or None."""
    group, spec, path, words, crd = row
    code, answer = api.ask("POST", server_path(group, NS) + "?dryRun=All", whole(group, spec))
    if crd and crd is not True:
        path, words = crd
    message = answer.get("message", "")
    by_crd = "admission webhook" not in message
    causes = answer.get("details", {}).get("causes", [])
    if code == 422 and by_crd == bool(crd) and has(causes, path, words):
        return None
    return f"{group} {path} ({words}): {code} {message}"


def review(api, row):
    """The same of the webhook's own answer."""
    group, spec, path, words, _ = row
    server = whole(group, spec)
    version = server["apiVersion"].split("/")[1]
    code, answer = api.ask("POST", WEBHOOK, {
        "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
        "request": {"uid": "a", "operation": "CREATE", "namespace": NS, "object": server,
                    "kind": {"group": group, "version": version, "kind": "MCPServer"}}})
    answer = answer.get("response", answer)
    causes = answer.get("status", {})
    causes = causes.get("details", {}).get("causes", []) if isinstance(causes, dict) else []
    if code == 200 and answer.get("allowed") is False and has(causes, path, words):
        return None
    return f"{group} {path} ({words}): {code} {answer}"


def main():
    api = Client()
    wrong = [w for w in (offer(api, row) for row in cases) if w]
    check(f"{len(cases)} faulty servers are refused for what is wrong",
          not wrong and len(cases) >= 300, *wrong)
    marked = sum(bool(row[4]) for row in cases)
    check(f"{marked} of them by the CRD", marked >= 600)
    wrong = [w for w in (review(api, row) for row in cases) if w]
    check(f"the webhook refuses all {len(cases)} of them for what is wrong", not wrong, *wrong)
    sys.exit(bool(failures))


main()
