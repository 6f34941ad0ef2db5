# file: src/kube/lease.c
# The Lease counts from the answer, not from when it was asked for.
s/^	l->renewed_ns = l->sent_ns;$/	l->renewed_ns = mono(l);/
