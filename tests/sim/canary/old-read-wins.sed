# file: src/control/job.c
# A read that the watch has overtaken counts as the present.
/^	if (!record_version(r, j->server.meta.resource_version)) {$/s/.*/	if (!record_version(r, j->server.meta.resource_version) \&\& r->version == 0) {/
