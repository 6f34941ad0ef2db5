# file: src/control/job_hooks.c
# Before children are written hooks are asked, and validators are not.
s/^	if (!j->validated)$/	if (!j->validated \&\& j->m == NULL)/
