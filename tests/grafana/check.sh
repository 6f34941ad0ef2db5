#!/bin/bash
# usage: tests/grafana/check.sh OUT
#
# Dashboards by Grafana's own types (dashboards.py), and their queries by
# promtool. The types come from PyPI, by version and digest; PIP_FIND_LINKS
# with PIP_NO_INDEX=1 names a folder instead.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../alerts/promtool.sh"
out=$1
need_promtool
"$TOP/tools/need.sh" '/usr/bin/python3 -m pip --version' python3-pip ca-certificates
types=$out/types-$(key_of "$here/requirements.txt")
if [ ! -d "$types" ]; then
	rm -rf "$out"
	mkdir -p "$out/wheel"
	/usr/bin/python3 -m pip download --quiet --disable-pip-version-check --no-deps \
		--only-binary :all: --require-hashes --dest "$out/wheel" \
		--requirement "$here/requirements.txt"
	/usr/bin/python3 -m zipfile -e "$out"/wheel/*.whl "$types.part"
	mv "$types.part" "$types"
fi
PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$here/dashboards.py" "$types" \
	"$TOP/tests/golden/render" "$out"
parses() { promtool check rules "$1" >"$out/log" 2>&1; }
parses "$out/queries.yaml" || { cat "$out/log" >&2; exit 1; }
sed 's/)/))/' "$out/queries.yaml" >"$out/wrong.yaml"
! parses "$out/wrong.yaml" || { echo "promtool takes any query" >&2; exit 1; }
