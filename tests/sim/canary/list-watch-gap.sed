# file: src/kube/watch_http.c
# The stream begins at the present, not at the version of the list.
s/^	if (w->step == STEP_STREAM) {$/	if (w->step == STEP_STREAM \&\& w->restarts > 0) {/
s/^	kube_query(b, "sendInitialEvents", STR("true"));$/	if (w->step == STEP_STREAM) return;\n&/
