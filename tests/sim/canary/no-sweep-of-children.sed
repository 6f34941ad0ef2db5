# file: src/control/children.c
# Children that a new list does not have any more are kept.
s/^	child_sweep(m, k, scope, at);$/	(void)child_sweep;/
