# file: src/control/intake.c
# After a restart every server that has a status counts as settled.
s/^	    plan.steps > 0 || plan.add_finalizer || plan.drop_finalizers)$/	    plan.add_finalizer || plan.drop_finalizers)/
