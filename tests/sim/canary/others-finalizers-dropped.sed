# file: src/control/job_status.c
# Every finalizer is taken away, not only our own.
s/^		    !is_our_finalizer(s->meta\.finalizers\.p\[i\]))$/		    false)/
