#!/bin/bash
# usage: tools/node/stop.sh       (make stop)
#
# Ends the local node that make run started, and removes its state. What was
# built and downloaded is kept in $MCP_LAB.
exec "$(dirname "$0")/node.sh" down
