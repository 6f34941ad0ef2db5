#!/bin/bash
# usage: mcp-call.sh URL [TOOL [ARGUMENTS]]
#
# One conversation with an MCP server over Streamable HTTP, by curl alone:
# initialize, initialized, tools/list and, when TOOL is named, tools/call with
# ARGUMENTS (a JSON object). Prints the tools' names and the call's result;
# exits with 1 when anything is refused, and says what.
set -euo pipefail

if [ $# -lt 1 ] || [ $# -gt 3 ]; then
	sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2
	exit 2
fi
url=$1 tool=${2:-} arguments=${3:-'{}'}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

fail() { echo "mcp-call: $*" >&2; exit 1; }

# post METHOD BODY: leaves the headers in $tmp/head and one message, out of
# JSON or of the last event, in $tmp/body
post() {
	local method=$1 status
	status=$(curl -sS --max-time "${MCP_TIMEOUT:-20}" -o "$tmp/raw" \
		-D "$tmp/head" -w '%{http_code}' -X POST "$url" \
		-H 'Content-Type: application/json' \
		-H 'Accept: application/json, text/event-stream' \
		${session:+-H "Mcp-Session-Id: $session"} \
		${version:+-H "MCP-Protocol-Version: $version"} \
		--data-binary "$2") || fail "$method: $url does not answer"
	case $status in
	2*) ;;
	*) fail "$method: HTTP $status: $(head -c 300 "$tmp/raw")" ;;
	esac
	if grep -qi '^content-type: text/event-stream' "$tmp/head"; then
		tr -d '\r' <"$tmp/raw" | sed -n 's/^data: *\({.*"id".*\)$/\1/p' |
			tail -n 1 >"$tmp/body"
	else
		cp "$tmp/raw" "$tmp/body"
	fi
}

# Within a JSON string a quote is escaped, so these match keys and nothing else.
request() {
	post "$1" "{\"jsonrpc\":\"2.0\",\"id\":$2,\"method\":\"$1\",\"params\":$3}"
	! grep -q '"error": *{' "$tmp/body" || fail "$1: $(cat "$tmp/body")"
	grep -q '"result": *{' "$tmp/body" ||
		fail "$1: no result in $(head -c 300 "$tmp/raw")"
}

version='' session=''
request initialize 1 '{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"mcp-call","version":"1"}}'
version=$(sed -n 's/.*"protocolVersion": *"\([^"]*\)".*/\1/p' "$tmp/body")
session=$(tr -d '\r' <"$tmp/head" |
	sed -n 's/^[Mm][Cc][Pp]-[Ss]ession-[Ii][Dd]: *//p')
echo "initialize: $(grep -o '"serverInfo": *{[^}]*}' "$tmp/body"), protocol $version"

post notifications/initialized '{"jsonrpc":"2.0","method":"notifications/initialized"}'

request tools/list 2 '{}'
cp "$tmp/body" "$tmp/tools"
echo "tools/list: $(grep -o '"name": *"[^"]*"' "$tmp/tools" | cut -d'"' -f4 | paste -sd' ')"

if [ -n "$tool" ]; then
	grep -q "\"name\": *\"$tool\"" "$tmp/tools" || fail "no tool named $tool"
	request tools/call 3 "{\"name\":\"$tool\",\"arguments\":$arguments}"
	! grep -q '"isError": *true' "$tmp/body" ||
		fail "tools/call $tool: $(cat "$tmp/body")"
	echo "tools/call $tool: $(cat "$tmp/body")"
fi

[ -z "$session" ] || curl -s --max-time 5 -o "$tmp/raw" -X DELETE "$url" \
	-H "Mcp-Session-Id: $session" -H "MCP-Protocol-Version: $version" || true
