# file: src/control/pods.c
# The slot of a pod that is well again is not given back.
/^static void slot_free/,/^}/s/^	pool_give(&p->pool, i);$//
