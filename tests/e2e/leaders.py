#!/usr/bin/python3
"""Two operators at once, while everything changes. See 61-leaders.sh.

First both without election: they come to rest, and nothing is lost. Then with
it: whatever happens to the one that leads, no write of one falls into the
other's time, nor behind its own deadline.
"""

import os
import random
import signal
import subprocess
import sys
import time

from tenure import Tenure
from world import (
    GROUPS,
    LEASE,
    SYSTEM,
    Account,
    Audit,
    Churn,
    Client,
    Process,
    calm,
    check,
    failures,
    say,
    settled,
)

NS = os.environ["CHAOS_NS"]
SEED = int(os.environ["SEED"])
FAULTS = int(os.environ["FAULTS"])
SIDES = os.environ["CHAOS_NETNS"].split()  # netns,port,address of each
SERVER = os.environ["CHAOS_SERVER"]
NAMES = 24
DURATION, RENEW, RETRY = 5, 3, 0.5
ELECT = (
    "--leader-elect",
    f"--leader-elect-lease-duration={DURATION}s",
    f"--leader-elect-renew-deadline={RENEW}s",
    f"--leader-elect-retry-period={int(RETRY * 1000)}ms",
)
LEASE_PATH = f"/apis/coordination.k8s.io/v1/namespaces/{SYSTEM}/leases/{LEASE}"


class Side:
    """A place for an operator with a network of its own, which can be cut."""

    def __init__(self, api, place):
        self.api = api
        self.netns, self.port, self.address = place.split(",")
        self.flags = ()
        self.process = None

    def spawn(self, *flags):
        self.flags = flags
        self.process = Process(self.api, *flags, server=SERVER, netns=self.netns)

    def again(self):
        self.process.kill()
        self.spawn(*self.flags)

    def link(self, what):
        subprocess.run(["ip", "link", "set", self.port, what], check=True)

    def deaf(self, what):
        """Its requests arrive, the answers are lost."""
        route = ["ip", "route", what, "blackhole", self.address + "/32"]
        subprocess.run(route, check=True)


def churners_start(part):
    names = [f"{part}{i}" for i in range(NAMES)]
    churners = [Churn(NS, names[i::2], f"{SEED}{part}{i}") for i in range(2)]
    for c in churners:
        c.start()
    return churners


def account_check(api, what, churners, before=()):
    for c in churners:
        c.stop()
    account = Account(api, NS, churners, before)
    found = settled(account, 90)
    check(
        f"{what}: {len(account.live)} servers, {account.checked} objects, "
        f"{sum(sum(c.counts.values()) for c in churners)} operations",
        not found,
        *found,
    )
    touched = [t for c in churners for t in c.strangers()]
    check(f"{what}: no stranger's object was touched", not touched, *touched)


def clean(api):
    for group in GROUPS:
        version = GROUPS[group][0]
        path = f"/apis/{group}/{version}/namespaces/{NS}/mcpservers"
        api.call("DELETE", path)


# ---- without election -------------------------------------------------------


def both_write(api, sides):
    rng = random.Random(SEED)
    for side in sides:
        side.spawn()
    churners = churners_start("b")
    for _ in range(8):
        time.sleep(rng.uniform(0.5, 3))
        rng.choice(sides).again()
    time.sleep(5)
    account_check(api, "two without election", churners)
    check("and they come to rest", calm(5, 60))
    for side in sides:
        side.process.kill()
    return churners


# ---- with election ----------------------------------------------------------


def holder(api):
    lease = api.get(LEASE_PATH)
    return lease["spec"].get("holderIdentity", "") if lease else ""


def leads(api, side):
    return holder(api).startswith(side.process.name + "_")


def wait_leader(api, sides, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for side in sides:
            if leads(api, side):
                return side
        time.sleep(0.05)
    return None


def other_of(sides, side):
    return sides[1 - sides.index(side)]


def until_taken(api, sides, side):
    """Seconds until the other leads."""
    return until_led(api, [other_of(sides, side)])


def until_led(api, sides):
    began = time.monotonic()
    if wait_leader(api, sides) is None:
        return None
    return time.monotonic() - began


def fault_kill(api, sides, side, rng):
    """The one that comes in its place has a name of its own, and may be the
    first to see the Lease run out: either of the two may lead."""
    side.again()
    return until_led(api, sides)


def fault_term(api, sides, side, rng):
    side.process.send(signal.SIGTERM)
    took = until_taken(api, sides, side)
    side.again()
    return took


def fault_stop(api, sides, side, rng):
    side.process.send(signal.SIGSTOP)
    took = until_taken(api, sides, side)
    time.sleep(rng.uniform(0, 2))
    side.process.send(signal.SIGCONT)
    return took


def fault_pause(api, sides, side, rng):
    """About as long as the deadline: it may lead on, or not."""
    side.process.send(signal.SIGSTOP)
    time.sleep(rng.uniform(RENEW - 2, DURATION + 0.5))
    side.process.send(signal.SIGCONT)
    return 0


def fault_cut(api, sides, side, rng):
    side.link("down")
    took = until_taken(api, sides, side)
    time.sleep(rng.uniform(0, 3))
    side.link("up")
    return took


def fault_deaf(api, sides, side, rng):
    side.deaf("add")
    took = until_taken(api, sides, side)
    time.sleep(rng.uniform(0, 3))
    side.deaf("del")
    return took


FAULT_KINDS = {
    "kill": fault_kill,
    "stop": fault_stop,
    "cut": fault_cut,
    "pause": fault_pause,
    "term": fault_term,
    "deaf": fault_deaf,
}


KINDS = os.environ.get("ONLY", ",".join(FAULT_KINDS)).split(",")


def faults(api, sides):
    rng = random.Random(SEED)
    taken = {}
    for i in range(FAULTS):
        side = wait_leader(api, sides)
        if side is None:
            check("somebody leads", False, holder(api))
            return
        time.sleep(rng.uniform(0.3, 3))
        what = KINDS[i % len(KINDS)]
        took = FAULT_KINDS[what](api, sides, side, rng)
        if took is None:
            check(f"another one takes over after {what}", False, holder(api))
            return
        taken.setdefault(what, []).append(took)
    check(f"{FAULTS} faults, and somebody always took over", True)
    for what, all in taken.items():
        if what != "pause":
            say(f"{what}: taken over after " + ", ".join(f"{t:.1f} s" for t in all))


def one_writes(api, sides, before):
    audit = Audit()
    for side in sides:
        side.spawn(*ELECT)
    churners = churners_start("e")
    faults(api, sides)
    account_check(api, "two with election", churners, before)
    check("and they come to rest", calm(5, 60))
    Tenure(audit.read(), NS).check(RENEW)
    for side in sides:
        side.process.kill()


def main():
    say(f"SEED={SEED} FAULTS={FAULTS}")
    api = Client()
    sides = [Side(api, place) for place in SIDES]
    before = both_write(api, sides)
    clean(api)
    one_writes(api, sides, before)
    sys.exit(1 if failures else 0)


main()
