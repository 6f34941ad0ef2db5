#!/usr/bin/python3
"""usage: dashboards.py SDK GOLDENS OUT

Whether each dashboard of a golden is one of Grafana's own published types
(grafana-foundation-sdk, unpacked in SDK): no field that they do not have, and
each value of the type that they say; and that this would find some that are
not. OUT/queries.yaml has the panels' queries as rules, which promtool parses.
"""

import copy
import enum
import glob
import json
import os
import sys
import types
import typing

sys.path.insert(0, sys.argv[1])
from grafana_foundation_sdk.cog import plugins  # noqa: E402
from grafana_foundation_sdk.cog.encoder import JSONEncoder  # noqa: E402
from grafana_foundation_sdk.cog.runtime import UnknownDataquery  # noqa: E402
from grafana_foundation_sdk.models import dashboard as grafana  # noqa: E402
from grafana_foundation_sdk.models import units  # noqa: E402

UNITS = {v for v in vars(units).values() if isinstance(v, str)}


# ---- types ------------------------------------------------------------------


def is_one(hint, value):
    """Whether a value, not an object, is of a type."""
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return value in [one.value for one in hint]
    if hint is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, hint)


def faults_of(hint, value, path):
    """Where a value is not of a type, and how."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        found = [faults_of(one, value, path) for one in inner]
        return min(found, key=len)
    if origin is typing.Literal:
        same = any(value == one and type(value) is type(one) for one in inner)
        return [] if same else [f"{path}: {value!r} is none of {inner}"]
    if origin is list:
        if not isinstance(value, list):
            return [f"{path}: is no list"]
        return [one for i, v in enumerate(value) for one in faults_of(inner[0], v, f"{path}[{i}]")]
    if origin is dict:
        if not isinstance(value, dict):
            return [f"{path}: is no object"]
        return [one for k, v in value.items() for one in faults_of(inner[1], v, f"{path}.{k}")]
    if hint is object or hint is typing.Any:
        return []
    if isinstance(value, UnknownDataquery):
        return [f"{path}: is a query of no known data source"]
    if not is_one(hint, value):
        return [f"{path}: {value!r} is no {hint.__name__}"]
    if hasattr(value, "to_json"):
        hints = typing.get_type_hints(type(value))
        return [one for name, v in vars(value).items()
                for one in faults_of(hints[name], v, f"{path}.{name.removesuffix('_val')}")]
    return []


def lost(given, kept, path):
    """Where something of what was given is not kept, or is another."""
    if isinstance(given, dict) and isinstance(kept, dict):
        return [one for k, v in given.items() for one in (
            lost(v, kept[k], f"{path}.{k}") if k in kept
            else [f"{path}.{k}: is not known to Grafana"])]
    if isinstance(given, list) and isinstance(kept, list) and len(given) == len(kept):
        return [one for i, v in enumerate(given) for one in lost(v, kept[i], f"{path}[{i}]")]
    return [] if given == kept else [f"{path}: {given!r} becomes {kept!r}"]


def rest_of(given):
    """What the types do not say, but their comments and Grafana do."""
    out = []
    if not 8 <= len(given["uid"]) <= 40:
        out.append("uid: is not of 8 to 40 characters")
    sources = ["${%s}" % v["name"] for v in given["templating"]["list"]
               if v["type"] == "datasource"]
    seen, taken = set(), set()
    for i, panel in enumerate(given["panels"]):
        place = panel["gridPos"]
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"])
                 for y in range(place["y"], place["y"] + place["h"])}
        if panel["id"] in seen:
            out.append(f"panels[{i}].id: is that of another one")
        if cells & taken or place["x"] + place["w"] > 24:
            out.append(f"panels[{i}].gridPos: is not its own")
        if panel["fieldConfig"]["defaults"]["unit"] not in UNITS:
            out.append(f"panels[{i}].fieldConfig.defaults.unit: is no unit of Grafana's")
        if not plugins.cogruntime.Runtime().panelcfg_config(panel["type"]):
            out.append(f"panels[{i}].type: is no panel of Grafana's")
        if panel["datasource"]["uid"] not in sources:
            out.append(f"panels[{i}].datasource: is no variable")
        for target in panel["targets"]:
            if target.get("datasource", panel["datasource"]) != panel["datasource"]:
                out.append(f"panels[{i}].targets: are not of the panel's source")
        seen.add(panel["id"])
        taken |= cells
    return out


def check(given):
    try:
        made = grafana.Dashboard.from_json(copy.deepcopy(given))
    except (AttributeError, KeyError, TypeError) as e:
        return [f"cannot be read: {e!r}"]
    kept = json.loads(json.dumps(made, cls=JSONEncoder))
    return faults_of(grafana.Dashboard, made, "") + lost(given, kept, "") or rest_of(given)


# ---- goldens ----------------------------------------------------------------


def objects_of(path):
    with open(path) as f:
        text = f.read()
    decoder, at = json.JSONDecoder(), 0
    while text[at:].strip():
        at += len(text[at:]) - len(text[at:].lstrip())
        one, at = decoder.raw_decode(text, at)
        yield one


def dashboards(goldens):
    for path in sorted(glob.glob(f"{goldens}/*.out.json")):
        for one in objects_of(path):
            if one["kind"] == "ConfigMap" and one["metadata"]["name"].endswith("-dashboard"):
                for name, text in one["data"].items():
                    yield f"{os.path.basename(path)}: {name}", json.loads(text)


def queries(given):
    for panel in given["panels"]:
        for target in panel["targets"]:
            yield target["expr"]


# Faults that one could make, by where they are put.
EDITS = [
    ("schemaVersion", "39"), ("refresh", 60), ("tags", "mcp"), ("nobodyKnows", 1), ("uid", "a"),
    ("time", {"from": 6, "to": "now"}), ("templating.list.0.type", "source"),
    ("templating.list.0.regexp", ""), ("panels.0.title", 1), ("panels.0.type", "timeline"),
    ("panels.0.gridPos.w", "12"), ("panels.0.gridPos.w", 24), ("panels.1.id", 1),
    ("panels.0.datasource", "prometheus"), ("panels.0.datasource.name", "x"),
    ("panels.0.fieldConfig.defaults.min", "0"), ("panels.0.fieldConfig.defaults.unit", "pods"),
    ("panels.0.fieldConfig.overrides", {}), ("panels.0.targets.0.expr", 1),
    ("panels.0.targets.0.legend", "x"), ("panels.0.targets.0.datasource.type", "prom"),
    ("panels.0.targets", {}), ("panels.0.datasource.type", "prom"),
    ("panels.0.datasource.uid", "${source}"),
]


def put(given, path, value):
    *way, last = [int(p) if p.isdigit() else p for p in path.split(".")]
    given = at = copy.deepcopy(given)
    for part in way:
        at = at[part]
    at[last] = value
    return given


def main():
    _, goldens, out = sys.argv[1:]
    plugins.register_default_plugins()
    found, exprs, wrong = 0, [], []
    for name, given in dashboards(goldens):
        found += 1
        wrong += [f"{name}: {fault}" for fault in check(given)]
        exprs += queries(given)
        wrong += [f"{name}: nothing is found of {path} = {value!r}" for path, value in EDITS
                  if not check(put(given, path, value))]
    if not found or not exprs:
        wrong.append("there is no dashboard, or none with queries")
    for line in wrong:
        print(line, file=sys.stderr)
    with open(f"{out}/queries.yaml", "w") as f:
        json.dump({"groups": [{"name": "queries", "rules": [
            {"record": f"query:{i}", "expr": expr} for i, expr in enumerate(exprs)]}]}, f)
    print(f"{found} dashboards with {len(exprs)} queries, {len(EDITS)} faults found in each")
    sys.exit(1 if wrong else 0)


main()
