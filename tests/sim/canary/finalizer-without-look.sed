# file: src/control/plan.c
# The finalizer goes without a look for children that lost their label.
s/^		p->seek |= asked;$/		p->seek = 0;/
