# file: src/control/notices.c
# Of a phase that has changed only the first status tells.
# seeds: 300
/^void notices_phase(/,/^}/s/^	if (h == NULL || /	if (h == NULL || HAS(\&s->status, server_status, phase) ||\n	    /
