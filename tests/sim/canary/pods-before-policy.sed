# file: src/control/job_child.c
# Pods are made although the policy that is to guard them was refused.
s/^	return j->unguarded && s->child == CHILD_DEPLOYMENT && !j->looked;$/	return j->unguarded \&\& s->child != CHILD_DEPLOYMENT;/
