#!/usr/bin/python3
"""usage: audit.py LOG OFFSET [FIELD=REGEX]... [by=FIELD,FIELD...]

Counts requests in an API server's audit log from a byte offset on. The fields
are agent, user, verb, resource, namespace, name and code; a regular expression
must match the whole of one, and ! in front turns it round. With by=, a table
of counts; a request that is logged at its start and its end counts once.
"""

import collections
import json
import re
import sys


def fields(event):
    ref = event.get("objectRef") or {}
    resource = ref.get("resource", "")
    if ref.get("subresource"):
        resource += "/" + ref["subresource"]
    return {
        "agent": event.get("userAgent", ""),
        "user": event.get("user", {}).get("username", ""),
        "verb": event.get("verb", ""),
        "resource": resource,
        "namespace": ref.get("namespace", ""),
        "name": ref.get("name", ""),
        "code": str(event.get("responseStatus", {}).get("code", "")),
    }


def matcher(argument):
    field, equals, text = argument.partition("=")
    if not equals or field not in fields({}):
        sys.exit(f"audit.py: {argument}: not FIELD=REGEX; {__doc__}")
    wanted = not text.startswith("!")
    regex = re.compile(text if wanted else text[1:])
    return lambda f: bool(regex.fullmatch(f[field])) == wanted


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    by = [a[3:].split(",") for a in sys.argv[3:] if a.startswith("by=")]
    tests = [matcher(a) for a in sys.argv[3:] if not a.startswith("by=")]
    seen = set()
    table = collections.Counter()
    with open(sys.argv[1], "rb") as log:
        log.seek(int(sys.argv[2]))
        for line in log:
            if not line.endswith(b"\n"):
                break
            event = json.loads(line)
            f = fields(event)
            if event["auditID"] in seen or not all(t(f) for t in tests):
                continue
            seen.add(event["auditID"])
            table[tuple(f[x] for x in by[0]) if by else ()] += 1
    if not by:
        print(sum(table.values()))
        return
    for row, count in sorted(table.items(), key=lambda x: (-x[1], x[0])):
        print(f"{count:7d}  {'  '.join(row)}")


if __name__ == "__main__":
    main()
