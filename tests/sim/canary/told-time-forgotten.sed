# file: src/control/job.c
# A job that gave up comes again when it likes, whatever Retry-After told.
# seeds: 300
/^void job_back_off(/,/^}/s/^	int64_t told = .*/	int64_t told = 0;/
