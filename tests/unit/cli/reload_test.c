#include <string.h>

#include "check.h"
#include "cli.h"
#include "fake_io.h"

/* A pod's processes and volumes, as lists of paths with what they hold. */
enum { FILES = 64, KILLS = 8 };
static struct {
	const char *path, *text;
	int err;			/* instead of a text */
} file[FILES];
static int files, killed[KILLS], kills, kill_err, made_err;
static uint64_t made;		/* when the volume "app" was written */
static int signal_sent;
static struct peers sys;
static struct fake_io fake;
static struct log logger;
static struct reloader reloader;

static void put(const char *path, const char *text, int err)
{
	int i;

	for (i = 0; i < files && strcmp(file[i].path, path) != 0; i++)
		;
	REQUIRE(i < FILES);
	files += i == files;
	file[i].path = path;
	file[i].text = text;
	file[i].err = err;
}

static int find(const char *path)
{
	for (int i = 0; i < files; i++)
		if (strcmp(file[i].path, path) == 0)
			return i;
	return -1;
}

/* Names one level below, each once. */
static int fake_list(void *ctx, const char *path, peers_name *each,
    void *each_ctx)
{
	char name[256], last[256] = "";
	size_t n = strlen(path), k;
	int found = 0;

	(void)ctx;
	for (int i = 0; i < files; i++) {
		const char *rest = file[i].path + n;

		if (strncmp(file[i].path, path, n) != 0 || *rest++ != '/')
			continue;
		k = strcspn(rest, "/");
		memcpy(name, rest, k);
		name[k] = '\0';
		if (strcmp(name, last) != 0)
			each(each_ctx, name);
		memcpy(last, name, k + 1);
		found = 1;
	}
	return found ? 0 : ERR_NOENT;
}

static int fake_part(void *ctx, const char *path, uint32_t at, void *p,
    size_t cap)
{
	int i = find(path);
	size_t n;

	(void)ctx;
	if (i < 0 || file[i].err)
		return i < 0 ? ERR_NOENT : file[i].err;
	n = strlen(file[i].text);
	n = at < n ? n - at : 0;
	n = n < cap ? n : cap;
	memcpy(p, file[i].text + at, n);
	/* Variables stand one behind the other, each with its end. */
	for (size_t k = 0; k < n; k++)
		if (((char *)p)[k] == '|')
			((char *)p)[k] = '\0';
	return (int)n;
}

static int fake_link(void *ctx, const char *path, void *p, size_t cap)
{
	const char *at = strrchr(path, '/');

	return strcmp(at, "/..data") == 0 ? fake_part(ctx, path, 0, p, cap) :
	    ERR_IO;
}

static int fake_made(void *ctx, const char *path, uint64_t *ret)
{
	(void)ctx;
	if (strstr(path, "/..data") == NULL || find(path) < 0)
		return ERR_NOENT;
	*ret = strcmp(path, "/watch/app/..data") == 0 ? made : 1;
	return made_err;
}

static int fake_sum(void *ctx, const char *path, uint64_t *ret)
{
	int i = find(path);

	(void)ctx;
	if (i < 0 || file[i].err)
		return i < 0 ? ERR_NOENT : file[i].err;
	*ret = str_hash(str_from(file[i].text));
	return 0;
}

static int fake_kill(void *ctx, int pid, int signal)
{
	(void)ctx;
	REQUIRE(kills < KILLS);
	killed[kills++] = pid;
	signal_sent = signal;
	return kill_err;
}

#define STAT(name, parent, started) "9 (" name ") S " parent " 1 1 0 -1 0 " \
	"0 0 0 0 0 0 0 0 20 0 1 0 " started " 0 0\n"
#define OURS "PATH=/bin|MCP_RELOAD_ID=a.one|X=1|"
#define UID(n) "Name:\tx\nUid:\t" n "\t" n "\t" n "\t" n "\nGid:\t0\n"

/* pause, a server with a child, its exec'd probe, and this one. */
static void set_up(void)
{
	files = kills = kill_err = made_err = 0;
	made = 1;
	put("/watch/app/..data", "..1", 0);
	put("/watch/app/k", "v", 0);
	put("/watch/keys/..data", "..7", 0);
	put("/proc/1/stat", STAT("pause", "0", "50"), 0);
	put("/proc/1/environ", OURS, 0);
	put("/proc/12/stat", STAT("sh", "0", "900"), 0);
	put("/proc/12/environ", OURS, 0);
	put("/proc/20/stat", STAT("x) Z (", "0", "100"), 0);
	put("/proc/20/environ", OURS, 0);
	put("/proc/21/stat", STAT("child", "20", "60"), 0);
	put("/proc/21/environ", OURS, 0);
	put("/proc/30/stat", STAT("mcp-operator", "0", "40"), 0);
	put("/proc/30/environ", OURS, 0);
	put("/proc/31/stat", STAT("envoy", "0", "30"), 0);
	put("/proc/31/environ", "NOT_MCP_RELOAD_ID=1|", 0);
	put("/proc/self/stat", STAT("self", "0", "1"), 0);
	put("/proc/uptime", "1", 0);
	sys = (struct peers){ .pid = 30, .user = 1000, .list = fake_list,
		.link = fake_link, .part = fake_part, .made = fake_made,
		.sum = fake_sum, .kill = fake_kill };
	fake_io_init(&fake);
	log_init(&logger, &fake.io);
	reloader_init(&reloader, &sys, &logger, "/watch", RELOAD_USR1);
}

static void looks(int n)
{
	while (n-- > 0)
		reloader_look(&reloader);
}

static bool logged(const char *text)
{
	struct str all = fake_std(&fake, 2);

	return str_search(all, str_from(text)) < all.n;
}

TEST(a_start_is_no_change)
{
	set_up();
	looks(5);
	EXPECT_EQ(kills, 0);
	EXPECT_EQ(fake_std(&fake, 2).n, 0);
	fake_io_free(&fake);
}

TEST(a_change_is_told_once_when_it_is_settled)
{
	set_up();
	looks(1);
	put("/watch/app/..data", "..2", 0);
	looks(1);
	put("/watch/app/..data", "..3", 0);
	looks(1);
	EXPECT_EQ(kills, 0);
	looks(4);
	EXPECT_EQ(kills, 1);
	EXPECT_EQ(signal_sent, 10);
	/* The first that was started in the server's container. */
	EXPECT_EQ(killed[0], 20);
	EXPECT(logged("\"msg\":\"server signalled\",\"signal\":\"SIGUSR1\","
	    "\"pid\":20,\"changed\":\"app\""));
	put("/watch/app/..data", "..4", 0);
	looks(1);
	put("/watch/app/..data", "..3", 0);
	looks(4);
	EXPECT_EQ(kills, 1);
	fake_io_free(&fake);
}

TEST(changes_at_one_time_are_one_signal)
{
	set_up();
	looks(1);
	put("/watch/app/..data", "..2", 0);
	put("/watch/keys/..data", "..8", 0);
	looks(3);
	EXPECT_EQ(kills, 1);
	EXPECT(logged("\"changed\":\"app,keys\""));
	fake_io_free(&fake);
}

TEST(a_folder_of_plain_files_is_known_by_what_they_hold)
{
	set_up();
	put("/watch/plain/a", "1", 0);
	put("/watch/plain/b", "2", 0);
	looks(1);
	/* The same texts, changed over. */
	put("/watch/plain/a", "2", 0);
	put("/watch/plain/b", "1", 0);
	looks(3);
	EXPECT_EQ(kills, 1);
	EXPECT(logged("\"changed\":\"plain\""));
	put("/watch/plain/c", "", 0);
	looks(3);
	EXPECT_EQ(kills, 2);
	fake_io_free(&fake);
}

/* The variable begins `before` bytes into the environment. */
static void change_with(size_t before, const char *variable)
{
	static char text[RELOAD_ENVIRON_MAX + 64];

	set_up();
	memset(text, 'x', before);
	for (size_t i = 0; i < before; i += 1000)
		text[i] = '|';
	if (before > 0)
		text[before - 1] = '|';
	cut_fmt(text + before, 64, "%s=a.one|", variable);
	put("/proc/12/environ", "", 0);
	put("/proc/20/environ", text, 0);
	looks(1);
	put("/watch/app/..data", "..2", 0);
	looks(2);
	fake_io_free(&fake);
}

/* The kubelet gives variables in any order, and they are read in pieces. */
TEST(the_variable_is_found_wherever_it_is)
{
	static const size_t before[] = {
		0, 1, RELOAD_CHUNK_MAX - 1, RELOAD_CHUNK_MAX,
		RELOAD_CHUNK_MAX + 1, 3 * RELOAD_CHUNK_MAX - 13,
		3 * RELOAD_CHUNK_MAX - 14, 3 * RELOAD_CHUNK_MAX - 15,
		17 * 1024, 40000, RELOAD_ENVIRON_MAX - 14
	};

	for (size_t i = 0; i < ARRAY_LEN(before); i++) {
		change_with(before[i], RELOAD_VARIABLE);
		EXPECT_EQ(kills, 1);
		EXPECT_EQ(killed[0], 20);
	}
	/* What is behind the most that there can be is not looked at. */
	change_with(RELOAD_ENVIRON_MAX, RELOAD_VARIABLE);
	EXPECT_EQ(kills, 0);
	change_with(RELOAD_CHUNK_MAX - 4, "X" RELOAD_VARIABLE);
	EXPECT_EQ(kills, 0);
	change_with(RELOAD_CHUNK_MAX - 4, RELOAD_VARIABLE "2");
	EXPECT_EQ(kills, 0);
	change_with(RELOAD_CHUNK_MAX - 4, "MCP_RELOAD");
	EXPECT_EQ(kills, 0);
}

/* Its environment is shown to its own group alone. */
static void hide(const char *stat, const char *environ, const char *status,
    const char *uid, const char *cgroup, const char *group)
{
	put(stat, STAT("x", "0", "100"), 0);
	put(environ, NULL, ERR_DENIED);
	put(status, uid, 0);
	put(cgroup, group, 0);
}

static void change(void)
{
	put("/proc/12/stat", STAT("sh", "20", "900"), 0);
	looks(1);
	put("/watch/app/..data", "..2", 0);
	looks(2);
}

TEST(one_that_hides_its_environment_is_found_by_its_user)
{
	set_up();
	hide("/proc/20/stat", "/proc/20/environ", "/proc/20/status",
	    UID("1000"), "/proc/20/cgroup", "0::/../a");
	hide("/proc/31/stat", "/proc/31/environ", "/proc/31/status",
	    UID("1337"), "/proc/31/cgroup", "0::/../b");
	/* And what is run by hand in its container, later. */
	hide("/proc/12/stat", "/proc/12/environ", "/proc/12/status",
	    UID("1000"), "/proc/12/cgroup", "0::/../a");
	put("/proc/12/stat", STAT("sh", "0", "900"), 0);
	looks(1);
	put("/watch/app/..data", "..2", 0);
	looks(2);
	EXPECT_EQ(kills, 1);
	EXPECT_EQ(killed[0], 20);
	fake_io_free(&fake);
}

TEST(of_two_that_it_could_be_none_is_signalled)
{
	set_up();
	hide("/proc/20/stat", "/proc/20/environ", "/proc/20/status",
	    UID("1000"), "/proc/20/cgroup", "0::/../a");
	hide("/proc/31/stat", "/proc/31/environ", "/proc/31/status",
	    UID("1000"), "/proc/31/cgroup", "0::/../b");
	change();
	EXPECT_EQ(kills, 0);
	EXPECT(logged("give it a runAsGroup"));
	EXPECT(logged("\"level\":\"error\""));
	fake_io_free(&fake);
}

TEST(another_user_is_told_of)
{
	set_up();
	hide("/proc/20/stat", "/proc/20/environ", "/proc/20/status",
	    UID("5"), "/proc/20/cgroup", "0::/../a");
	kill_err = ERR_DENIED;
	change();
	EXPECT_EQ(kills, 1);
	EXPECT_EQ(killed[0], 20);
	EXPECT(logged("it runs as another user"));
	EXPECT(logged("\"user\":1000,\"err\":\"ERR_DENIED\""));
	looks(3);
	EXPECT_EQ(kills, 1);
	fake_io_free(&fake);
}

TEST(without_a_server_nothing_is_signalled)
{
	set_up();
	put("/proc/20/stat", "20 (x) Z 0 1 1", 0);
	change();
	put("/proc/20/stat", "", 0);
	put("/watch/app/..data", "..3", 0);
	looks(2);
	EXPECT_EQ(kills, 0);
	EXPECT(logged("no process of the server is there"));
	fake_io_free(&fake);
}

/* The server's process was started at 100. */
TEST(what_was_written_before_the_server_began_is_known)
{
	for (uint64_t at = 98; at <= 100; at++) {
		set_up();
		made = at;
		looks(4);
		EXPECT_EQ(kills, 0);
		EXPECT_EQ(fake_std(&fake, 2).n, 0);
		fake_io_free(&fake);
	}
}

TEST(what_was_written_since_is_told_once)
{
	set_up();
	made = 101;
	looks(1);
	EXPECT_EQ(kills, 0);
	looks(4);
	EXPECT_EQ(kills, 1);
	EXPECT_EQ(killed[0], 20);
	EXPECT(logged("\"changed\":\"app\""));
	/* From then on it is as ever. */
	put("/watch/app/..data", "..2", 0);
	looks(4);
	EXPECT_EQ(kills, 2);
	fake_io_free(&fake);
}

TEST(what_is_being_written_at_the_first_look_is_waited_for)
{
	set_up();
	made = 101;
	looks(1);
	put("/watch/app/..data", "..2", 0);
	looks(1);
	EXPECT_EQ(kills, 0);
	looks(4);
	EXPECT_EQ(kills, 1);
	fake_io_free(&fake);
}

TEST(nobody_is_told_where_the_start_is_not_known)
{
	/* No server: it will read what there is. */
	set_up();
	made = 1000;
	put("/proc/12/environ", "", 0);
	put("/proc/20/environ", "", 0);
	looks(3);
	put("/proc/20/environ", OURS, 0);
	looks(3);
	EXPECT_EQ(kills, 0);
	EXPECT_EQ(fake_std(&fake, 2).n, 0);
	fake_io_free(&fake);
	/* The clock was set back. */
	set_up();
	made = 1000;
	made_err = ERR_BAD;
	looks(3);
	EXPECT_EQ(kills, 0);
	fake_io_free(&fake);
	/* Two that it could be. */
	set_up();
	made = 1000;
	put("/proc/12/environ", "", 0);
	hide("/proc/20/stat", "/proc/20/environ", "/proc/20/status",
	    UID("1000"), "/proc/20/cgroup", "0::/../a");
	looks(3);
	EXPECT_EQ(kills, 1);
	fake_io_free(&fake);
	set_up();
	made = 1000;
	put("/proc/12/environ", "", 0);
	hide("/proc/20/stat", "/proc/20/environ", "/proc/20/status",
	    UID("1000"), "/proc/20/cgroup", "0::/../a");
	hide("/proc/31/stat", "/proc/31/environ", "/proc/31/status",
	    UID("1000"), "/proc/31/cgroup", "0::/../b");
	looks(3);
	EXPECT_EQ(kills, 0);
	fake_io_free(&fake);
}

/* What cannot be looked at now is as it was. */
TEST(a_volume_that_cannot_be_read_is_no_change)
{
	set_up();
	looks(1);
	for (int i = 0; i < files; i++)
		if (strncmp(file[i].path, "/watch/keys", 11) == 0)
			file[i].path = "/gone/x/y";
	looks(3);
	put("/watch/keys/..data", "..7", 0);
	looks(3);
	EXPECT_EQ(kills, 0);
	fake_io_free(&fake);
}

TEST(more_volumes_than_a_pod_has_are_let_be)
{
	static char name[RELOAD_VOLUMES_MAX + 2][32];
	struct reloader *r = &reloader;

	set_up();
	files = 0;
	looks(1);
	EXPECT_EQ(r->volume[0].name, 0);
	for (size_t i = 0; i < RELOAD_VOLUMES_MAX + 2; i++) {
		cut_fmt(name[i], sizeof(name[i]), "/watch/%u/..data",
		    (unsigned)i);
		files = 0;
		put(name[i], "..1", 0);
		looks(1);
	}
	put(name[RELOAD_VOLUMES_MAX + 1], "..2", 0);
	looks(3);
	EXPECT_EQ(fake_std(&fake, 2).n, 0);
	fake_io_free(&fake);
}
