# file: src/control/job.c
# What failed is not tried again.
/^void job_failed(/,/^}/{
	/^	queue_backoff(/,/;$/d
}
