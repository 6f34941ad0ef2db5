# file: src/render/workload.c
# A stdio server gets as many pods as it asks for.
s/^	return s->spec.transport.type == TRANSPORT_STDIO && n > 1 ? 1 : n;$/	return n;/
