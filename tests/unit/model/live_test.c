#include "model_test.h"

static struct model m;

static void note(void *ctx, struct str name)
{
	buf_fmt(ctx, "%S ", name);
}

static struct str live(enum group g, const char *more)
{
	static char text[512];
	char spec[4096];
	struct buf b;

	cut_fmt(spec, sizeof(spec), "{\"image\":\"a:1\",\"reload\":{"
	    "\"policy\":\"Signal\"}%s%s}", *more ? "," : "", more);
	model_good(&m, g, spec);
	buf_init(&b, text, sizeof(text));
	server_live_volumes(&m.s.spec, note, &b);
	EXPECT_EQ(server_has_reloader(&m.s.spec), b.n > 0);
	return buf_view(&b);
}

#define VOLUMES "\"volumes\":[{\"name\":\"va\",\"configMap\":{\"name\":" \
	"\"a\"}},{\"name\":\"vb\",\"secret\":{\"secretName\":\"b\"}},{" \
	"\"name\":\"vc\",\"emptyDir\":{}}],\"volumeMounts\":["
#define MOUNT(name, path, more) "{\"name\":\"" name "\",\"mountPath\":\"" \
	path "\"" more "}"
#define PATCH(text) ",\"podTemplatePatch\":{\"spec\":" text "}"

TEST(a_volume_is_live_where_all_of_it_is_mounted)
{
	EXPECT_STR(live(GROUP_ALLBEONE, ""), "");
	EXPECT_STR(live(GROUP_ALLBEONE, VOLUMES "]"), "");
	EXPECT_STR(live(GROUP_ALLBEONE, VOLUMES MOUNT("va", "/a", "") ","
	    MOUNT("vb", "/b", "") "," MOUNT("vc", "/c", "") "]"), "va vb ");
	EXPECT_STR(live(GROUP_MCPDEV, VOLUMES MOUNT("va", "/a",
	    ",\"subPath\":\"k\"") "," MOUNT("va", "/b", "") "]"), "");
	EXPECT_STR(live(GROUP_MCPDEV, VOLUMES MOUNT("va", "/a",
	    ",\"subPathExpr\":\"k\"") "," MOUNT("vb", "/b", "") "]"),
	    "vb ");
}

#define PROJECTED(more) "\"volumes\":[{\"name\":\"vp\",\"projected\":{" \
	"\"sources\":[{\"configMap\":{\"name\":\"a\"}}" more "]}}]," \
	"\"volumeMounts\":[" MOUNT("vp", "/p", "") "]"

/* The kubelet writes all of it anew for each of its sources. */
TEST(a_volume_that_changes_by_itself_is_not_live)
{
	EXPECT_STR(live(GROUP_ALLBEONE, PROJECTED("")), "vp ");
	EXPECT_STR(live(GROUP_ALLBEONE, PROJECTED(",{\"secret\":{"
	    "\"name\":\"b\"}}")), "vp ");
	EXPECT_STR(live(GROUP_ALLBEONE, PROJECTED(",{"
	    "\"serviceAccountToken\":{\"path\":\"t\"}}")), "");
	EXPECT_STR(live(GROUP_ALLBEONE, PROJECTED(",{\"downwardAPI\":{"
	    "\"items\":[{\"path\":\"l\",\"fieldRef\":{\"fieldPath\":"
	    "\"metadata.labels\"}}]}}")), "");
	EXPECT_STR(live(GROUP_ALLBEONE, PROJECTED(",{"
	    "\"clusterTrustBundle\":{\"name\":\"c\",\"path\":\"p\"}}")),
	    "");
}

TEST(sources_and_the_configuration_are_live)
{
	EXPECT_STR(live(GROUP_NTAKATSU, "\"replicas\":1,\"transport\":"
	    "\"http\",\"config\":{},\"configSources\":[{\"mountPath\":\"/a\","
	    "\"secret\":{\"name\":\"a\"},\"subPath\":\"x\"},{\"mountPath\":"
	    "\"/b\",\"secret\":{\"name\":\"a\"}}]"),
	    "mcp-config mcp-source-1 ");
	EXPECT_STR(live(GROUP_EXAMPLE, "\"config\":{\"a\":\"b\"}"),
	    "mcp-config ");
	EXPECT_STR(live(GROUP_EXAMPLE, "\"config\":{}"), "");
}

/* It may have made of it what stays as it is. */
TEST(what_a_patch_speaks_of_is_not_live)
{
	EXPECT_STR(live(GROUP_ALLBEONE, VOLUMES MOUNT("va", "/a", "") ","
	    MOUNT("vb", "/b", "") "]" PATCH("{\"initContainers\":[{\"name\":"
	    "\"i\",\"volumeMounts\":[{\"name\":\"va\",\"mountPath\":"
	    "\"/x\"}]}]}")), "vb ");
	EXPECT_STR(live(GROUP_ALLBEONE, VOLUMES MOUNT("va", "/a", "") ","
	    MOUNT("vb", "/b", "") "]" PATCH("{\"containers\":[{\"name\":"
	    "\"mcp-server\",\"volumeMounts\":[{\"mountPath\":\"/b\","
	    "\"subPath\":\"k\"}]}]}")), "va ");
	EXPECT_STR(live(GROUP_ALLBEONE, "\"config\":{},\"configSources\":[{"
	    "\"mountPath\":\"/a\",\"secret\":{\"name\":\"a\"}}]"
	    PATCH("{\"containers\":[{\"name\":\"x\",\"volumeMounts\":[{"
	    "\"name\":\"mcp-source-0\",\"mountPath\":\"/x\"},{\"name\":"
	    "\"mcp-config\",\"mountPath\":\"/y\"}]}]}")),
	    "");
}

TEST(what_is_mounted_beside_the_server_is_not_live)
{
	EXPECT_STR(live(GROUP_ALLBEONE, VOLUMES MOUNT("va", "/a", "") ","
	    MOUNT("vb", "/b", "") "],\"pod\":{\"initContainers\":[{\"name\":"
	    "\"i\",\"image\":\"b\",\"volumeMounts\":["
	    MOUNT("va", "/x", "") "]}]}"), "vb ");
	EXPECT_STR(live(GROUP_ALLBEONE, VOLUMES MOUNT("va", "/a", "") ","
	    MOUNT("vb", "/b", "") "],\"pod\":{\"sidecars\":[{\"name\":"
	    "\"s\",\"image\":\"b\",\"volumeMounts\":["
	    MOUNT("vb", "/x", ",\"subPath\":\"k\"") "]}]}"), "va ");
}

TEST(a_patch_of_what_is_called_alike_is_none)
{
	EXPECT_STR(live(GROUP_ALLBEONE, "\"config\":{}," VOLUMES
	    MOUNT("va", "/a", "") "," MOUNT("vb", "/b", "") "]"
	    PATCH("{\"initContainers\":[{\"name\":\"va1\",\"image\":\"xva\","
	    "\"args\":[\"/a/\",\"/etc/mcp/x\",\"/b\"]}]}")),
	    "mcp-config va ");
}

TEST(a_signal_is_one_that_servers_are_told_by)
{
	static const char *const words[] = {
		"SIGHUP", "SIGUSR1", "SIGUSR2", "SIGINT", "SIGTERM"
	};
	char spec[128];

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		cut_fmt(spec, sizeof(spec), "{\"image\":\"a\",\"config\":{},"
		    "\"reload\":{\"policy\":\"Signal\",\"signal\":\"%s\"}}",
		    words[i]);
		EXPECT_EQ(model_good(&m, GROUP_MCPDEV, spec)->reload.signal,
		    i);
	}
	model_bad(&m, GROUP_MCPDEV, "{\"image\":\"a\",\"reload\":{"
	    "\"signal\":\"SIGKILL\"}}", "spec.reload.signal",
	    "SIGKILL is not one of SIGHUP, SIGUSR1, SIGUSR2, SIGINT, SIGTERM");
	model_bad(&m, GROUP_MCPDEV, "{\"image\":\"a\",\"reload\":{"
	    "\"policy\":\"signal\"}}", "spec.reload.policy",
	    "signal is not one of Roll, Signal");
}

TEST(the_user_of_a_server_is_known_unless_its_image_says)
{
	static const struct {
		const char *spec;
		int64_t user;
	} cases[] = {
		{ "", 1000 },
		{ ",\"securityContext\":{\"runAsUser\":7},"
		  "\"podSecurityContext\":{\"runAsUser\":8}", 7 },
		{ ",\"podSecurityContext\":{\"runAsUser\":0,"
		  "\"runAsNonRoot\":false}", 0 },
		{ ",\"podSecurityContext\":{\"runAsNonRoot\":true}", -1 },
		{ ",\"securityContext\":{\"runAsNonRoot\":false}", -1 },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char spec[256];
		int64_t user = -1;
		bool known;

		cut_fmt(spec, sizeof(spec), "{\"image\":\"a\",\"config\":{},"
		    "\"reload\":{\"policy\":\"Signal\"}%s}", cases[i].spec);
		model_good(&m, GROUP_MCPDEV, spec);
		known = server_user(&m.s.spec, &user);
		EXPECT_EQ(known, user >= 0);
		EXPECT_EQ(user, cases[i].user);
		EXPECT_EQ(server_signals(&m.s.spec), user >= 0);
	}
	model_good(&m, GROUP_MCPDEV, "{\"image\":\"a\",\"config\":{},"
	    "\"reload\":{\"policy\":\"Roll\"}}");
	EXPECT(!server_signals(&m.s.spec));
	EXPECT(!server_has_reloader(&m.s.spec));
}

/* Who has the server's user has to be told from it by the group. */
TEST(sidecars_of_its_user_are_no_servers)
{
	static const struct { const char *spec, *sidecar; bool signals; }
	cases[] = {
		{ "", "", false },
		{ "", ",\"securityContext\":{\"runAsUser\":1000}", false },
		{ "", ",\"securityContext\":{\"runAsUser\":1001}", true },
		{ ",\"securityContext\":{\"runAsGroup\":2000}", "", true },
		{ ",\"podSecurityContext\":{\"runAsGroup\":2000}", "",
		  true },
		{ ",\"securityContext\":{\"runAsUser\":7}",
		  ",\"securityContext\":{\"runAsUser\":1000}", true },
		{ ",\"securityContext\":{\"runAsUser\":7},"
		  "\"podSecurityContext\":{\"runAsUser\":8}", "", true },
		{ ",\"podSecurityContext\":{\"runAsUser\":8}", "", false },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char spec[512];

		cut_fmt(spec, sizeof(spec), "{\"image\":\"a\",\"config\":{},"
		    "\"reload\":{\"policy\":\"Signal\"},\"pod\":{"
		    "\"sidecars\":[{\"name\":\"s\",\"image\":\"b\"%s}]}%s}",
		    cases[i].sidecar, cases[i].spec);
		model_good(&m, GROUP_MCPDEV, spec);
		EXPECT(server_has_reloader(&m.s.spec));
		EXPECT_EQ(server_signals(&m.s.spec), cases[i].signals);
	}
}

#define PATCHED(spec) "{\"image\":\"a\",\"config\":{},\"reload\":{" \
	"\"policy\":\"Signal\"},\"podTemplatePatch\":{\"spec\":{" spec "}}}"

TEST(a_patch_of_users_and_processes_ends_signals)
{
	static const struct { const char *spec; bool signals; } cases[] = {
		{ PATCHED("\"hostNetwork\":true"), true },
		{ PATCHED("\"securityContext\":{\"runAsUser\":7}"), false },
		{ PATCHED("\"containers\":[{\"name\":\"mcp-server\","
		  "\"securityContext\":{\"runAsGroup\":7}}]"), false },
		{ PATCHED("\"shareProcessNamespace\":false"), false },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		model_good(&m, GROUP_MCPDEV, cases[i].spec);
		EXPECT(server_has_reloader(&m.s.spec));
		EXPECT_EQ(server_signals(&m.s.spec), cases[i].signals);
	}
}

#define INIT(more) "{\"image\":\"a\",\"config\":{},\"reload\":{\"policy\":" \
	"\"Signal\"},\"pod\":{\"initContainers\":[{\"name\":\"i\"," \
	"\"image\":\"b\"" more "}]}}"

/* One with a restartPolicy runs on beside the server. */
TEST(init_containers_that_run_on_are_sidecars)
{
	static const struct { const char *spec; bool signals; } cases[] = {
		{ INIT(""), true },
		{ INIT(",\"imagePullPolicy\":\"Always\""), true },
		{ INIT(",\"restartPolicy\":\"Always\""), false },
		{ INIT(",\"restartPolicy\": \"Always\","
		  "\"securityContext\":{\"runAsUser\":1000}"), false },
		{ INIT(",\"restartPolicy\":\"Always\","
		  "\"securityContext\":{\"runAsUser\":1001}"), true },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		model_good(&m, GROUP_MCPDEV, cases[i].spec);
		EXPECT(server_has_reloader(&m.s.spec));
		EXPECT_EQ(server_signals(&m.s.spec), cases[i].signals);
	}
}
