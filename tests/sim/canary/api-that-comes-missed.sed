# file: src/control/kinds.c
# Nobody looks whether the CRD of a missing API has come.
/^static void crd_seen(/,/^}/s/^			crd_of(&m->slot\[i\], gone);$/			crd_of(\&m->slot[i], true);/
