# file: src/control/record.c
# Servers of one name in two namespaces count as one.
# seeds: 300
/^uint64_t key_hash(/,/^}/s/hash_more(HASH_SEED, ns\.p, ns\.n)/hash_more(HASH_SEED, ns.p, 0)/
