# file: src/control/job.c
# What failed is not tried again.
/^void job_back_off(/,/^}/{
	/^	queue_backoff(/,/;$/d
}
