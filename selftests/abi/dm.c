/* SPDX-License-Identifier: MIT */
/* /dev/mapper/control: every command, with what is wrong in it, as <linux/dm-ioctl.h> has them. */
#include "../harness.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

struct dm {
	uint32_t version[3], size, start, targets;
	int32_t open;
	uint32_t flags, event, pad;
	uint64_t dev;
	char name[128], uuid[129], data[7];
	char more[4096];
};
struct spec {
	uint64_t start, len;
	int32_t status;
	uint32_t next;
	char type[16];
	char args[];
};
#define HEAD 312u
#define LEAST 305u

enum {
	VERSION,
	REMOVE_ALL,
	LIST,
	CREATE,
	REMOVE,
	RENAME,
	SUSPEND,
	STATUS,
	WAIT,
	LOAD,
	CLEAR,
	DEPS,
	TABLE,
	VERSIONS,
	MSG,
	GEOMETRY,
	ARM,
	GET_VERSION
};
enum {
	READONLY = 1,
	SUSPENDED = 2,
	PERSISTENT = 8,
	AS_TABLE = 16,
	ACTIVE = 32,
	INACTIVE = 64,
	FULL = 256,
	QUERY_INACTIVE = 0x1000,
	GENERATED = 0x2000,
	UUID = 0x4000,
	DEFERRED = 0x20000
};

static int fd = -1;
static struct dm d;

static struct dm *ask(const char *name)
{
	memset(&d, 0, sizeof(d));
	d.version[0] = 4;
	d.size = sizeof(d);
	d.start = HEAD;
	snprintf(d.name, sizeof(d.name), "%s", name);
	return &d;
}

static int dm(int cmd)
{
	return ioctl(fd, _IOC(_IOC_READ | _IOC_WRITE, 0xfd, cmd, HEAD), &d);
}

static int simple(int cmd, const char *name, uint32_t flags)
{
	ask(name)->flags = flags;
	return dm(cmd);
}

static void clean(void)
{
	for (int i = 0; i < 4; i++) {
		char name[8] = { 't', (char)('0' + i) };

		simple(REMOVE, name, 0);
	}
}

static void begin(void)
{
	fd = open("/dev/mapper/control", O_RDWR | O_CLOEXEC);
	ASSERT_TRUE(fd >= 0);
	clean();
	atexit(clean);
}

static unsigned loop;
static char loop_name[24];

/* 8 MiB of zeros as a block device: '@' in what load() is given. */
static void disk(void)
{
	int control = open("/dev/loop-control", O_RDWR),
	    file = open("/tmp", O_TMPFILE | O_RDWR, 0600), l;

	ASSERT_EQ(0, ftruncate(file, 8 << 20));
	loop = (unsigned)ioctl(control, 0x4c82);
	snprintf(loop_name, sizeof(loop_name), "/dev/loop%u", loop);
	l = open(loop_name, O_RDWR);
	ASSERT_EQ(0, ioctl(l, 0x4c00, file));
	struct { uint64_t a[6]; uint32_t b[3], flags; char c[168]; } info = { .flags = 4 };

	ASSERT_EQ(0, ioctl(l, 0x4c04, &info));	/* goes with its last user */
	fcntl(l, F_SETFD, FD_CLOEXEC);
	close(file);
	close(control);
}

static int load(const char *name, const char *type, uint64_t start, uint64_t len, const char *args,
		uint32_t flags)
{
	struct spec *s = (struct spec *)((char *)ask(name) + HEAD);

	d.targets = 1;
	d.flags = flags;
	s->start = start;
	s->len = len;
	strncpy(s->type, type, 16);
	sprintf(s->args, *args == '@' ? "%s%s" : "%.0s%s", loop_name, args + (*args == '@'));
	return dm(LOAD);
}

static int make(const char *name)
{
	return simple(CREATE, name, 0) || load(name, "zero", 0, 8, "", 0) ||
	       simple(SUSPEND, name, 0);
}

TEST(version_and_numbers)
{
	begin();
	EXPECT_EQ(0, (ask(""), dm(VERSION)));
	EXPECT_EQ(4u, d.version[0]);
	EXPECT_EQ(48u, d.version[1]);
	ask("")->version[0] = 3;
	EXPECT_ERRNO(EINVAL, dm(VERSION));
	EXPECT_EQ(4u, d.version[0]);
	ask("")->version[1] = 49;
	EXPECT_ERRNO(EINVAL, dm(LIST));
	ask("")->version[2] = 77;
	EXPECT_EQ(0, dm(VERSION));
	EXPECT_ERRNO(ENOTTY, (ask(""), dm(18)));
	EXPECT_ERRNO(ENOTTY, (ask(""), dm(255)));
	EXPECT_ERRNO(ENOTTY, ioctl(fd, 0xfc00, &d));
	EXPECT_ERRNO(EFAULT, ioctl(fd, 0xfd00, 8));
	EXPECT_ERRNO(EFAULT, ioctl(fd, 0xfd02, 8));
	EXPECT_EQ(0, ioctl(fd, 0xfd00, &d));	/* size and direction are not looked at */
	ask("")->size = LEAST - 1;
	EXPECT_ERRNO(EINVAL, dm(LIST));
	ask("")->size = LEAST;
	EXPECT_EQ(0, dm(LIST));
	EXPECT_EQ(FULL, d.flags);
	EXPECT_ERRNO(EINVAL, read(fd, &d, 1));
	EXPECT_ERRNO(EINVAL, write(fd, &d, 1));
}

TEST(memory_that_ends)
{
	char *m = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct dm *p;

	begin();
	munmap(m + 4096, 4096);
	p = (struct dm *)(m + 4096 - HEAD);
	memcpy(p, ask(""), HEAD);
	p->size = HEAD;
	EXPECT_EQ(0, ioctl(fd, _IOWR(0xfd, LIST, char[312]), p));
	p->size = HEAD + 1;
	EXPECT_ERRNO(EFAULT, ioctl(fd, _IOWR(0xfd, LIST, char[312]), p));
	p->size = 0x7fffffff;
	EXPECT_ERRNO(EINVAL, ioctl(fd, _IOWR(0xfd, LIST, char[312]), p));
	p = (struct dm *)(m + 4096 - 100);
	memcpy(p, ask(""), 100);
	EXPECT_ERRNO(EFAULT, ioctl(fd, _IOWR(0xfd, LIST, char[312]), p));
	EXPECT_ERRNO(EFAULT, ioctl(fd, _IOWR(0xfd, VERSION, char[312]), m + 4096 - 8));
}

TEST(creating)
{
	begin();
	EXPECT_ERRNO(EINVAL, simple(CREATE, "", 0));
	EXPECT_ERRNO(EINVAL, simple(CREATE, "a/b", 0));
	EXPECT_ERRNO(EINVAL, simple(CREATE, "control", 0));
	EXPECT_ERRNO(EINVAL, simple(CREATE, ".", 0));
	EXPECT_ERRNO(EINVAL, simple(CREATE, "..", 0));
	ASSERT_EQ(0, simple(CREATE, "t0",
			    READONLY | SUSPENDED | ACTIVE | INACTIVE | FULL | GENERATED));
	EXPECT_EQ(0u, d.flags);
	EXPECT_EQ(LEAST, d.size);
	EXPECT_EQ(253u, major(d.dev));
	EXPECT_EQ(0, d.open);
	EXPECT_ERRNO(EBUSY, simple(CREATE, "t0", 0));
	ask("t1")->flags = PERSISTENT;
	d.dev = makedev(9, 4321);
	ASSERT_EQ(0, dm(CREATE));
	EXPECT_EQ(makedev(253, 4321), d.dev);
	ask("t2")->flags = PERSISTENT;
	d.dev = makedev(253, 4321);
	EXPECT_ERRNO(ENXIO, dm(CREATE));
	strcpy(ask("t2")->uuid, "u2");
	ASSERT_EQ(0, dm(CREATE));
	strcpy(ask("t3")->uuid, "u2");
	EXPECT_ERRNO(EBUSY, dm(CREATE));
	memset(ask("")->name, 'n', 128);
	ASSERT_EQ(0, dm(CREATE));
	EXPECT_EQ(127u, strlen(d.name));
	memset(ask("")->name, 'n', 127);
	EXPECT_EQ(0, dm(REMOVE));
}

TEST(finding)
{
	uint64_t dev;

	begin();
	strcpy(ask("t0")->uuid, "u0");
	ASSERT_EQ(0, dm(CREATE));
	dev = d.dev;
	EXPECT_ERRNO(ENXIO, simple(STATUS, "", 0));
	EXPECT_ERRNO(ENXIO, simple(STATUS, "t9", 0));
	strcpy(ask("")->uuid, "u0");
	EXPECT_EQ(0, dm(STATUS));
	EXPECT_STREQ("t0", d.name);
	ask("")->dev = dev;
	EXPECT_EQ(0, dm(STATUS));
	EXPECT_STREQ("t0", d.name);
	EXPECT_STREQ("u0", d.uuid);
	ask("t0")->dev = dev;
	EXPECT_ERRNO(ENXIO, dm(STATUS));
	strcpy(ask("")->uuid, "u0");
	d.dev = dev;
	EXPECT_ERRNO(ENXIO, dm(STATUS));
	strcpy(ask("t0")->uuid, "u0");
	EXPECT_ERRNO(EINVAL, dm(STATUS));
	for (int cmd = REMOVE; cmd <= TABLE; cmd++)
		if (cmd != RENAME) {
			d.flags = 0;
			EXPECT_ERRNO(ENXIO, simple(cmd, "t9", 0));
		}
	EXPECT_ERRNO(ENXIO, simple(MSG, "t9", 0));
	EXPECT_ERRNO(ENXIO, simple(GEOMETRY, "t9", 0));
}

TEST(tables)
{
	struct spec *s;
	char want[24];

	begin();
	disk();
	ASSERT_EQ(0, simple(CREATE, "t0", 0));
	EXPECT_ERRNO(EINVAL, simple(LOAD, "t0", 0));	/* no targets */
	ask("t0")->targets = 0x7fffffff;
	EXPECT_ERRNO(EOVERFLOW, dm(LOAD));
	EXPECT_ERRNO(EINVAL, load("t0", "none", 0, 8, "", 0));
	EXPECT_ERRNO(EINVAL, load("t0", "zerozerozerozerozero", 0, 8, "", 0));
	EXPECT_ERRNO(EINVAL, load("t0", "zero", 0, 0, "", 0));
	EXPECT_ERRNO(EINVAL, load("t0", "zero", 1, 8, "", 0));
	EXPECT_ERRNO(EINVAL, load("t0", "zero", 0, 8, "x", 0));
	EXPECT_ERRNO(EINVAL, load("t0", "linear", 0, 8, "@", 0));
	EXPECT_ERRNO(EINVAL, load("t0", "linear", 0, 8, "@ -1", 0));
	EXPECT_ERRNO(ENOENT, load("t0", "linear", 0, 8, "/dev/nobody 0", 0));
	EXPECT_ERRNO(ENOTBLK, load("t0", "linear", 0, 8, "/dev/null 0", 0));
	EXPECT_ERRNO(ENXIO, load("t0", "linear", 0, 8, "9:9 0", 0));
	EXPECT_ERRNO(EINVAL, load("t0", "linear", 0, 8, "@ 16380", 0));
	EXPECT_EQ(0, simple(STATUS, "t0", 0));
	EXPECT_EQ(0u, d.flags);
	EXPECT_EQ(0, load("t0", "linear", 0, 8, "@\t\\1\\0 ", 0));
	EXPECT_EQ(INACTIVE, d.flags & ~(uint32_t)GENERATED);
	EXPECT_EQ(0u, d.targets);
	EXPECT_EQ(0, simple(TABLE, "t0", AS_TABLE | QUERY_INACTIVE));
	EXPECT_EQ(1u, d.targets);
	s = (struct spec *)((char *)&d + d.start);
	EXPECT_EQ(HEAD, d.start);
	EXPECT_STREQ("linear", s->type);
	snprintf(want, sizeof(want), "7:%u 10", loop);
	EXPECT_STREQ(want, s->args);
	EXPECT_EQ(HEAD + 40 + strlen(want) + 1, d.size);
	EXPECT_EQ(48u, s->next);
	EXPECT_EQ(0, simple(TABLE, "t0", AS_TABLE));
	EXPECT_EQ(0u, d.targets);
	EXPECT_EQ(LEAST, d.size);
	EXPECT_EQ(0, simple(SUSPEND, "t0", 0));
	EXPECT_EQ(ACTIVE | GENERATED, d.flags);
	EXPECT_EQ(0, simple(DEPS, "t0", 0));
	EXPECT_EQ(HEAD + 16, d.size);
	EXPECT_EQ(1u, *(uint32_t *)d.more);
	EXPECT_EQ(makedev(7, loop), *(uint64_t *)(d.more + 8));
	ask("t0")->size = HEAD + 8;
	EXPECT_EQ(0, dm(DEPS));
	EXPECT_TRUE(d.flags & FULL);
	for (uint32_t room = 0; room < 60; room += 5) {
		ask("t0")->size = HEAD + room;
		d.flags = AS_TABLE;
		EXPECT_EQ(0, dm(TABLE));
		EXPECT_EQ(room < 40 + strlen(want) + 2, !!(d.flags & FULL));
	}
	EXPECT_EQ(0, load("t0", "zero", 0, 8, "", READONLY));
	EXPECT_EQ(0, simple(CLEAR, "t0", 0));
	EXPECT_EQ(ACTIVE, d.flags);
}

/* Where a specification begins, and where its text ends. */
TEST(damaged_specifications)
{
	struct spec *s = (struct spec *)d.more;

	begin();
	ASSERT_EQ(0, simple(CREATE, "t0", 0));
	static const struct {
		uint32_t size, start, next, targets;
		int error;
	} row[] = {
		{ sizeof(d), HEAD, 0, 1, 0 },
		{ HEAD + 41, HEAD, 0, 1, 0 },
		{ HEAD + 40, HEAD, 0, 1, EINVAL },
		{ sizeof(d), HEAD + 4, 0, 1, EINVAL },
		{ sizeof(d), 0, 0, 1, EINVAL },
		{ sizeof(d), 304, 0, 1, EINVAL },
		{ sizeof(d), 0xfffffff8, 0, 1, EINVAL },
		{ sizeof(d), HEAD, 40, 2, EINVAL },
		{ sizeof(d), HEAD, 48, 2, 0 },
		{ sizeof(d), HEAD, 52, 2, EINVAL },
		{ sizeof(d), HEAD, 0, 2, EINVAL },
		{ sizeof(d), HEAD, 0xfffffff8, 2, EINVAL },
		{ HEAD + 88, HEAD, 48, 2, EINVAL },
		{ HEAD + 89, HEAD, 48, 2, 0 },
	};
	for (unsigned i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		ask("t0")->size = row[i].size;
		d.start = row[i].start;
		d.targets = row[i].targets;
		for (unsigned k = 0; k < row[i].targets; k++) {
			s = (struct spec *)(d.more + k * 48);
			s->start = k * 8;
			s->len = 8;
			s->next = row[i].next;
			strcpy(s->type, "zero");
		}
		int got = dm(LOAD) ? errno : 0;

		if (got != row[i].error)
			printf("row %u\n", i);
		EXPECT_EQ(row[i].error, got);
	}
	ask("t0")->targets = 1;
	s = (struct spec *)d.more;
	s->len = 8;
	strcpy(s->type, "zero");
	memset(s->args, ' ', sizeof(d.more) - 40);
	EXPECT_ERRNO(EINVAL, dm(LOAD));		/* never ends */
}

TEST(renaming)
{
	begin();
	ASSERT_EQ(0, simple(CREATE, "t0", 0));
	ASSERT_EQ(0, simple(CREATE, "t1", 0));
	EXPECT_ERRNO(EINVAL, simple(RENAME, "t0", 0));
	strcpy(ask("t0")->more, "a/b");
	EXPECT_ERRNO(EINVAL, dm(RENAME));
	strcpy(ask("t0")->more, "t1");
	EXPECT_ERRNO(EBUSY, dm(RENAME));
	strcpy(ask("t9")->more, "t1");
	EXPECT_ERRNO(EBUSY, dm(RENAME));
	strcpy(ask("t9")->more, "t2");
	EXPECT_ERRNO(ENXIO, dm(RENAME));
	memset(ask("t0")->more, 'n', 128);
	EXPECT_ERRNO(EINVAL, dm(RENAME));
	strcpy(ask("t0")->more, "t2");
	d.size = HEAD + 2;
	EXPECT_ERRNO(EINVAL, dm(RENAME));
	d.size = HEAD + 3;
	d.start = 304;
	EXPECT_ERRNO(EINVAL, dm(RENAME));
	strcpy(ask("t0")->more, "t2");
	EXPECT_EQ(0, dm(RENAME));
	EXPECT_EQ(0u, d.flags);		/* there is no disk yet */
	strcpy(ask("t2")->more, "u");
	d.flags = UUID;
	EXPECT_EQ(0, dm(RENAME));
	strcpy(ask("t2")->more, "v");
	d.flags = UUID;
	EXPECT_ERRNO(EINVAL, dm(RENAME));
	strcpy(ask("t1")->more, "u");
	d.flags = UUID;
	EXPECT_ERRNO(EBUSY, dm(RENAME));
}

TEST(suspending_and_removing)
{
	char node[32];
	int b;

	begin();
	ASSERT_EQ(0, simple(CREATE, "t0", 0));
	EXPECT_EQ(0, simple(SUSPEND, "t0", SUSPENDED));
	EXPECT_EQ(SUSPENDED, d.flags);
	EXPECT_ERRNO(EINVAL, simple(SUSPEND, "t0", 0));
	EXPECT_EQ(0, simple(REMOVE, "t0", 0));
	ASSERT_EQ(0, make("t0"));
	EXPECT_EQ(0, simple(SUSPEND, "t0", SUSPENDED));
	EXPECT_EQ(SUSPENDED | ACTIVE, d.flags);
	EXPECT_EQ(0, simple(SUSPEND, "t0", SUSPENDED));
	EXPECT_EQ(0, simple(SUSPEND, "t0", 0));
	EXPECT_EQ(ACTIVE | GENERATED, d.flags);
	EXPECT_EQ(0, simple(SUSPEND, "t0", 0));
	EXPECT_EQ(ACTIVE, d.flags);
	snprintf(node, sizeof(node), "/dev/dm-%u", minor(d.dev));
	b = open(node, O_RDONLY);
	ASSERT_TRUE(b >= 0);
	EXPECT_EQ(0, simple(STATUS, "t0", 0));
	EXPECT_EQ(1, d.open);
	EXPECT_ERRNO(EBUSY, simple(REMOVE, "t0", 0));
	EXPECT_EQ(0, simple(REMOVE, "t0", DEFERRED));
	EXPECT_EQ(DEFERRED, d.flags);
	EXPECT_EQ(0, simple(STATUS, "t0", 0));
	EXPECT_EQ(DEFERRED | ACTIVE, d.flags);
	strcpy(ask("t0")->more + 8, "@cancel_deferred_remove");
	EXPECT_EQ(0, dm(MSG));
	EXPECT_EQ(0, simple(STATUS, "t0", 0));
	EXPECT_EQ(ACTIVE, d.flags);
	EXPECT_EQ(0, simple(REMOVE, "t0", DEFERRED));
	close(b);
	for (int i = 0; i < 200 && simple(STATUS, "t0", 0) == 0; i++)
		usleep(10000);
	EXPECT_ERRNO(ENXIO, simple(STATUS, "t0", 0));
	for (int i = 0; i < 200 && access(node, F_OK) == 0; i++)
		usleep(10000);
	EXPECT_ERRNO(ENOENT, open(node, O_RDONLY));
}

TEST(messages_and_geometry)
{
	begin();
	ASSERT_EQ(0, make("t0"));
	EXPECT_ERRNO(EINVAL, simple(MSG, "t0", 0));
	strcpy(ask("t0")->more + 8, "hello");
	EXPECT_ERRNO(EINVAL, dm(MSG));
	strcpy(ask("t0")->more + 8, "@hello");
	EXPECT_ERRNO(EINVAL, dm(MSG));
	strcpy(ask("t0")->more, "1 2 3 6");
	EXPECT_EQ(0, dm(GEOMETRY));
	strcpy(ask("t0")->more, "1 2 3 7");
	EXPECT_ERRNO(EINVAL, dm(GEOMETRY));
	strcpy(ask("t0")->more, "1 2 3");
	EXPECT_ERRNO(EINVAL, dm(GEOMETRY));
	strcpy(ask("t0")->more, "1 2 3 4 5");
	EXPECT_ERRNO(EINVAL, dm(GEOMETRY));
	strcpy(ask("t0")->more, "65536 2 3 4");
	EXPECT_ERRNO(EINVAL, dm(GEOMETRY));
	strcpy(ask("t0")->more, "1 256 3 4");
	EXPECT_ERRNO(EINVAL, dm(GEOMETRY));
}

TEST(lists)
{
	int seen = 0;

	begin();
	EXPECT_EQ(0, simple(VERSIONS, "", 0));
	for (char *p = d.more;; p += *(uint32_t *)p) {
		seen += !strcmp(p + 16, "verity") || !strcmp(p + 16, "linear") ||
			!strcmp(p + 16, "zero");
		if (!*(uint32_t *)p)
			break;
	}
	EXPECT_EQ(3, seen);
	EXPECT_EQ(0, simple(GET_VERSION, "verity", 0));
	EXPECT_STREQ("verity", d.more + 16);
	EXPECT_EQ(0u, *(uint32_t *)d.more);
	EXPECT_EQ(HEAD + 30, d.size);
	EXPECT_ERRNO(EINVAL, simple(GET_VERSION, "none", 0));
	EXPECT_EQ(0, simple(LIST, "", 0));
	EXPECT_EQ(0u, *(uint64_t *)d.more);
	EXPECT_EQ(HEAD, d.size);
	strcpy(ask("t1")->uuid, "uuid");
	ASSERT_EQ(0, dm(CREATE));
	ASSERT_EQ(0, simple(CREATE, "t0", 0));
	EXPECT_EQ(0, simple(LIST, "", 0));
	EXPECT_STREQ("t0", d.more + 12);
	EXPECT_EQ(24u, *(uint32_t *)(d.more + 8));
	EXPECT_STREQ("t1", d.more + 24 + 12);
	EXPECT_EQ(0u, *(uint32_t *)(d.more + 24 + 8));
	EXPECT_EQ(HEAD + 48, d.size);
	EXPECT_EQ(0, simple(LIST, "", UUID));
	EXPECT_EQ(2u, *(uint32_t *)(d.more + 20));
	EXPECT_EQ(1u, *(uint32_t *)(d.more + 24 + 20));
	EXPECT_STREQ("uuid", d.more + 24 + 24);
	EXPECT_EQ(HEAD + 56, d.size);
	EXPECT_EQ(0, simple(LIST, "t1", 0));
	EXPECT_STREQ("t1", d.more + 12);
	EXPECT_EQ(0u, *(uint32_t *)(d.more + 8));
	ask("")->size = HEAD + 47;
	EXPECT_EQ(0, dm(LIST));
	EXPECT_EQ(FULL, d.flags);
	EXPECT_EQ(LEAST, d.size);
}

static void *rename_soon(void *arg)
{
	usleep(100000);
	strcpy(((struct dm *)arg)->more, "t1");
	return (void *)(long)ioctl(fd, _IOC(3, 0xfd, RENAME, HEAD), arg);
}

TEST(events)
{
	static struct dm other;
	struct pollfd p;
	pthread_t t;
	void *ret;

	begin();
	ASSERT_EQ(0, make("t0"));
	p = (struct pollfd){ fd, POLLIN, 0 };
	EXPECT_EQ(1, poll(&p, 1, 0));
	EXPECT_EQ(0, (ask(""), dm(ARM)));
	EXPECT_EQ(0, poll(&p, 1, 0));
	other = *ask("t0");
	pthread_create(&t, NULL, rename_soon, &other);
	EXPECT_EQ(0, (ask("t0"), dm(WAIT)));
	EXPECT_EQ(1u, d.event);
	EXPECT_EQ(1u, d.targets);
	EXPECT_EQ(1, poll(&p, 1, 1000));
	pthread_join(t, &ret);
	EXPECT_EQ(0l, (long)ret);
	EXPECT_EQ(0, (ask("t1"), dm(WAIT)));	/* since 0 there was one */
}

TEST(without_the_capability)
{
	begin();
	ASSERT_EQ(0, setuid(1000));
	EXPECT_ERRNO(EACCES, (ask(""), dm(VERSION)));
	EXPECT_ERRNO(EACCES, ioctl(fd, 0x1234, 0));
	EXPECT_ERRNO(EACCES, open("/dev/mapper/control", O_RDWR));
}

MAIN
