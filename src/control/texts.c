#include <string.h>

#include "control_int.h"

/*
 * Texts that do not fit into a record whole: few servers have one at a time,
 * and its head is in the record besides. They are found by what they say, so
 * that nothing refers to a slot, and the oldest gives way.
 */

int texts_init(struct texts *t, struct mem *m)
{
	t->slot = mem_reserve(m, "long texts", TEXTS_MAX, sizeof(*t->slot));
	return t->slot != NULL ? 0 : ERR_FULL;
}

static struct text_slot *slot_of(const struct texts *t, uint64_t hash)
{
	uint32_t i;

	for (i = 0; i < TEXTS_MAX; i++)
		if (t->slot[i].hash == hash)
			return &t->slot[i];
	return NULL;
}

uint64_t text_keep(struct texts *t, struct str s)
{
	uint64_t hash = str_hash(s) | 1;

	if (slot_of(t, hash) == NULL) {
		struct text_slot *slot = &t->slot[t->next];

		t->next = (t->next + 1) % TEXTS_MAX;
		slot->hash = hash;
		cut_fmt(slot->text, sizeof(slot->text), "%S", s);
	}
	return hash;
}

const char *text_find(const struct texts *t, uint64_t hash)
{
	const struct text_slot *slot = slot_of(t, hash);

	return slot != NULL ? slot->text : NULL;
}
