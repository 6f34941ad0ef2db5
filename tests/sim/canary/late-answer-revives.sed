# file: src/control/children.c
# An answer makes a child of what the watch has seen go.
# seeds: 300
s/^	if (version_older(told, c->gone))$/	if (version_older(told, c->gone) \&\& 0)/
