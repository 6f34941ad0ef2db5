# file: src/control/job.c
# A finalizer does not wait for a child that lost its label.
s/^	if (j->plan.drop_finalizers && j->sought < CHILD_KINDS)$/	if (false)/
