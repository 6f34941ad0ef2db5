# file: src/kube/client.c
# A throttled request counts as done.
/^static bool answered_again/,/^}/s/^	if (s->err != ERR_THROTTLED || s->retry_after_ns < 0)$/	if (s->err == ERR_THROTTLED)\n		s->err = 0;\n&/
