# file: src/control/queue.c
# What fails is tried again at once.
/^void queue_backoff/,/^}/s/^	int64_t delay = q->base_ns;$/	int64_t delay = 0;/
