#include "model_int.h"

/*
 * spec.podTemplatePatch: the way out for what has no field. It may not take
 * away by what the operator knows its pods.
 */

static const char path[] = "spec.podTemplatePatch";

/* patchMergeKey of core/v1 PodSpec and below; the other lists are replaced. */
const struct json_list_key pod_template_lists[] = {
	{ "containers", "name" },
	{ "initContainers", "name" },
	{ "volumes", "name" },
	{ "env", "name" },
	{ "volumeMounts", "mountPath" },
	{ "volumeDevices", "devicePath" },
	{ "ports", "containerPort" },
	{ "imagePullSecrets", "name" },
	{ "hostAliases", "ip" },
	{ "topologySpreadConstraints", "topologyKey" },
	{ "resourceClaims", "name" },
	{ "schedulingGates", "name" },
	{ NULL, NULL }
};

static void broken(struct faults *f, const char *below, struct str value,
    const char *rule)
{
	char mem[DIAG_PATH_MAX];
	struct buf b;

	buf_init(&b, mem, sizeof(mem));
	buf_fmt(&b, "%s%s", path, below);
	rule_broken(f, buf_view(&b), value, rule);
}

static bool is_directive(const struct json_doc *doc, uint32_t key)
{
	return json_key_is(doc, key, STR("$patch"));
}

/* Only these members, and the whole is not replaced. */
static void check_members(const struct json_doc *doc, uint32_t at,
    const char *below, const char *one, const char *other, struct faults *f)
{
	uint32_t k;

	if (json_type(doc, at) != JSON_OBJECT) {
		broken(f, below, STR_NONE, "must be an object");
		return;
	}
	for (k = json_first(doc, at); k != JSON_NIL;
	    k = json_next(doc, at, k)) {
		struct str raw = json_raw(doc, k);

		if (is_directive(doc, k))
			broken(f, below, STR_NONE,
			    "cannot be replaced or deleted as a whole");
		else if (one != NULL && !json_key_is(doc, k, str_from(one)) &&
		    !json_key_is(doc, k, str_from(other)))
			broken(f, below, str_sub(raw, 1, raw.n - 1),
			    "cannot be patched");
	}
}

static void check_keys(const struct server_spec *s,
    const struct json_doc *doc, uint32_t at, const char *below, bool labels,
    struct faults *f)
{
	uint32_t k;

	if (at == JSON_NIL)
		return;
	check_members(doc, at, below, NULL, NULL, f);
	for (k = json_first(doc, at); json_type(doc, at) == JSON_OBJECT &&
	    k != JSON_NIL; k = json_next(doc, at, k)) {
		struct str raw = json_raw(doc, k);
		struct str key = str_sub(raw, 1, raw.n - 1);

		if (labels ? server_label_is_own(key) ||
		    pairs_have(&s->selector, key) : server_note_is_own(key))
			broken(f, below, key, labels ?
			    "is a label by which the pods are known" :
			    "is an annotation that the operator sets");
	}
}

static void check_containers(const struct json_doc *doc, uint32_t list,
    struct faults *f)
{
	static const char below[] = ".spec.containers";
	uint32_t i;

	if (list == JSON_NIL)
		return;
	if (json_type(doc, list) != JSON_ARRAY) {
		broken(f, below, STR_NONE, "must be a list");
		return;
	}
	for (i = json_first(doc, list); i != JSON_NIL;
	    i = json_next(doc, list, i)) {
		uint32_t how = json_get(doc, i, STR("$patch"));
		uint32_t name = json_get(doc, i, STR("name"));
		struct str text = how == JSON_NIL ? STR_NONE :
		    json_raw(doc, how);

		if (str_is(text, "\"replace\"") ||
		    (str_is(text, "\"delete\"") && name != JSON_NIL &&
		    str_is(json_raw(doc, name), "\"" CONTAINER_NAME "\"")))
			broken(f, below, STR(CONTAINER_NAME),
			    "is the server itself and cannot be taken away");
	}
}

static void check_template(const struct server_spec *s,
    const struct json_doc *doc, struct faults *f)
{
	uint32_t meta = json_get(doc, JSON_ROOT, STR("metadata"));
	uint32_t spec = json_get(doc, JSON_ROOT, STR("spec"));

	check_members(doc, JSON_ROOT, "", "metadata", "spec", f);
	if (meta != JSON_NIL) {
		check_members(doc, meta, ".metadata", "labels",
		    "annotations", f);
		check_keys(s, doc, json_get(doc, meta, STR("labels")),
		    ".metadata.labels", true, f);
		check_keys(s, doc, json_get(doc, meta, STR("annotations")),
		    ".metadata.annotations", false, f);
	}
	if (spec != JSON_NIL) {
		check_members(doc, spec, ".spec", NULL, NULL, f);
		check_containers(doc, json_get(doc, spec,
		    STR("containers")), f);
	}
}

int check_pod_patch(const struct server_spec *s, struct arena *a,
    struct faults *f)
{
	struct str text = s->pod_patch;
	struct json_doc doc;
	struct diag d;

	if (!HAS(s, server_spec, pod_patch))
		return 0;
	if (text.n > POD_PATCH_MAX) {
		broken(f, "", STR_NONE, "is over 32768 bytes");
		return 0;
	}
	if (json_parse_in(&doc, text, a, NULL) < 0)
		return ERR_FULL;
	diag_clear(&d);
	if (json_patch_check(&doc, pod_template_lists, str_from(path), &d) < 0)
		rule_broken(f, str_from(d.path), STR_NONE, d.text);
	else
		check_template(s, &doc, f);
	return 0;
}
