#!/usr/bin/python3
"""usage: schemas.py GOLDENS OUT

Every object that a golden says a server becomes is sent to the API server as
the operator sends it, as a dry run with strict validation. What others check
them with is written: OUT/objects, a file for each; OUT/schemas, a JSON schema
for each kind from the live OpenAPI, in which no field is unknown that is not
allowed to be; OUT/rules, the rules as promtool reads them.
"""

import glob
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from world import APPLY, Client, check  # noqa: E402

NS = os.environ["SCHEMAS_NS"]


def objects_of(path):
    """A golden has one JSON text after the other."""
    with open(path) as f:
        text = f.read()
    decoder, at = json.JSONDecoder(), 0
    while text[at:].strip():
        at += len(text[at:]) - len(text[at:].lstrip())
        one, at = decoder.raw_decode(text, at)
        yield one


def root_of(version):
    return f"/apis/{version}" if "/" in version else f"/api/{version}"


class Plurals:
    def __init__(self, api):
        self.api, self.known = api, {}

    def of(self, one):
        version = one["apiVersion"]
        if version not in self.known:
            found = self.api.get(root_of(version)) or {"resources": []}
            self.known[version] = {r["kind"]: r["name"] for r in found["resources"]
                                   if "/" not in r["name"]}
        return self.known[version].get(one["kind"])


def dry_run(api, plurals, one):
    """None, or what the API server has against it."""
    plural = plurals.of(one)
    if plural is None:
        return "the API server does not have this kind"
    path = (f"{root_of(one['apiVersion'])}/namespaces/{NS}/{plural}/"
            f"{one['metadata']['name']}?dryRun=All&fieldValidation=Strict"
            "&fieldManager=schemas&force=true")
    code, answer = api.ask("PATCH", path, one, APPLY)
    return None if code in (200, 201) else f"{code} {answer.get('message')}"


# ---- schemas ----------------------------------------------------------------


def close(node):
    """What has properties has no others."""
    if isinstance(node, list):
        for one in node:
            close(one)
    if not isinstance(node, dict):
        return
    for key, one in node.items():
        # Names of properties are no keywords.
        for part in one.values() if key == "properties" else [one]:
            close(part)
    if isinstance(node.get("properties"), dict) and \
            "additionalProperties" not in node and \
            not node.get("x-kubernetes-preserve-unknown-fields"):
        node["additionalProperties"] = False


def write_schemas(api, versions, out):
    os.makedirs(out, exist_ok=True)
    for version in sorted(versions):
        parts = api.get("/openapi/v3" + root_of(version))["components"]
        for part in parts["schemas"].values():
            close(part)
        for name, part in parts["schemas"].items():
            for gvk in part.get("x-kubernetes-group-version-kind", []):
                group = gvk["group"] or gvk["version"]
                known = "/".join(filter(None, (gvk["group"], gvk["version"])))
                if known != version:
                    continue
                file = f"{group}_{gvk['version']}_{gvk['kind'].lower()}.json"
                with open(f"{out}/{file}", "w") as f:
                    json.dump({"$ref": f"#/components/schemas/{name}",
                               "components": parts}, f)


# ---- all of it --------------------------------------------------------------


def main():
    goldens, out = sys.argv[1:]
    api = Client()
    plurals = Plurals(api)
    kinds, faults, versions = {}, {}, set()
    os.makedirs(f"{out}/objects", exist_ok=True)
    os.makedirs(f"{out}/rules", exist_ok=True)
    for path in sorted(glob.glob(f"{goldens}/*.out.json")):
        sample = os.path.basename(path)[:-len(".out.json")]
        for n, one in enumerate(objects_of(path)):
            kind = one["kind"]
            if kind == "Service" and len(one["metadata"]["name"]) > 63:
                continue  # the rules refuse such a server before
            one["metadata"]["namespace"] = NS
            with open(f"{out}/objects/{sample}-{n}.json", "w") as f:
                json.dump(one, f)
            if kind == "PrometheusRule":
                with open(f"{out}/rules/{sample}.yaml", "w") as f:
                    json.dump(one["spec"], f)
            versions.add(one["apiVersion"])
            kinds[kind] = kinds.get(kind, 0) + 1
            fault = dry_run(api, plurals, one)
            if fault:
                faults.setdefault(kind, []).append(f"{sample}: {fault}")
    for kind, n in sorted(kinds.items()):
        bad = faults.get(kind, [])
        check(f"strict validation: {n} {kind}", not bad, *bad)
    write_schemas(api, versions, f"{out}/schemas")


main()
