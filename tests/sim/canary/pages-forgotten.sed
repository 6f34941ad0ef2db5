# file: src/kube/watch.c
# Of a list in pages the first is taken for all.
s/^		NULL, do_page, do_listed, NULL, NULL,$/		NULL, do_listed, do_listed, NULL, NULL,/
