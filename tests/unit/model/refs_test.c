#include "model_test.h"

static struct model m;

struct seen {
	char text[1024];
	struct buf b;
};

static void note(void *ctx, enum ref_kind kind, struct str name,
    struct str key, bool optional, bool live)
{
	struct seen *s = ctx;

	buf_fmt(&s->b, "%s%S/%S%s%s ", kind == REF_SECRET ? "s:" : "c:",
	    name, key, optional ? "?" : "", live ? "~" : "");
}

/* All that m.s refers to, each with a space behind it. */
static void names(const char *want)
{
	struct seen s;

	buf_init(&s.b, s.text, sizeof(s.text));
	server_refs(&m.s, note, &s);
	EXPECT(!s.b.over);
	EXPECT_STR(buf_view(&s.b), want);
}

TEST(refs_all_are_named)
{
	model_good(&m, GROUP_ALLBEONE, "{\"image\":\"a\",\"env\":["
	    "{\"name\":\"A\",\"valueFrom\":{\"secretKeyRef\":{\"name\":\"e\","
	    "\"key\":\"k\"}}},{\"name\":\"B\",\"valueFrom\":{"
	    "\"configMapKeyRef\":{\"name\":\"f\",\"key\":\"l\",\"optional\":"
	    "true}}},{\"name\":\"C\",\"valueFrom\":{\"fieldRef\":{"
	    "\"fieldPath\":\"metadata.name\"}}}],\"envFrom\":[{"
	    "\"configMapRef\":{\"name\":\"g\"}}],\"secretRefs\":[{\"name\":"
	    "\"h\",\"key\":\"m\",\"envVar\":\"D\"}],\"secretName\":\"i\","
	    "\"imagePullSecrets\":[{\"name\":\"never\"}],\"volumes\":["
	    "{\"name\":\"a\",\"secret\":{\"name\":\"j\"}},{\"name\":\"b\","
	    "\"configMap\":{\"name\":\"n\",\"items\":[{\"key\":\"o\",\"path\""
	    ":\"p\"},{\"key\":\"q\",\"path\":\"r\"}],\"optional\":true}},"
	    "{\"name\":\"c\",\"emptyDir\":{}},{\"name\":\"d\",\"projected\":{"
	    "\"sources\":[{\"secret\":{\"name\":\"t\"}},{\"configMap\":{"
	    "\"name\":\"u\",\"optional\":true}},{\"serviceAccountToken\":{"
	    "\"path\":\"x\"}}]}}],\"configSources\":[{\"mountPath\":\"/a\","
	    "\"configMap\":{\"name\":\"v\"}},{\"mountPath\":\"/b\","
	    "\"secret\":{\"name\":\"w\",\"keys\":[\"x\",\"y\"],"
	    "\"optional\":true}}]}");
	names("s:h/m s:e/k c:f/l? c:g/ s:i/ s:j/ "
	    "c:n/o? c:n/q? s:t/ c:u/? c:v/~ s:w/x?~ s:w/y?~ ");
}

TEST(refs_of_containers_beside_the_server_are_named)
{
	model_good(&m, GROUP_MCPDEV, "{\"image\":\"a\",\"pod\":{"
	    "\"initContainers\":[{\"name\":\"x\",\"image\":\"b\",\"env\":["
	    "{\"name\":\"A\",\"valueFrom\":{\"secretKeyRef\":{\"name\":"
	    "\"e\",\"key\":\"k\"}}}]}],\"sidecars\":[{\"name\":\"y\","
	    "\"image\":\"c\",\"envFrom\":[{\"configMapRef\":{\"name\":"
	    "\"f\",\"optional\":true}}]}]}}");
	names("s:e/k c:f/? ");
}

TEST(refs_of_volumes_are_live_where_pods_see_them_change)
{
	model_good(&m, GROUP_MCPDEV, "{\"image\":\"a\",\"env\":[{\"name\":"
	    "\"A\",\"valueFrom\":{\"secretKeyRef\":{\"name\":\"e\",\"key\":"
	    "\"k\"}}}],\"volumes\":[{\"name\":\"v\",\"projected\":{"
	    "\"sources\":[{\"secret\":{\"name\":\"e\"}},{\"configMap\":{"
	    "\"name\":\"f\"}}]}},{\"name\":\"w\",\"configMap\":{\"name\":"
	    "\"g\"}}],\"volumeMounts\":[{\"name\":\"v\",\"mountPath\":"
	    "\"/v\"},{\"name\":\"w\",\"mountPath\":\"/w\",\"subPath\":"
	    "\"x\"}],\"configSources\":[{\"mountPath\":\"/b\",\"secret\":{"
	    "\"name\":\"h\"},\"subPath\":\"x\"}]}");
	names("s:e/k s:e/~ c:f/~ c:g/ s:h/ ");
}

TEST(refs_none)
{
	model_good(&m, GROUP_NTAKATSU, "{}");
	names("");
}
