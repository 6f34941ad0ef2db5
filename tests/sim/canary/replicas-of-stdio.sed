# file: src/model/server.c
# A stdio server gets as many pods as it asks for.
s/^	return s->transport.type == TRANSPORT_STDIO && s->replicas > 1 ? 1 :$/	return s->replicas < 0 ? 1 :/
