#!/usr/bin/python3
"""usage: tenure.py OFFSET RENEW_SECONDS NAMESPACE

Whether every write of an operator to that namespace since that byte of the
audit log fell into its own time as the holder of the Lease, by the same log.
Operators are told apart by the pod or the token that asked. Other namespaces
may still have an operator of the time before.
"""

import sys

from world import (
    Audit,
    check,
    describe,
    failures,
    is_lease,
    say,
    seconds_of,
    writes_of,
)

# From the sender's clock to the API server's log.
TRANSIT_S = 0.5


def sender_of(event):
    extra = event.get("user", {}).get("extra", {})
    for key in ("pod-uid", "credential-id"):
        found = extra.get("authentication.kubernetes.io/" + key)
        if found:
            return found[0]
    return ""


def times(event):
    return (
        seconds_of(event["requestReceivedTimestamp"]),
        seconds_of(event["stageTimestamp"]),
    )


class Tenure:
    """The Lease's history and all other writes."""

    def __init__(self, events, namespace):
        self.lease, self.writes = [], []
        for e in writes_of(events):
            if not is_lease(e):
                if e["objectRef"].get("namespace") == namespace:
                    self.writes.append(e)
            elif e["responseStatus"]["code"] < 300:
                received, answered = times(e)
                self.lease.append((answered, received, sender_of(e)))
        self.lease.sort()

    def check(self, renew_s):
        outside, late, overlap = [], [], []
        longest = 0
        for e in self.writes:
            received, answered = times(e)
            who = sender_of(e)
            before = [x for x in self.lease if x[0] <= received]
            if not before or before[-1][2] != who:
                outside.append(describe(e))
                continue
            since = received - before[-1][1]
            longest = max(longest, since)
            if since > renew_s + TRANSIT_S:
                late.append(f"{since:.2f} s after its renewal: {describe(e)}")
            next_ = [x for x in self.lease if x[0] > received and x[2] != who]
            if next_ and next_[0][0] < answered:
                overlap.append(describe(e))
        turns = sum(1 for a, b in zip(self.lease, self.lease[1:]) if a[2] != b[2])
        say(f"{len(self.lease)} writes of the Lease, {turns} changes of its holder, "
            f"{len(self.writes)} other writes, the latest {longest:.2f} s after "
            "its writer's renewal")
        check("every write was the holder's", self.writes and not outside, *outside)
        check("none was answered when another held the Lease", not overlap, *overlap)
        check("none came after the writer's own deadline", not late, *late)


def main():
    audit = Audit()
    audit.reset(int(sys.argv[1]))
    Tenure(audit.read(), sys.argv[3]).check(float(sys.argv[2]))
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
