# file: src/control/job_child.c
# A dashboard that somebody made immutable is applied for ever.
# seeds: 300
s/^	if (s->child == CHILD_CONFIG_MAP || s->child == CHILD_DASHBOARD)$/	if (s->child == CHILD_CONFIG_MAP)/
