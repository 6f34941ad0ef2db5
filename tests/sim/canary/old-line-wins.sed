# file: src/control/intake.c
# A watch line that is older than what was read counts as news.
s/^		line_is_old(m, i, s);$/		(void)line_is_old;/
/line_is_old;/{n;s/^		return;$/		;/}
