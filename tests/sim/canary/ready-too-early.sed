# file: src/control/judge.c
# An old Deployment status counts as current.
s/^	v->current = v->exists && w->observed >= w->generation;$/	v->current = v->exists;/
