#include "codec.h"

#define SCHEMA_DEF "meta.def"
#include "schema_tables.h"
