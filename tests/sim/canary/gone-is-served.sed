# file: src/control/job.c
# A server that goes while it is worked on is worked on to the end.
s/^	if (job_record(j)->flags & RECORD_LIVE)$/	if (j->step != JOB_GET || (job_record(j)->flags \& RECORD_LIVE))/
