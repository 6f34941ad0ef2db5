# file: src/control/rolled.c
# A rollout that has failed is left as it is, whatever its server asks for.
s/^	return s->spec.rollback && /	return 0 \&\& s->spec.rollback \&\& /
