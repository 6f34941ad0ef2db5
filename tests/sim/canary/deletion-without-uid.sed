# file: src/control/job_child.c
# A child is deleted by its name alone, whoever has that name by now.
/^static void child_delete(/,/^}/s/ buf_view(&uid), STR_NONE, how);/ STR_NONE, STR_NONE, how);/
