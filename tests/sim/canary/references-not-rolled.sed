# file: src/render/workload.c
# What a reference holds is not noted in the pods, which stay as they are.
s/^		digest_note_write(w, NOTE_REFS, r->in->refs);$/		digest_note_write(w, NOTE_REFS, 1);/
