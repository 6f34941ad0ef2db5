#include <string.h>

#include "check.h"
#include "manager_world.h"

/* What is said of one flag; "" where nothing is. */
static struct str said(const char *flag, const char *other)
{
	static struct diag d;
	static struct manager_options o;
	const char *argv[] = { "manager", flag, other };
	struct world *w = world_new();
	int n = other ? 3 : 2, rest = 0, err;

	diag_clear(&d);
	REQUIRE(opts_parse(manager_opts, manager_opts_n, &w->io.io, n,
	    (char **)(uintptr_t)argv, &o, &rest, &d) == 0);
	err = options_check(&o, &d);
	EXPECT_EQ(err, *d.text ? ERR_USAGE : 0);
	return str_from(d.text);
}

TEST(keys_of_labels_are_checked)
{
	static const char neither[] = " is neither a label key nor the "
	    "beginning of one, up to its /";
	char text[128];

	EXPECT_STR(said("--namespace-label-keys=", NULL), "");
	EXPECT_STR(said("--namespace-label-keys=team, a.b/c ,d.e/", NULL), "");
	cut_fmt(text, sizeof(text), "\"a b\"%s", neither);
	EXPECT_STR(said("--namespace-label-keys=a,a b", NULL), text);
	cut_fmt(text, sizeof(text), "\"\"%s", neither);
	EXPECT_STR(said("--namespace-label-keys=a,,b", NULL), text);
	cut_fmt(text, sizeof(text), "\"/\"%s", neither);
	EXPECT_STR(said("--namespace-label-keys=/", NULL), text);
	EXPECT_STR(said("--namespace-label-keys=pod-security.kubernetes.io/",
	    NULL), "\"pod-security.kubernetes.io/\" is Kubernetes' own");
	EXPECT_STR(said("--namespace-label-keys=k8s.io/x", NULL),
	    "\"k8s.io/x\" is Kubernetes' own");
	EXPECT_STR(said("--namespace-label-keys=notk8s.io/x", NULL), "");
}

TEST(the_image_of_the_sidecar_is_one)
{
	char flag[IMAGE_MAX + 32];

	EXPECT_STR(said("--sidecar-image=", NULL), "");
	EXPECT_STR(said("--sidecar-image=r.example:5000/a@sha256:0", NULL),
	    "");
	EXPECT_STR(said("--sidecar-image=a b", NULL), "is not an image");
	memset(flag, 'x', sizeof(flag) - 1);
	memcpy(flag, "--sidecar-image=", 16);
	flag[16 + IMAGE_MAX] = '\0';
	EXPECT_STR(said(flag, NULL), "");
	flag[16 + IMAGE_MAX] = 'x';
	flag[16 + IMAGE_MAX + 1] = '\0';
	EXPECT_STR(said(flag, NULL), "is not an image");
}

TEST(a_dry_run_needs_webhooks)
{
	EXPECT_STR(said("--webhook-dry-run", NULL),
	    "has no effect without --enable-webhooks");
	EXPECT_STR(said("--webhook-dry-run", "--enable-webhooks"), "");
}
