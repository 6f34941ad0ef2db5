# file: src/control/notices.c
# Each status that is written tells of its phase, a new one or not.
/^void notices_phase(/,/^}/s/!phase_moved(s->group, &s->status,$/0 * phase_moved(s->group, \&s->status,/
