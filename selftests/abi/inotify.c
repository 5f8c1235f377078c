/* SPDX-License-Identifier: MIT */
/* inotify(7): which call makes which event, in which order, with which name and cookie; watches,
 * limits, errors. */
#include "../harness.h"

#include <dirent.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

static int fd;
static char events[2048];	/* what came: "mask name, mask name" */
static uint32_t cookies[16];
static int nr_events;

static void begin(const char *dir)
{
	char line[64];

	snprintf(line, sizeof(line), "rm -rf %s; mkdir %s", dir, dir);
	system(line);
	ASSERT_EQ(0, chdir(dir));
	fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	ASSERT_TRUE(fd >= 0);
}

static const char *mask_name(uint32_t mask)
{
	static const struct {
		uint32_t bit;
		const char *name;
	} names[] = {
		{ IN_ACCESS, "ACCESS" },
		{ IN_MODIFY, "MODIFY" },
		{ IN_ATTRIB, "ATTRIB" },
		{ IN_CLOSE_WRITE, "CLOSE_WRITE" },
		{ IN_CLOSE_NOWRITE, "CLOSE_NOWRITE" },
		{ IN_OPEN, "OPEN" },
		{ IN_MOVED_FROM, "MOVED_FROM" },
		{ IN_MOVED_TO, "MOVED_TO" },
		{ IN_CREATE, "CREATE" },
		{ IN_DELETE, "DELETE" },
		{ IN_DELETE_SELF, "DELETE_SELF" },
		{ IN_MOVE_SELF, "MOVE_SELF" },
		{ IN_IGNORED, "IGNORED" },
		{ IN_Q_OVERFLOW, "Q_OVERFLOW" },
		{ IN_UNMOUNT, "UNMOUNT" },
	};

	for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (mask & names[i].bit)
			return names[i].name;
	return "?";
}

/* Reads all that waits into events[]. */
static const char *drain(void)
{
	char buf[8192] __attribute__((aligned(8))), *out = events;
	ssize_t n;

	nr_events = 0;
	*out = 0;
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		for (char *at = buf; at < buf + n;) {
			struct inotify_event *e = (struct inotify_event *)at;

			out += sprintf(out, "%s%s%s%s%s", nr_events ? ", " : "", mask_name(e->mask),
				       e->mask & IN_ISDIR ? " dir" : "", e->len ? " " : "",
				       e->len ? e->name : "");
			cookies[nr_events++ & 15] = e->cookie;
			at += sizeof(*e) + e->len;
		}
	return events;
}

TEST(a_file_in_a_watched_directory)
{
	char c;
	int f;

	begin("/tmp/ino1");
	ASSERT_EQ(1, inotify_add_watch(fd, ".", IN_ALL_EVENTS));
	f = open("a", O_CREAT | O_RDWR, 0600);
	EXPECT_STREQ("CREATE a, OPEN a", drain());
	write(f, "x", 1);
	write(f, "y", 1);
	EXPECT_STREQ("MODIFY a", drain());	/* two alike in a row are one */
	pread(f, &c, 1, 0);
	EXPECT_STREQ("ACCESS a", drain());
	ftruncate(f, 0);
	EXPECT_STREQ("MODIFY a", drain());
	fchmod(f, 0644);
	EXPECT_STREQ("ATTRIB a", drain());
	close(f);
	EXPECT_STREQ("CLOSE_WRITE a", drain());
	close(open("a", O_RDONLY));
	EXPECT_STREQ("OPEN a, CLOSE_NOWRITE a", drain());
	unlink("a");
	EXPECT_STREQ("DELETE a", drain());
}

TEST(directories_and_links)
{
	begin("/tmp/ino2");
	ASSERT_EQ(1, inotify_add_watch(fd, ".", IN_CREATE | IN_DELETE | IN_MOVE));
	mkdir("d", 0700);
	EXPECT_STREQ("CREATE dir d", drain());
	symlink("x", "s");
	EXPECT_STREQ("CREATE s", drain());
	mknod("f", S_IFIFO | 0600, 0);
	EXPECT_STREQ("CREATE f", drain());
	link("f", "g");
	EXPECT_STREQ("CREATE g", drain());
	rename("d", "e");
	EXPECT_STREQ("MOVED_FROM dir d, MOVED_TO dir e", drain());
	EXPECT_TRUE(cookies[0] != 0 && cookies[0] == cookies[1]);
	rmdir("e");
	EXPECT_STREQ("DELETE dir e", drain());
}

TEST(the_watched_file_itself)
{
	begin("/tmp/ino3");
	close(creat("a", 0600));
	ASSERT_EQ(1, inotify_add_watch(fd, "a", IN_ALL_EVENTS));
	link("a", "b");
	EXPECT_STREQ("ATTRIB", drain());
	rename("a", "c");
	EXPECT_STREQ("MOVE_SELF", drain());
	unlink("c");
	EXPECT_STREQ("ATTRIB", drain());
	unlink("b");
	EXPECT_STREQ("ATTRIB, DELETE_SELF, IGNORED", drain());
	EXPECT_ERRNO(EINVAL, inotify_rm_watch(fd, 1));
}

TEST(watches)
{
	begin("/tmp/ino4");
	EXPECT_EQ(1, inotify_add_watch(fd, ".", IN_CREATE));
	EXPECT_EQ(1, inotify_add_watch(fd, ".", IN_DELETE));	/* replaced */
	close(creat("a", 0600));
	EXPECT_STREQ("", drain());
	EXPECT_EQ(1, inotify_add_watch(fd, ".", IN_CREATE | IN_MASK_ADD));
	close(creat("b", 0600));
	unlink("b");
	EXPECT_STREQ("CREATE b, DELETE b", drain());
	EXPECT_EQ(2, inotify_add_watch(fd, "a", IN_OPEN));
	EXPECT_ERRNO(EEXIST, inotify_add_watch(fd, "a", IN_OPEN | IN_MASK_CREATE));
	EXPECT_EQ(0, inotify_rm_watch(fd, 2));
	EXPECT_STREQ("IGNORED", drain());
	close(creat("q", 0600));
	drain();
	/* numbers are not used again at once */
	EXPECT_EQ(3, inotify_add_watch(fd, "q", IN_ATTRIB | IN_ONESHOT));
	chmod("q", 0);
	chmod("q", 0700);
	EXPECT_STREQ("ATTRIB, IGNORED", drain());
}

TEST(errors)
{
	begin("/tmp/ino5");
	close(creat("a", 0600));
	symlink("a", "s");
	EXPECT_ERRNO(EINVAL, inotify_init1(0x4000000));
	EXPECT_ERRNO(EINVAL, inotify_add_watch(fd, ".", 0));
	EXPECT_ERRNO(EINVAL, inotify_add_watch(fd, ".", IN_OPEN | IN_MASK_ADD | IN_MASK_CREATE));
	EXPECT_ERRNO(ENOENT, inotify_add_watch(fd, "nope", IN_OPEN));
	EXPECT_ERRNO(ENOTDIR, inotify_add_watch(fd, "a", IN_OPEN | IN_ONLYDIR));
	EXPECT_ERRNO(ENOTDIR, inotify_add_watch(fd, "s", IN_OPEN | IN_ONLYDIR | IN_DONT_FOLLOW));
	EXPECT_ERRNO(EFAULT, inotify_add_watch(fd, (char *)8, IN_OPEN));
	EXPECT_ERRNO(EBADF, inotify_add_watch(99, ".", IN_OPEN));
	EXPECT_ERRNO(EINVAL, inotify_add_watch(0, ".", IN_OPEN));
	EXPECT_ERRNO(EINVAL, inotify_rm_watch(fd, 77));
	EXPECT_ERRNO(EINVAL, inotify_rm_watch(0, 1));
}

TEST(reading)
{
	char buf[512];
	int n = -1;

	begin("/tmp/ino6");
	inotify_add_watch(fd, ".", IN_CREATE);
	EXPECT_ERRNO(EAGAIN, read(fd, buf, sizeof(buf)));
	EXPECT_EQ(0, poll(&(struct pollfd){ fd, POLLIN, 0 }, 1, 0));
	close(creat("q", 0600));
	EXPECT_EQ(1, poll(&(struct pollfd){ fd, POLLIN, 0 }, 1, 0));
	EXPECT_EQ(0, ioctl(fd, FIONREAD, &n));
	EXPECT_EQ(32, n);	/* the name is padded to 16 */
	EXPECT_ERRNO(EINVAL, read(fd, buf, 4));
	EXPECT_ERRNO(EINVAL, read(fd, buf, 31));
	EXPECT_EQ(32, read(fd, buf, 32));
	close(creat("a", 0600));
	close(creat("b", 0600));
	EXPECT_EQ(32, read(fd, buf, 40));	/* whole events only */
	EXPECT_EQ(32, read(fd, buf, 40));
	EXPECT_ERRNO(EBADF, write(fd, buf, 1));
}

TEST(an_unlinked_child_is_excluded_when_asked)
{
	int f;

	begin("/tmp/ino7");
	inotify_add_watch(fd, ".", IN_MODIFY | IN_EXCL_UNLINK);
	f = open("a", O_CREAT | O_RDWR, 0600);
	write(f, "x", 1);
	EXPECT_STREQ("MODIFY a", drain());
	unlink("a");
	write(f, "x", 1);
	EXPECT_STREQ("", drain());
}

TEST_TIMEOUT(a_full_queue_says_so_once, 60)
{
	begin("/tmp/ino8");
	inotify_add_watch(fd, ".", IN_CREATE | IN_DELETE);
	for (int i = 0; i < 9000; i++) {
		close(creat("a", 0600));
		unlink("a");
	}
	{
		char buf[65536] __attribute__((aligned(8)));
		int overflows = 0, count = 0;
		ssize_t n;

		while ((n = read(fd, buf, sizeof(buf))) > 0)
			for (char *at = buf; at < buf + n;
			     at += sizeof(struct inotify_event) +
				   ((struct inotify_event *)at)->len) {
				overflows += !!(((struct inotify_event *)at)->mask & IN_Q_OVERFLOW);
				count++;
			}
		EXPECT_EQ(1, overflows);
		EXPECT_EQ(16385, count);
	}
}

TEST(a_blocked_reader_wakes)
{
	char buf[512];

	begin("/tmp/ino9");
	fcntl(fd, F_SETFL, 0);
	inotify_add_watch(fd, ".", IN_CREATE);
	IN_CHILD({ sleep_ms(50); close(creat("late", 0600)); });
	EXPECT_EQ(32, read(fd, buf, sizeof(buf)));
}

MAIN
