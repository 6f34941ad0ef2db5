# file: src/control/queue.c
# What fails is tried again at once.
/^void queue_backoff/,/^}/s/time_backoff(q->base_ns,/time_backoff(0,/
