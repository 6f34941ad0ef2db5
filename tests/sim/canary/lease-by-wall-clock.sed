# file: src/kube/lease.c
# Whether another's Lease has run out is asked of the wall clock.
s/^	return mono(l) - l->seen_ns >= duration;$/	return wall(l) - l->seen.renew_wall_ns >= duration;/
