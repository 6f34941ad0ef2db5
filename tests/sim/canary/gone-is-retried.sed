# file: src/kube/watch.c
# 410 is answered by asking for the same version again.
/^static void do_relist/,/^}/s/^	forget_version(w);$//
