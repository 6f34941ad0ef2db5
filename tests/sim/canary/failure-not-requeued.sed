# file: src/control/job.c
# What failed is not tried again.
/^void job_failed(/,/^}/s/^	queue_backoff(&m->queue, j->record, m->loop.now_ns);$//
