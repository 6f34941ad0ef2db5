# file: src/control/children.c
# An answer makes a child of what the watch has seen go.
# seeds: 300
s/^	if (told < c->gone)$/	if (told < c->gone \&\& 0)/
