# file: src/kube/watch_http.c
# A watch that says nothing any more is waited for.
s/^	    KUBE_LIST_SILENCE_NS : w->shared->silence_ns);$/	    KUBE_LIST_SILENCE_NS : 86400 * NS_PER_S);/
