# file: src/kube/lease.c
# The Lease is written without the version that was read.
s/^	if (r->version\[0\])$/	if (0)/
