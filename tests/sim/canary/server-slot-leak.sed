# file: src/control/intake.c
# The record of a deleted server is kept.
s/^	if (!(r->flags & RECORD_BUSY) && !record_has_children(r))$/	if (0)/
