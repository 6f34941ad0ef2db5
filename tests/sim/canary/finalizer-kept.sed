# file: src/control/plan.c
# The finalizer waits for children that are gone already.
s/^	p->drop_finalizers = true;$/	p->drop_finalizers = in->record->wanted == 0;/
