#!/usr/bin/python3
"""usage: oldest.py OLDEST JUDGE MUTATIONS CRD...

What the CRDs alone refuse, by the API server of Kubernetes 1.27 (OLDEST, of
tests/crds), beside what the operator refuses (JUDGE, the same): of faulty.py
exactly what its rows say, and never what the operator takes, of the samples,
of the documents that users come with, of the goldens, nor of what random
changes make of any of these. SEED=1 is by what they are random.
"""

import copy
import glob
import itertools
import json
import os
import random
import re
import subprocess
import sys
import threading

import yaml

import faulty

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
SEED = int(os.environ.get("SEED", "1"))


class Program:
    """Objects in, what is said of each out."""

    def __init__(self, *command):
        self.command = command

    def say(self, objects):
        p = subprocess.Popen(self.command, stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, text=True)

        def feed():
            for o in objects:
                p.stdin.write(json.dumps(o) + "\n")
            p.stdin.close()
        feeder = threading.Thread(target=feed)
        feeder.start()
        answers = [json.loads(line) for line in p.stdout]
        feeder.join()
        if p.wait() or len(answers) != len(objects):
            sys.exit(f"{self.command[0]} ended with {p.returncode}")
        return answers


# ---- what there is of objects ------------------------------------------------

def documents():
    """The texts that hold some."""
    for path in sorted(glob.glob(f"{TOP}/manifests/samples/*.yaml")):
        with open(path) as f:
            yield f.read()
    for path in sorted(glob.glob(f"{TOP}/tests/golden/render/*.json") +
                       glob.glob(f"{TOP}/fuzz/corpus/server/*")):
        if not path.endswith(".out.json"):
            with open(path, errors="replace") as f:
                yield f.read()
    for path in sorted(glob.glob(f"{TOP}/docs/*.md") + [f"{TOP}/README.md"] +
                       glob.glob(f"{TOP}/tests/e2e/references/*.md")):
        with open(path) as f:
            yield from re.findall(r"```(?:yaml|json)?\n(.*?)```", f.read(), re.S)


def objects(groups):
    for text in documents():
        try:
            found = list(yaml.safe_load_all(text))
        except (yaml.YAMLError, ValueError):
            continue
        for o in found:
            if isinstance(o, dict) and o.get("kind") == "MCPServer" and \
                    str(o.get("apiVersion")).split("/", 1)[0] in groups:
                o = json.loads(json.dumps(o, default=str))
                o.setdefault("metadata", {}).setdefault("name", "a")
                yield o


# ---- changes of them ---------------------------------------------------------

# What is wrong somewhere and right elsewhere.
TEXTS = ["", "a", "A", "a-b", "a_b", "-a", "a.b", "a..b", "/", "/a", "/a b", "a/b",
         "../a", "*", "*.a.b", "10.0.0.1", "10.0.0.0/8", "fd00::1", "::/0", "1.2.3.400",
         "fd00::1%1", "fd00::1%eth0", "1", "0%", "100%", "101%", "0100%", "+5%", "25", "1s",
         "0s", "1h30m", "-1s", "1.5h", "1us", "1µs", "1 day", "1d", ".5s", "1Gi", "-1", "100m",
         "mcp", "app", "mcp-server", "cpu", "memory", "mcp-tmp", "mcp-source-1", "None",
         "x" * 63, "x" * 64, "x" * 300, "ä", "a\nb", "a.k8s.io/b", "k8s.io/b",
         "mcp.allbeone.io/x", "a:1", "#", "=", "mesh", "a/b/c", "SIMPLE", "stdio", "http"]
NUMBERS = [0, 1, 2, 3, 5, 80, 600, 3000, 8080, 65535, 65536, -1, 1000000]


def places(value, into):
    """(container, key) of everything below a value."""
    for key in value if isinstance(value, dict) else range(len(value)):
        into.append((value, key))
        if isinstance(value[key], (dict, list)):
            places(value[key], into)
    return into


def words_of(o, into):
    """Texts and numbers of an object, to be found elsewhere in another."""
    for holder, key in places(o, []):
        if isinstance(holder[key], (str, int)):
            into.append(holder[key])
        if isinstance(holder, dict):
            into.append(key)
    return into


def graft(rng, spec, other):
    """A part of one spec in another, objects taken together."""
    for key in rng.sample(sorted(other), min(len(other), rng.randint(1, 3))):
        mine, theirs = spec.get(key), copy.deepcopy(other[key])
        if isinstance(mine, dict) and isinstance(theirs, dict) and rng.random() < 0.7:
            graft(rng, mine, theirs)
        elif isinstance(mine, list) and isinstance(theirs, list) and rng.random() < 0.7:
            mine.extend(theirs)
        else:
            spec[key] = theirs


def change(rng, spec, words):
    where = places(spec, [])
    if not where:
        return
    holder, key = rng.choice(where)
    value = holder[key]
    how = rng.random()
    if how < 0.15:
        del holder[key]
    elif isinstance(value, bool):
        holder[key] = not value
    elif isinstance(value, dict):
        value[str(rng.choice(TEXTS + words))] = rng.choice(TEXTS + NUMBERS + words)
    elif isinstance(value, list):
        value.append(copy.deepcopy(rng.choice(value)) if value else rng.choice(TEXTS + words))
    elif how < 0.3 and isinstance(holder, dict):
        holder[str(rng.choice(TEXTS + words))] = holder.pop(key)
    elif how < 0.4 and isinstance(value, str) and value:
        at = rng.randrange(len(value))
        holder[key] = value[:at] + rng.choice("-_./:%*=#Aa0 \tä") + value[at + rng.randint(0, 1):]
    elif isinstance(value, int):
        holder[key] = rng.choice(NUMBERS + [value + 1, value - 1])
    else:
        holder[key] = rng.choice(TEXTS + words)


def last_ones(spec):
    """Of a variable given twice the operator looks at the last one only."""
    env = spec.get("env")
    if isinstance(env, list) and all(isinstance(e, dict) for e in env):
        spec["env"] = list({str(e.get("name")): e for e in env}.values())


def mutations(rng, whole, faults, n):
    words = sorted({w for o in whole for w in words_of(o["spec"], [])
                    if isinstance(w, str) and len(w) < 64})
    by_group = {}
    for o in whole:
        by_group.setdefault(o["apiVersion"], []).append(o)
    for _ in range(n):
        o = copy.deepcopy(rng.choice(whole if rng.random() < 0.9 else faults))
        for _ in range(rng.choice((0, 0, 1, 2))):
            graft(rng, o["spec"], rng.choice(by_group[o["apiVersion"]])["spec"])
        for _ in range(rng.choice((0, 1, 1, 2, 3))):
            change(rng, o["spec"], words)
        last_ones(o["spec"])
        yield o


# ---- the checks --------------------------------------------------------------

failures = []


def check(what, ok, *details):
    """As world.py has it, which needs a node."""
    print(f"{'ok   ' if ok else 'FAIL '} {what}", flush=True)
    for line in details if not ok else ():
        print(f"      {line}", flush=True)
    if not ok:
        failures.append(what)


def told(answer, path, words):
    return any(f["field"] == path and words in f["message"] for f in answer["faults"])


def shown(o, answer):
    return f"{json.dumps(o)[:1500]}: {answer['faults'][:3]}"


def rows(oldest, judge):
    wrong = []
    of = [faulty.whole(*row[:2]) for row in faulty.cases]
    by_crd = oldest.say(of)
    by_us = judge.say([a["object"] for a in by_crd])
    for (group, spec, path, words, crd), theirs, ours in zip(faulty.cases, by_crd, by_us):
        at = (path, words) if crd is True else crd
        if not told(ours, path, words):
            wrong.append(f"the operator: {group} {path} {words}: {shown(spec, ours)}")
        if not (told(theirs, *at) if at else not theirs["faults"]):
            wrong.append(f"the CRD: {group} {at or path}: {shown(spec, theirs)}")
    marked = sum(bool(row[4]) for row in faulty.cases)
    check(f"the CRDs alone refuse {marked} of {len(of)} faulty servers, those that "
          "are marked", not wrong and len(of) >= 600, *wrong[:20])


def never_more(what, oldest, judge, of, least):
    by_crd = oldest.say(of)
    refused = [(o, a) for o, a in zip(of, by_crd) if a["faults"]]
    by_us = judge.say([a["object"] for _, a in refused])
    wrong = [shown(a["object"], a) for (_, a), ours in zip(refused, by_us)
             if not ours["faults"]]
    check(f"the CRDs refuse {len(refused)} of {len(of)} {what}, all of which the "
          "operator refuses", not wrong and len(of) >= least, *wrong[:20])
    return [o for o, a in zip(of, by_crd) if not a["faults"]]


def main():
    oldest = Program(sys.argv[1], "-objects", *sys.argv[4:])
    judge = Program(sys.argv[2])
    rows(oldest, judge)
    groups = (faulty.ALLBEONE, faulty.NTAKATSU, faulty.EXAMPLE, faulty.MCPDEV)
    whole = never_more("servers of samples, goldens and documents", oldest, judge,
                       list(objects(groups)), 60)
    rng = random.Random(SEED)
    of = mutations(rng, [o for o in whole if isinstance(o.get("spec"), dict)],
                   [faulty.whole(*row[:2]) for row in faulty.cases], int(sys.argv[3]))
    while some := list(itertools.islice(of, 10000)):
        never_more(f"random servers (SEED={SEED})", oldest, judge, some, 1)
    sys.exit(bool(failures))


main()
