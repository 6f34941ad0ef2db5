#!/usr/bin/python3
"""What the operator asks of the API server when nothing changes, and when it
is started over servers that are as they should be. See 41-rest.sh.
"""

import os
import re
import signal
import statistics
import sys
import time


from world import (
    lab,
    USER,
    Audit,
    Client,
    Process,
    check,
    describe,
    failures,
    is_lease,
    resource_of,
    say,
    seconds_of,
    server_path,
    writes_of,
)

NS = os.environ["REST_NS"]
IDLE_S = int(os.environ["IDLE_SECONDS"])
RESTARTS = int(os.environ.get("RESTARTS", "2"))
HALF = 500
HEALTH, METRICS = 18081, 18080
PORTS = (
    f"--health-probe-bind-address=127.0.0.1:{HEALTH}",
    f"--metrics-bind-address=127.0.0.1:{METRICS}",
)
ELECT = ("--leader-elect",)


def server(i):
    """Of three groups in turn: the fourth does not take replicas 0."""
    group = ("mcp.allbeone.io", "mcp.example.com", "mcp.mcp.dev")[i % 3]
    version = "v1" if group == "mcp.allbeone.io" else "v1alpha1"
    spec = {"image": f"server:{i}", "replicas": 0, "port": 8080}
    if group == "mcp.example.com":
        spec["transport"] = "streamable-http"
    if group != "mcp.mcp.dev":
        spec["config"] = {"number": str(i)}
    return server_path(group, NS), {
        "apiVersion": f"{group}/{version}",
        "kind": "MCPServer",
        "metadata": {"name": f"s{i}"},
        "spec": spec,
    }


def servers_create(numbers):
    lab.spread("servers", numbers, lambda api, i: api.call("POST", *server(i)))


def servers_settle(api, count):
    def done():
        told = 0
        for group in ("mcp.allbeone.io", "mcp.example.com", "mcp.mcp.dev"):
            for s in api.items(server_path(group, NS)):
                status = s.get("status", {})
                # The Deployment was seen by its controller.
                ready = status.get("conditions", [{}])[0].get("reason")
                told += status.get("observedGeneration") == 1 and (
                    ready == "ScaledToZero" and "revision" in status
                )
        return told == count

    lab.wait(f"{count} servers are settled", 300, done)
    check(f"{count} servers are settled", lab.quiet("all is quiet", 4, 300))


def asked(events):
    """What was asked in all, watches when they began."""
    mine = [e for e in events if e["user"].get("username") == USER]
    return [
        e
        for e in mine
        if (e["verb"] == "watch") == (e["stage"] == "ResponseStarted")
    ]


def table(events):
    counts = {}
    for e in events:
        row = f"{e['verb']} {resource_of(e)}"
        counts[row] = counts.get(row, 0) + 1
    return ", ".join(f"{n} {row}" for row, n in sorted(counts.items())) or "nothing"


def idle(what, *flags):
    operator = Process(Client(), *PORTS, *flags)
    time.sleep(10)
    audit = Audit()
    time.sleep(IDLE_S)
    events = asked(audit.read())
    operator.process.send_signal(signal.SIGTERM)
    operator.process.wait()
    leases = [e for e in events if is_lease(e)]
    others = [e for e in events if not is_lease(e) and e["verb"] != "watch"]
    say(f"{what}, {HALF} servers, {IDLE_S} s of rest: {table(events)}")
    check(f"{what}: no list, read or write at rest", not others, *map(describe, others))
    most = IDLE_S * 6 // 60 + 1 if flags else 0
    check(f"{what}: {len(leases)} requests about the Lease, at most {most}",
          len(leases) <= most)


def number(text, name):
    found = re.search(rf"^{re.escape(name)} ([0-9]+)$", text, re.M)
    return int(found.group(1)) if found else -1


def is_settled(count):
    """Every kind was listed, each server looked at, none waits for anything."""
    if not lab.page(HEALTH, "/readyz"):
        return False
    text = lab.page(METRICS, "/metrics") or ""
    return (
        number(text, f'mcpserver_total{{namespace="{NS}"}}') >= count
        and number(text, 'workqueue_depth{name="mcpserver"}') == 0
        and number(text, "mcp_operator_leader") == 1
    )


def restart(api, old, count, *flags):
    old.process.send_signal(signal.SIGTERM)
    old.process.wait()
    audit = Audit()
    began, wall = time.monotonic(), time.time()
    operator = Process(api, *PORTS, *flags)
    prepared = operator.spawned - began
    lab.wait("the operator is settled", 60, lambda: is_settled(count))
    took = time.monotonic() - operator.spawned
    time.sleep(5)
    events = asked(audit.read())
    last = max(seconds_of(e["requestReceivedTimestamp"]) for e in events
               if not is_lease(e))
    return operator, took, last - wall - prepared, events


def restarts(api, what, count, *flags):
    operator = Process(api, *PORTS, *flags)
    lab.wait("the operator is settled", 60, lambda: is_settled(count))
    times, lasts, all = [], [], []
    for _ in range(RESTARTS):
        operator, took, last, events = restart(api, operator, count, *flags)
        times.append(took)
        lasts.append(last)
        all += events
    operator.kill()
    others = [e for e in writes_of(all) if not is_lease(e)]
    say(f"{what}, restart over {count} servers: settled after "
        + ", ".join(f"{t:.2f}" for t in times) + " s, last request after "
        + ", ".join(f"{t:.2f}" for t in lasts)
        + f" s; median {statistics.median(times):.2f} s, 2 wanted")
    say(f"    {RESTARTS} of them asked: {table(all)}")
    check(f"{what}: a restart writes nothing", not others, *map(describe, others))
    check(f"{what}: it is settled within 20 s", max(times) < 20)


def main():
    say(f"IDLE_SECONDS={IDLE_S}")
    api = Client()
    operator = Process(api, *PORTS)
    servers_create(range(HALF))
    servers_settle(api, HALF)
    operator.kill()
    idle("without election")
    idle("with election", *ELECT)
    operator = Process(api, *PORTS)
    servers_create(range(HALF, 2 * HALF))
    servers_settle(api, 2 * HALF)
    operator.kill()
    restarts(api, "without election", 2 * HALF)
    restarts(api, "with election", 2 * HALF, *ELECT)
    sys.exit(1 if failures else 0)


main()
