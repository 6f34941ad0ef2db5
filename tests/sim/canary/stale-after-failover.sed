# file: src/control/manager.c
# What was queued while another led is forgotten, as if it had done it.
s/^	m->leading = leading;$/&\n	for (uint32_t i; leading \&\& m->queue.depth > 0 \&\& (i = queue_take(\&m->queue)) != RECORD_NONE;) record_at(\&m->records, i)->flags |= RECORD_PLANNED;/
