# file: src/kube/watch_http.c
# A stream begins at the present, not at the version that is known.
s/^	if (w->step == STEP_STREAM) {$/	if (w->step == STEP_STREAM)\n		return;\n&/
