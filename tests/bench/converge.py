#!/usr/bin/python3
"""Many servers at once, until all of their children exist.

Two ways to look at it, by the audit log's clock:

  there   the operator is stopped while the servers are made and goes on when
          all are there: from then to the last child's answer. The bare client
          sends the same requests when the servers are there.
  made    the operator runs: from the first server's request to the last
          child's answer. The bare client sends the same requests while as many
          other servers are made, to the end of both.

The bare client is given each number of connections in CONNS; its best counts.
Beside each time stands the processor time that the API server and etcd used:
that does not depend on what else the machine does.
"""

import os
import signal
import statistics
import threading
import time

from lab import (
    NS,
    SERVERS,
    Api,
    Audit,
    Operator,
    agent_of,
    bare,
    children_delete,
    cpu_seconds,
    everything_delete,
    is_child,
    quiet,
    resource_of,
    say,
    seconds_of,
    servers_create,
    wait,
)

N = int(os.environ.get("SERVERS", "500"))
ROUNDS = int(os.environ.get("ROUNDS", "3"))
CONNS = os.environ.get("CONNS", "1 2 3 4 5 6 7 8").split()
OTHERS = SERVERS.replace(NS, "bench-others")


class Progress:
    """What the audit log tells from now on."""

    def __init__(self, agent):
        self.audit = Audit()
        self.agent = agent
        self.cpu = cpu_seconds()
        self.made, self.children, self.requests = [], [], {}

    def read(self):
        for e in self.audit.read():
            if e["stage"] != "ResponseComplete":
                continue
            if is_child(e, self.agent):
                self.children.append(seconds_of(e["stageTimestamp"]))
            if agent_of(e) == "bench-load" and e["verb"] == "create":
                self.made.append(seconds_of(e["requestReceivedTimestamp"]))
                self.made.append(seconds_of(e["stageTimestamp"]))
            if agent_of(e) == self.agent and e["verb"] != "watch":
                what = f"{e['verb']} {resource_of(e)}"
                self.requests[what] = self.requests.get(what, 0) + 1

    def all_children(self):
        """When the last one was made."""

        def seen():
            self.read()
            return len(self.children) >= 2 * N

        wait(f"{2 * N} children", 600, seen)
        self.cpu = cpu_seconds() - self.cpu
        return max(self.children)

    def say(self, took):
        requests = sorted(self.requests.items())
        say(f"    {took:.2f} s, {self.cpu:.2f} s processor; "
            + ", ".join(f"{n} {what}" for what, n in requests))


def operator_there(api, operator):
    operator.send(signal.SIGSTOP)
    servers_create(range(N))
    time.sleep(0.5)
    progress = Progress("mcp-operator")
    began = time.time()
    operator.send(signal.SIGCONT)
    took = progress.all_children() - began
    progress.say(took)
    # The bare client's requests are the operator's, byte for byte.
    bare("check")
    return took, progress.cpu


def operator_made(api, operator):
    progress = Progress("mcp-operator")
    servers_create(range(N))
    end = progress.all_children()
    took = end - min(progress.made)
    progress.say(took)
    say(f"    the servers alone {max(progress.made) - min(progress.made):.2f} s")
    return took, progress.cpu


def bare_there(api, conns):
    progress = Progress("bare")
    took = bare("apply", conns)
    progress.all_children()
    return took, progress.cpu


def bare_made(api, conns):
    """The others lie where nobody looks after them."""
    progress = Progress("bare")
    maker = threading.Thread(target=servers_create, args=(range(N), OTHERS))
    maker.start()
    bare("apply", conns)
    maker.join()
    progress.all_children()
    all = progress.children + progress.made
    api.call("DELETE", OTHERS)
    return max(all) - min(all), progress.cpu


def medians(rounds):
    return [statistics.median(column) for column in zip(*rounds)]


def table(title, ours, theirs):
    mine = medians(ours)
    all = {conns: medians(rounds) for conns, rounds in theirs.items()}
    best = min(all, key=all.get)
    print(f"{N} servers at once, {title}, median of {ROUNDS}")
    print(f"  operator                           {mine[0]:8.2f} s"
          f"   (processor {mine[1]:.2f})")
    print(f"  bare, best with {best} connections       {all[best][0]:8.2f} s"
          f"   (processor {all[best][1]:.2f})")
    print("  " + ", ".join(f"{n}: {t[0]:.2f}" for n, t in all.items()))
    print(f"  ratio, at most 1.5 wanted          {mine[0] / all[best][0]:8.2f}"
          f"     (processor {mine[1] / all[best][1]:.2f})", flush=True)


def measure(title, api, operator_once, bare_once):
    ours, theirs = [], {n: [] for n in CONNS}
    for i in range(ROUNDS):
        say(f"converge, {title}: round {i + 1} of {ROUNDS}")
        everything_delete(api)
        operator = Operator()
        operator.ready()
        quiet("the controllers rest")
        ours.append(operator_once(api, operator))
        operator.end()
        for n in CONNS:
            children_delete(api)
            quiet("the controllers rest")
            theirs[n].append(bare_once(api, n))
            say(f"    bare, {n} connections: {theirs[n][-1][0]:.2f} s, "
                f"{theirs[n][-1][1]:.2f} s processor")
    table(title, ours, theirs)


def main():
    api = Api()
    namespace = {"metadata": {"name": "bench-others"}}
    api.call("POST", "/api/v1/namespaces", namespace, ok=(201, 409))
    api.call("DELETE", OTHERS)
    measure("already there", api, operator_there, bare_there)
    measure("being made", api, operator_made, bare_made)
    everything_delete(api)


main()
