#!/bin/sh
# usage: tools/held.sh KUBECTL...
#
# Tells which servers have a finalizer that an operator has to release: they,
# and so their CRDs and namespaces, would wait for one that is gone. Nothing
# where there are none, or where it cannot be told.
row='{range .items[*]}{.metadata.namespace} {.metadata.name} {.metadata.finalizers[*]}{"\n"}{end}'
for group in mcp.allbeone.io mcp.n-takatsu.dev mcp.example.com mcp.mcp.dev; do
	"$@" get "mcpservers.$group" --all-namespaces -o "jsonpath=$row" 2>/dev/null |
	sed -n "/ mcp\.[a-z.-]*\/finalizer/s/^\([^ ]*\) \([^ ]*\) .*/-n \1 patch mcpservers.$group \2/p"
done | awk -v quote="'" '
NR == 1 { print "These servers are held until an operator releases them. Delete them while it runs, or free them:" }
{ print "  kubectl " $0 " --type=merge -p " quote "{\"metadata\":{\"finalizers\":null}}" quote }'
