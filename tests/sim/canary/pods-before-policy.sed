# file: src/control/job_child.c
# Pods are made although the policy that is to guard them was refused.
s/^	if (p->step\[j->at\].child != CHILD_NETWORK_POLICY ||$/	if (p->step[j->at].child != CHILD_NETWORK_POLICY || j->m != NULL ||/
