# file: src/control/children.c
# An answer makes a child of what the watch has seen go.
s/^	if (v < c->gone)$/	if (v < c->gone \&\& 0)/
