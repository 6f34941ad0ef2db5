# file: src/net/http1_parse.c
# The end of a chunk is lost when a read brings no more than that.
/^static struct str chunk_data/,/^}/s/^		c->state = CHUNK_DATA_CR;$/		c->state = CHUNK_DATA_CR, data.n = n < 40 ? 0 : n;/
