#!/bin/bash
# usage: tests/alerts/check.sh OUT
#
# The alerts of a PrometheusRule, told and not told, by promtool and for two
# servers of one name (alerts.py); and that these tests would find rules that
# mean the other one's series, or do not say whose they are.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/promtool.sh"
out=$1
need_promtool
rm -rf "$out"
mkdir -p "$out"
python3 "$here/alerts.py" "$TOP/tests/golden/render" "$out"
cd "$out"

quiet() { "$@" >log 2>&1 || { cat log >&2; exit 1; }; }
quiet promtool check rules ./*.rules.yaml
quiet promtool test rules alerts.test.yaml

# finds WHAT EDIT: the tests fail when every rule is edited so
finds() {
	rm -rf edited
	mkdir edited
	for file in ./*.rules.yaml; do sed "$2" "$file" >"edited/$file"; done
	! cmp -s tools.rules.yaml edited/tools.rules.yaml || { echo "$1: changes nothing" >&2; exit 1; }
	cp alerts.test.yaml edited/
	if (cd edited && promtool check rules ./*.rules.yaml >../log 2>&1) &&
	    ! (cd edited && promtool test rules alerts.test.yaml >../log 2>&1) &&
	    grep -q 'FAILED:' log; then
		return
	fi
	echo "nothing is found of $1" >&2
	exit 1
}
finds "another namespace" 's/{namespace=\\"tools\\"/{namespace=~\\".+\\"/g'
finds "the namespace that the operator runs in" 's/,exported_namespace=\\"\\"//g'
finds "labels kept apart" 's/exported_namespace=\\"tools\\"/exported_namespace=\\"nobody\\"/g'
finds "another server" 's/,mcpserver=\\"web\\"//g'
finds "another group's server" 's/,group=\\"[a-z.]*\\"//g'
finds "no namespace in alerts" 's/"namespace": "[a-z]*", //g'
finds "no name in alerts" 's/, "mcpserver": "[a-z]*"//g'
finds "pods of other names" 's/-\[0-9a-z\]+-\[0-9a-z\]+/.*/g'
