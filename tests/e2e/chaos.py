#!/usr/bin/python3
"""The operator is killed again and again while servers, their children and
strangers' objects are made, changed and deleted. Afterwards everything is as
if nothing had happened. See 60-chaos.sh.
"""

import os
import random
import sys
import time

from world import (
    GROUPS,
    KINDS,
    USER,
    Account,
    Audit,
    Churn,
    Client,
    Process,
    calm,
    check,
    child_path,
    describe,
    failures,
    resource_of,
    say,
    server_path,
    settled,
    writes_of,
)

NS = os.environ["CHAOS_NS"]
KILLS = int(os.environ["KILLS"])
SEED = int(os.environ["SEED"])
NAMES = int(os.environ.get("NAMES", "40"))
CHURNERS = 3
PAUSE = 8  # kills


def delay(rng):
    """Start-up, lists, the first applies, and long after."""
    return rng.choice(
        (
            rng.uniform(0.001, 0.06),
            rng.uniform(0.02, 0.3),
            rng.uniform(0.1, 0.7),
            rng.uniform(0.3, 2.0),
        )
    )


def churners_start():
    names = [f"n{i}" for i in range(NAMES)]
    churners = [
        Churn(NS, names[i::CHURNERS], SEED * 1000 + i) for i in range(CHURNERS)
    ]
    for c in churners:
        c.start()
    return churners


def churn_report(churners):
    total = {}
    for c in churners:
        for what, n in c.counts.items():
            total[what] = total.get(what, 0) + n
    say(f"{sum(total.values())} churn operations: " + ", ".join(
        f"{n} {what}" for what, n in sorted(total.items(), key=lambda x: -x[1])
    ))


def pause(api, churners):
    """Nobody changes anything for a moment, and an operator is let finish."""
    for c in churners:
        c.still.acquire()
    operator = Process(api)
    found = settled(Account(api, NS, churners), 60)
    operator.kill()
    for c in churners:
        c.still.release()
    return found


def kill_all_along(api, churners):
    """What is wrong whenever the operator is left alone is found."""
    rng = random.Random(SEED)
    ended = []
    found = []
    pauses = 0
    for i in range(KILLS):
        # The second half holds deleted servers until their children are gone.
        flags = ["--finalizers"] if i >= KILLS / 2 else []
        operator = Process(api, *flags)
        time.sleep(delay(rng))
        if operator.ended() is not None:
            ended.append(operator.ended())
        operator.kill()
        if (i + 1) % 25 == 0:
            say(f"{i + 1} of {KILLS} kills")
        if (i + 1) % PAUSE == 0 and not found:
            pauses += 1
            found = pause(api, churners)
    check("it never ended by itself", not ended, *ended)
    check(f"all was well at each of {pauses} pauses", not found, *found)


def account_check(what, account, churners, seconds=90):
    found = settled(account, seconds)
    check(
        f"{what}: {len(account.live)} servers, {account.checked} objects, "
        f"{len(account.blocked)} without their name",
        not found,
        *found,
    )
    touched = [t for c in churners for t in c.strangers()]
    n = sum(c.counts.get("stranger's object created", 0) for c in churners)
    check(f"{what}: none of {n} strangers' objects was touched", not touched, *touched)


def writes_check(events):
    """Never anything but what the manifests say that it writes."""
    writes = writes_of(events)
    allowed = {
        ("patch", "deployments"), ("delete", "deployments"),
        ("patch", "poddisruptionbudgets"), ("delete", "poddisruptionbudgets"),
        ("patch", "services"), ("delete", "services"),
        ("patch", "configmaps"), ("delete", "configmaps"),
        ("patch", "mcpservers"), ("patch", "mcpservers/status"),
        ("create", "events"), ("patch", "events"),
    }
    odd = [describe(e) for e in writes if (e["verb"], resource_of(e)) not in allowed]
    check(f"{len(writes)} writes, all of the kinds that it may write", not odd, *odd)
    # "forbidden" is also what a namespace at its end says, and a quota.
    denied = [describe(e) for e in events if e["user"].get("username") == USER
              and e.get("annotations", {}).get("authorization.k8s.io/decision") == "forbid"]
    check("its role allows all that it asks for", not denied, *denied)
    table = {}
    for e in writes:
        row = (e["verb"], resource_of(e), e["responseStatus"]["code"])
        table[row] = table.get(row, 0) + 1
    for row, n in sorted(table.items(), key=lambda x: -x[1]):
        say(f"{n:6d} {row[0]} {row[1]}: {row[2]}")


def statuses(api):
    return {
        (group, s["metadata"]["name"]): s.get("status", {})
        for group in GROUPS
        for s in api.items(server_path(group, NS))
    }


def restart_check(api):
    """A new process agrees with what it finds."""
    audit = Audit()
    before = statuses(api)
    operator = Process(api)
    time.sleep(5)
    done = [describe(e) for e in writes_of(audit.read())
            if e["responseStatus"]["code"] < 300]
    operator.kill()
    for place, status in statuses(api).items():
        was = before[place]
        for key in status.keys() | was.keys():
            if was.get(key) != status.get(key):
                done.append(f"{place} {key}: {was.get(key)} -> {status.get(key)}")
    check("a restart over all of that writes nothing", not done, *done)


def pods_of_real(api):
    pods = api.items(f"/api/v1/namespaces/{NS}-real/pods")
    return sorted(
        (p["metadata"]["name"], p["metadata"]["uid"],
         p["status"]["containerStatuses"][0]["restartCount"])
        for p in pods
    )


def main():
    say(f"SEED={SEED} KILLS={KILLS} NAMES={NAMES}")
    api = Client()
    pods = pods_of_real(api)
    audit = Audit()
    churners = churners_start()
    began = time.monotonic()
    kill_all_along(api, churners)
    for c in churners:
        c.stop()
    say(f"{KILLS} kills within {time.monotonic() - began:.1f} s of churn")
    churn_report(churners)
    account = Account(api, NS, churners)
    operator = Process(api)
    account_check("after the kills", account, churners)
    check("then it comes to rest", calm(5, 60))
    operator.kill()
    writes_check(audit.read())
    restart_check(api)
    account_check("after that", account, churners, 5)
    check(f"{len(pods)} real pods ran on all along", pods == pods_of_real(api),
          pods, pods_of_real(api))
    sys.exit(1 if failures else 0)


main()
