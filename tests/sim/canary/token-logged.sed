# file: src/control/manager.c
# Who begins to lead logs the token that it has.
s/^	    "holder=%s", m->o->leader_elect.*$/	    "token=%s", m->config.auth);/
