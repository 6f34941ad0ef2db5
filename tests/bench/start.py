#!/usr/bin/python3
"""From process start to the first child of a waiting server.

The operator, and a bare client that opens the same watches, all at once, then
asks for and makes the same child on one more connection. Both are measured
from just before the process is spawned to the audit log's time of the answer
that says that the child was made. The processor time is that of the process
itself until it is killed right after.
"""

import os
import signal
import statistics
import subprocess
import time

from lab import (
    BARE,
    SERVERS,
    Api,
    Audit,
    Operator,
    children_delete,
    everything_delete,
    is_child,
    say,
    seconds_of,
    server,
    wait,
)

ROUNDS = int(os.environ.get("ROUNDS", "20"))


def first_child(audit, agent):
    found = []

    def seen():
        found.extend(
            seconds_of(e["stageTimestamp"])
            for e in audit.read()
            if is_child(e, agent)
        )
        return found

    wait(f"the first child of {agent}", 60, seen)
    return min(found)


def once(api, agent, spawn):
    children_delete(api)
    # What the API server does about a deletion shall be over.
    time.sleep(0.3)
    audit = Audit()
    before = time.time()
    process = spawn()
    took = first_child(audit, agent) - before
    os.kill(process.pid, signal.SIGKILL)
    _, process.returncode, usage = os.wait4(process.pid, 0)
    return took * 1000, (usage.ru_utime + usage.ru_stime) * 1000


def bare_spawn():
    return subprocess.Popen([BARE, "start"], stdout=subprocess.DEVNULL)


def operator_spawn():
    return Operator().process


def main():
    api = Api()
    everything_delete(api)
    api.call("POST", SERVERS, server(0))
    took = {"operator": [], "bare": []}
    for i in range(ROUNDS):
        say(f"start: round {i + 1} of {ROUNDS}")
        took["operator"].append(once(api, "mcp-operator", operator_spawn))
        took["bare"].append(once(api, "bare", bare_spawn))
    everything_delete(api)
    print(f"process start to first child, median of {ROUNDS}", flush=True)
    medians = {}
    for name, rounds in took.items():
        wall, cpu = zip(*rounds)
        medians[name] = statistics.median(wall)
        print(
            f"  {name:<34} {medians[name]:8.1f} ms   ({min(wall):.1f} to "
            f"{max(wall):.1f}, processor {statistics.median(cpu):.1f})"
        )
    ratio = medians["operator"] / medians["bare"]
    print(f"  ratio, at most 2 wanted            {ratio:8.2f}")
    print(f"  of the operator, 40 wanted         {medians['operator']:8.1f} ms")


main()
