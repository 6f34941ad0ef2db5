# file: src/kube/lease.c
# Another's Lease is taken at half its time.
s/^	return mono(l) - l->seen_ns >= duration;$/	return mono(l) - l->seen_ns >= duration \/ 2;/
