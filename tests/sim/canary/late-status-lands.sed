# file: src/control/job_status.c
# A status is written whatever version the server has by now.
/^	jw_kstr(&w, "resourceVersion", s->meta.resource_version);$/{
N
/\n	jw_close(&w);$/s/^[^\n]*\n//
}
