# file: src/control/plan.c
# The finalizer goes while there are children yet.
/^static void plan_deletion(/,/^}/s/^		p->drop_finalizers = false;$//
