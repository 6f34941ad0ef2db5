#!/usr/bin/python3
"""What the operator keeps resident, with default flags.

With each number of SERVERS (first group, replicas 0), settled, from
/proc/PID/smaps_rollup; then with the first number that is not 0 before and
after JUNK unrelated ConfigMaps and Secrets of 8 KB, half of each, while one of
the servers refers to a ConfigMap, so that the operator does watch them. The
limits are exact, so they are asserted.
"""

import os
import sys
import time

from lab import (
    CONFIG_MAPS,
    DEPLOYMENTS,
    PPROF,
    SECRETS,
    SERVERS,
    SERVICES,
    Api,
    Operator,
    everything_delete,
    quiet,
    reached,
    say,
    server,
    servers_create,
    spread,
)

SIZES = [int(n) for n in os.environ.get("SERVERS", "0 1000 10000").split()]
JUNK = int(os.environ.get("JUNK", "8000"))
LIMITS = {0: 1536, 1000: 4096, 10000: 18432}
DRIFT = 64
# Longest time for all children, and again for all that is said about them.
PATIENCE = float(os.environ.get("PATIENCE", "3600"))
# From the last request until the operator has closed its idle connections.
IDLE_SECONDS = 65

REFERS = {"envFrom": [{"configMapRef": {"name": "settings"}}]}
failed = []


def resident(pid):
    """KiB: all of it, what is anonymous."""
    with open(f"/proc/{pid}/smaps_rollup") as f:
        of = {line.split(":")[0]: line.split()[1] for line in f if ":" in line[:30]}
    return int(of["Rss"]), int(of["Anonymous"])


def check(what, good):
    if not good:
        failed.append(what)
    return "ok" if good else "FAIL"


def settled(api, operator, n):
    """Whether all children and statuses are there and nothing more is sent."""
    patience = min(60 + n / 2, PATIENCE)
    good = reached(f"{2 * n} children", patience, lambda:
        api.count(DEPLOYMENTS) >= n and
        api.count(SERVICES) > n)    # and that of the API server
    good = good and quiet("all statuses", seconds=5, limit=patience)
    say(f"    at rest for {IDLE_SECONDS} s")
    time.sleep(IDLE_SECONDS)
    return good


def row(what, rss, anonymous, limit):
    verdict = f"{limit:6d}  " + check(what, rss <= limit) if limit else ""
    print(f"  {what:<30} {rss:6d}  {rss - anonymous:9d}  {anonymous:9d}  {verdict}",
        flush=True)


def junk(api, path, make):
    spread(path.split("/")[-1], range(JUNK // 2), lambda a, i: a.call(
        "POST", path, {"metadata": {"name": f"junk{i}"}, **make}))


def unrelated(api, operator, before):
    text = "y" * 8000
    junk(api, CONFIG_MAPS, {"data": {"x": text}})
    junk(api, SECRETS, {"stringData": {"x": text}})
    say(f"    at rest for {IDLE_SECONDS} s")
    time.sleep(IDLE_SECONDS)
    rss, anonymous = resident(operator.process.pid)
    row(f"after {JUNK} unrelated objects", rss, anonymous, None)
    what = f"changed by {rss - before:+d} KiB"
    print(f"  {what}, at most {DRIFT}: " +
        check(what, abs(rss - before) <= DRIFT), flush=True)


def main():
    api = Api()
    everything_delete(api)
    api.call("DELETE", CONFIG_MAPS)
    api.call("POST", CONFIG_MAPS, {"metadata": {"name": "settings"}})
    operator = Operator("--enable-pprof", f"--pprof-bind-address=127.0.0.1:{PPROF}")
    operator.ready()
    print("resident memory in KiB            all  text,file  anonymous   limit")
    have, spoiled = 0, False
    for n in SIZES:
        say(f"memory: {n} servers")
        if have == 0 and n > 0:
            api.call("POST", SERVERS, server(0, **REFERS))
            have = 1
        servers_create(range(have, n))
        have = max(have, n)
        good = settled(api, operator, n)
        rss, anonymous = resident(operator.process.pid)
        row(f"{n} servers" + ("" if good else ", not settled"), rss,
            anonymous, LIMITS.get(n))
        if n > 0 and not spoiled and JUNK:
            unrelated(api, operator, rss)
            spoiled = True
    table = operator.page(PPROF, "/debug/memory") or ""
    operator.end()
    say("memory: a restart over them")
    operator = Operator()
    operator.ready()
    time.sleep(IDLE_SECONDS)
    row(f"{have} servers, restarted", *resident(operator.process.pid),
        LIMITS.get(have))
    operator.end()
    print("reserved, touched (/debug/memory)")
    print("\n".join("  " + line for line in table.splitlines()))
    everything_delete(api)
    for path in (CONFIG_MAPS, SECRETS):
        api.call("DELETE", path)
    sys.exit(1 if failed else 0)


main()
