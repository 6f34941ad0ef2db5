# file: src/control/job.c
# Nobody looks whether a Service or ConfigMap of that name is a stranger's.
/^static bool needs_look/,/^}/s/^	return s->what == .*$/	return s == NULL \&\& s->what == STEP_APPLY \&\& !s->force \&\&/
