# file: src/control/job_child.c
# A child is deleted by its name alone, whoever has that name by now.
/^void job_delete(/,/^}/s/buf_view(&name), buf_view(&uid), STR_NONE,/buf_view(\&name), STR_NONE, STR_NONE,/
