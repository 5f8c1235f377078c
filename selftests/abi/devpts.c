/* pts(4): devpts, its mount options, and that each mount is an instance of its own. */
#include "../harness.h"

#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

static char line[512];

/* The options of the last mount at a place, as /proc/mounts shows them. */
static const char *options(const char *at)
{
	FILE *f = fopen("/proc/mounts", "r");
	static char found[256];
	char type[64], where[128], opts[256];

	found[0] = 0;
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%*s %127s %63s %255s", where, type, opts) == 3 &&
		    !strcmp(where, at))
			strcpy(found, opts);
	fclose(f);
	return found;
}

static int try_mount(const char *opts)
{
	mkdir("/tmp/pts", 0755);
	return mount("devpts", "/tmp/pts", "devpts", 0, opts);
}

static int number(int master)
{
	int n = -1, unlock = 0;

	ioctl(master, TIOCSPTLCK, &unlock);
	return ioctl(master, TIOCGPTN, &n) ? -1 : n;
}

static struct stat st;

static mode_t mode_of(const char *name)
{
	return stat(name, &st) ? 0 : st.st_mode;
}

TEST(options_are_kept_and_shown)
{
	int m;

	ASSERT_EQ(0, try_mount("mode=620,gid=5,ptmxmode=640,max=2,newinstance"));
	EXPECT_STREQ("rw,relatime,gid=5,mode=620,ptmxmode=640,max=2", options("/tmp/pts"));
	EXPECT_EQ(S_IFCHR | 0640, mode_of("/tmp/pts/ptmx"));
	EXPECT_EQ(makedev(5, 2), st.st_rdev);
	m = open("/tmp/pts/ptmx", O_RDWR);
	ASSERT_EQ(0, number(m));
	EXPECT_EQ(S_IFCHR | 0620, mode_of("/tmp/pts/0"));
	EXPECT_EQ(makedev(136, 0), st.st_rdev);
	EXPECT_EQ(5, st.st_gid);
	EXPECT_EQ(0, st.st_uid);
	EXPECT_EQ(1, number(open("/tmp/pts/ptmx", O_RDWR)));
	EXPECT_ERRNO(ENOSPC, open("/tmp/pts/ptmx", O_RDWR));
	close(m);
	EXPECT_ERRNO(ENOENT, open("/tmp/pts/0", O_RDWR));
	EXPECT_EQ(0, number(open("/tmp/pts/ptmx", O_RDWR)));
	EXPECT_EQ(0, umount2("/tmp/pts", MNT_DETACH));
}

TEST(without_options)
{
	ASSERT_EQ(0, try_mount(NULL));
	EXPECT_STREQ("rw,relatime,mode=600,ptmxmode=000", options("/tmp/pts"));
	EXPECT_EQ(S_IFCHR, mode_of("/tmp/pts/ptmx"));
	EXPECT_EQ(S_IFDIR | 0755, mode_of("/tmp/pts"));
	EXPECT_ERRNO(EPERM, mkdir("/tmp/pts/d", 0755));
	EXPECT_ERRNO(EPERM, unlink("/tmp/pts/ptmx"));
	EXPECT_ERRNO(EACCES, open("/tmp/pts/f", O_RDWR | O_CREAT, 0600));
	EXPECT_ERRNO(EPERM, mknod("/tmp/pts/n", S_IFCHR | 0600, makedev(1, 3)));
	EXPECT_EQ(0, umount2("/tmp/pts", MNT_DETACH));
	EXPECT_ERRNO(EINVAL, try_mount("mode=9"));
	EXPECT_ERRNO(EINVAL, try_mount("bogus"));
	EXPECT_ERRNO(EINVAL, try_mount("max=1048577"));
	EXPECT_ERRNO(EINVAL, try_mount("uid=x"));
}

TEST(remount_changes_them)
{
	ASSERT_EQ(0, try_mount("uid=7,mode=666"));
	EXPECT_EQ(0, mount(NULL, "/tmp/pts", NULL, MS_REMOUNT, "ptmxmode=666,gid=3"));
	EXPECT_STREQ("rw,relatime,gid=3,mode=600,ptmxmode=666", options("/tmp/pts"));
	EXPECT_EQ(S_IFCHR | 0666, mode_of("/tmp/pts/ptmx"));
	EXPECT_EQ(0, number(open("/tmp/pts/ptmx", O_RDWR)));
	EXPECT_EQ(S_IFCHR | 0600, mode_of("/tmp/pts/0"));
	EXPECT_EQ(3, st.st_gid);
	EXPECT_ERRNO(EINVAL, mount(NULL, "/tmp/pts", NULL, MS_REMOUNT, "bogus"));
	EXPECT_EQ(0, umount2("/tmp/pts", MNT_DETACH));
}

TEST(each_mount_is_its_own)
{
	int a, b, sa, sb;
	char buf[8];

	ASSERT_EQ(0, try_mount("ptmxmode=666"));
	mkdir("/tmp/pts2", 0755);
	ASSERT_EQ(0, mount("devpts", "/tmp/pts2", "devpts", 0, "ptmxmode=666"));
	a = open("/tmp/pts/ptmx", O_RDWR | O_NOCTTY);
	b = open("/tmp/pts2/ptmx", O_RDWR | O_NOCTTY);
	EXPECT_EQ(0, number(a));
	EXPECT_EQ(0, number(b));
	sa = open("/tmp/pts/0", O_RDWR | O_NOCTTY);
	sb = open("/tmp/pts2/0", O_RDWR | O_NOCTTY);
	ASSERT_TRUE(sa >= 0 && sb >= 0);
	EXPECT_EQ(2, write(sa, "a\n", 2));
	EXPECT_EQ(2, write(sb, "b\n", 2));
	EXPECT_EQ(3, read(a, buf, 8));
	EXPECT_EQ('a', buf[0]);
	EXPECT_EQ(3, read(b, buf, 8));
	EXPECT_EQ('b', buf[0]);
	close(b);
	EXPECT_EQ(0, access("/tmp/pts/0", F_OK));
	EXPECT_ERRNO(ENOENT, access("/tmp/pts2/0", F_OK));
	close(sb);
	EXPECT_EQ(0, umount("/tmp/pts2"));
	close(sa);
	EXPECT_EQ(0, umount2("/tmp/pts", MNT_DETACH));
	EXPECT_EQ(0, number(a));
	EXPECT_EQ(1, write(a, "x", 1));
	close(a);
}

TEST(ptmx_finds_the_instance_beside_it)
{
	int m;

	mkdir("/tmp/dev", 0755);
	ASSERT_EQ(0, mount("dev", "/tmp/dev", "tmpfs", 0, NULL));
	mkdir("/tmp/dev/pts", 0755);
	mkdir("/tmp/dev/none", 0755);
	ASSERT_EQ(0, mknod("/tmp/dev/ptmx", S_IFCHR | 0666, makedev(5, 2)));
	ASSERT_EQ(0, mknod("/tmp/dev/none/ptmx", S_IFCHR | 0666, makedev(5, 2)));
	EXPECT_ERRNO(ENODEV, open("/tmp/dev/ptmx", O_RDWR));
	EXPECT_ERRNO(ENOENT, open("/tmp/dev/none/ptmx", O_RDWR));
	ASSERT_EQ(0, mount("devpts", "/tmp/dev/pts", "devpts", 0, "mode=606"));
	m = open("/tmp/dev/ptmx", O_RDWR);
	EXPECT_EQ(0, number(m));
	EXPECT_EQ(S_IFCHR | 0606, mode_of("/tmp/dev/pts/0"));
	ASSERT_EQ(0, mknod("/tmp/dev/mine", S_IFCHR | 0666, makedev(136, 0)));
	EXPECT_ERRNO(EIO, open("/tmp/dev/mine", O_RDWR | O_NOCTTY));
	EXPECT_EQ(0, umount("/tmp/dev/pts"));	/* while a master is open */
	EXPECT_EQ(0, number(m));
	EXPECT_EQ(1, write(m, "x", 1));
	EXPECT_ERRNO(ENODEV, open("/tmp/dev/ptmx", O_RDWR));
	close(m);
	EXPECT_EQ(0, umount("/tmp/dev"));
}

TEST(the_machine_counts_them)
{
	int before, m, fd = open("/proc/sys/kernel/pty/nr", O_RDONLY);
	char buf[16] = "";

	ASSERT_TRUE(pread(fd, buf, sizeof(buf) - 1, 0) > 0);
	before = atoi(buf);
	m = open("/dev/ptmx", O_RDWR);
	close(fd);
	fd = open("/proc/sys/kernel/pty/nr", O_RDONLY);
	ASSERT_TRUE(pread(fd, buf, sizeof(buf) - 1, 0) > 0);
	EXPECT_EQ(before + 1, atoi(buf));
	close(m);
}

MAIN
