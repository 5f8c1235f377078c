/* SPDX-License-Identifier: MIT */
/* libc: glibc; musl 1.2.3 has not all of the constants. */
/* What meets between files, names and mounts: openat2(2) scopes, O_TMPFILE, renameat2(2), xattr(7),
 * bind mounts, size limits, and standing in a directory that is gone. */
#include "../harness.h"

#include <linux/openat2.h>
#include <dirent.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>

static char buf[4096];

static void begin(const char *dir)
{
	snprintf(buf, sizeof(buf),
		 "rm -rf %s; mkdir -p %s/d; cd %s; echo a > a; echo f > d/f; ln -s a sl", dir, dir,
		 dir);
	system(buf);
	ASSERT_EQ(0, chdir(dir));
}

static int open2(const char *path, uint64_t flags, uint64_t resolve)
{
	struct open_how how = { .flags = flags, .resolve = resolve };

	return (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
}

static mode_t mode_of(const char *path)
{
	struct stat st;

	return lstat(path, &st) ? 0 : st.st_mode;
}

TEST(openat2_scopes)
{
	begin("/tmp/mix1");
	EXPECT_ERRNO(EXDEV, open2("/tmp", O_RDONLY, RESOLVE_BENEATH));
	EXPECT_ERRNO(EXDEV, open2("..", O_RDONLY, RESOLVE_BENEATH));
	EXPECT_TRUE(open2("d/f", O_RDONLY, RESOLVE_BENEATH) >= 0);
	EXPECT_TRUE(open2("d/../a", O_RDONLY, RESOLVE_BENEATH) >= 0);
	EXPECT_TRUE(open2("/../../d/f", O_RDONLY, RESOLVE_IN_ROOT) >= 0);
	EXPECT_ERRNO(ELOOP, open2("sl", O_RDONLY, RESOLVE_NO_SYMLINKS));
	EXPECT_ERRNO(ELOOP, open2("/proc/self/exe", O_RDONLY, RESOLVE_NO_MAGICLINKS));
	EXPECT_ERRNO(EXDEV, open2("/proc/stat", O_RDONLY, RESOLVE_NO_XDEV));
	EXPECT_ERRNO(EINVAL, open2("a", 1ull << 40, 0));
	EXPECT_ERRNO(EINVAL, open2("a", 0, 1 << 20));
	EXPECT_ERRNO(EINVAL, open2("a", 0, RESOLVE_BENEATH | RESOLVE_IN_ROOT));
}

TEST(a_temporary_file_gets_a_name)
{
	struct stat st;
	char name[64];
	int fd;

	begin("/tmp/mix2");
	EXPECT_ERRNO(EINVAL, open(".", O_TMPFILE | O_RDONLY, 0600));
	EXPECT_ERRNO(ENOTDIR, open("a", O_TMPFILE | O_RDWR, 0600));
	fd = open(".", O_TMPFILE | O_RDWR, 0600);
	ASSERT_TRUE(fd >= 0);
	EXPECT_EQ(3, write(fd, "tmp", 3));
	EXPECT_EQ(0, fstat(fd, &st));
	EXPECT_EQ(0, st.st_nlink);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	EXPECT_EQ(0, linkat(AT_FDCWD, name, AT_FDCWD, "named", AT_SYMLINK_FOLLOW));
	EXPECT_EQ(0, linkat(fd, "", AT_FDCWD, "named2", AT_EMPTY_PATH));
	EXPECT_EQ(0, fstat(fd, &st));
	EXPECT_EQ(2, st.st_nlink);
	fd = open(".", O_TMPFILE | O_RDWR | O_EXCL, 0600);
	EXPECT_ERRNO(ENOENT, linkat(fd, "", AT_FDCWD, "named3", AT_EMPTY_PATH));
}

TEST(rename_leaves_a_whiteout)
{
	static const char *const at[] = { "/tmp/w", "/data/w" };
	char old[32], to[32];
	struct dirent *e;
	struct stat st;
	int n;
	DIR *d;

	for (unsigned i = 0; i < 2; i++) {
		if (i && (access("/data", W_OK) || mkdir(at[i], 0755)))
			break;
		mkdir(at[i], 0755);
		snprintf(old, sizeof(old), "%s/old", at[i]);
		snprintf(to, sizeof(to), "%s/new", at[i]);
		ASSERT_EQ(0, mkdir(old, 0755));
		EXPECT_EQ(0, renameat2(AT_FDCWD, old, AT_FDCWD, to, RENAME_WHITEOUT));
		EXPECT_EQ(0, stat(old, &st));
		EXPECT_EQ(S_IFCHR, st.st_mode);
		EXPECT_EQ(0, st.st_rdev);
		EXPECT_EQ(1, st.st_nlink);
		EXPECT_EQ(0, stat(to, &st));
		EXPECT_TRUE(S_ISDIR(st.st_mode));
		n = 0;
		for (d = opendir(at[i]); (e = readdir(d));)
			n += e->d_name[0] != '.';
		closedir(d);
		EXPECT_EQ(2, n);
		EXPECT_ERRNO(EEXIST, renameat2(AT_FDCWD, to, AT_FDCWD, old,
					       RENAME_WHITEOUT | RENAME_NOREPLACE));
		EXPECT_ERRNO(EINVAL, renameat2(AT_FDCWD, to, AT_FDCWD, old,
					       RENAME_WHITEOUT | RENAME_EXCHANGE));
		EXPECT_ERRNO(ENOTDIR, renameat2(AT_FDCWD, to, AT_FDCWD, old, RENAME_WHITEOUT));
		EXPECT_EQ(0, stat(old, &st));
		EXPECT_EQ(0, unlink(old));
		EXPECT_EQ(0, rmdir(to));
		ASSERT_EQ(0, mknod(old, S_IFREG | 0644, 0));
		ASSERT_EQ(0, mknod(to, S_IFREG | 0600, 0));
		EXPECT_EQ(0, renameat2(AT_FDCWD, old, AT_FDCWD, to, RENAME_WHITEOUT));
		EXPECT_EQ(0, stat(to, &st));
		EXPECT_EQ(S_IFREG | 0644, st.st_mode);
		EXPECT_EQ(0, unlink(old));
		EXPECT_EQ(0, unlink(to));
		EXPECT_EQ(0, rmdir(at[i]));
	}
}

TEST(renameat2_flags)
{
	begin("/tmp/mix3");
	EXPECT_ERRNO(EEXIST, renameat2(AT_FDCWD, "a", AT_FDCWD, "d", RENAME_NOREPLACE));
	EXPECT_EQ(0, renameat2(AT_FDCWD, "a", AT_FDCWD, "d", RENAME_EXCHANGE));
	EXPECT_TRUE(S_ISDIR(mode_of("a")) && S_ISREG(mode_of("d")));
	EXPECT_ERRNO(ENOENT, renameat2(AT_FDCWD, "a", AT_FDCWD, "zz", RENAME_EXCHANGE));
	EXPECT_ERRNO(EINVAL,
		     renameat2(AT_FDCWD, "a", AT_FDCWD, "zz", RENAME_EXCHANGE | RENAME_NOREPLACE));
	EXPECT_ERRNO(EINVAL, renameat2(AT_FDCWD, "a", AT_FDCWD, "zz", 99));
	EXPECT_ERRNO(EINVAL, rename("a", "a/below"));
	EXPECT_ERRNO(EXDEV, rename("d", "/proc/x"));
	EXPECT_EQ(0, renameat2(AT_FDCWD, "a", AT_FDCWD, "zz", RENAME_NOREPLACE));
}

TEST(extended_attributes)
{
	begin("/tmp/mix4");
	EXPECT_EQ(0, setxattr("a", "user.x", "val", 3, 0));
	EXPECT_EQ(3, getxattr("a", "user.x", buf, 100));
	EXPECT_EQ(3, getxattr("a", "user.x", NULL, 0));
	EXPECT_ERRNO(ERANGE, getxattr("a", "user.x", buf, 1));
	EXPECT_ERRNO(ENODATA, getxattr("a", "user.y", buf, 10));
	EXPECT_ERRNO(EEXIST, setxattr("a", "user.x", "v", 1, XATTR_CREATE));
	EXPECT_ERRNO(ENODATA, setxattr("a", "user.z", "v", 1, XATTR_REPLACE));
	EXPECT_ERRNO(EOPNOTSUPP, setxattr("a", "bad.x", "v", 1, 0));
	EXPECT_ERRNO(EINVAL, setxattr("a", "user.", "v", 1, 0));
	EXPECT_ERRNO(ERANGE, listxattr("a", buf, 1));
	EXPECT_ERRNO(EPERM, lsetxattr("sl", "user.x", "v", 1, 0));
	EXPECT_EQ(0, removexattr("a", "user.x"));
	EXPECT_ERRNO(ENODATA, removexattr("a", "user.x"));
}

TEST(a_read_only_bind_mount)
{
	begin("/tmp/mix5");
	mkdir("bm", 0755);
	ASSERT_EQ(0, mount("d", "bm", "", MS_BIND, NULL));
	EXPECT_EQ(0, access("bm/f", F_OK));
	EXPECT_EQ(0, mount("", "bm", "", MS_REMOUNT | MS_BIND | MS_RDONLY, NULL));
	EXPECT_ERRNO(EROFS, open("bm/f2", O_CREAT | O_RDWR, 0600));
	EXPECT_ERRNO(EROFS, unlink("bm/f"));
	EXPECT_ERRNO(EROFS, mkdir("bm/dx", 0700));
	EXPECT_ERRNO(EROFS, chmod("bm/f", 0));
	EXPECT_EQ(0, chmod("d/f", 0600));
	EXPECT_ERRNO(EBUSY, rmdir("bm"));
	EXPECT_EQ(0, umount2("bm", MNT_DETACH));
	EXPECT_ERRNO(ENOENT, access("bm/f", F_OK));
	EXPECT_ERRNO(EINVAL, umount("bm"));
}

TEST(a_mounted_tmpfs_is_full_and_busy)
{
	int fd;
	long sum = 0, n;

	begin("/tmp/mix6");
	ASSERT_EQ(0, mount("t", "d", "tmpfs", 0, "size=64k"));
	fd = open("d/big", O_CREAT | O_RDWR, 0600);
	while ((n = write(fd, buf, sizeof(buf))) > 0)
		sum += n;
	EXPECT_EQ(65536, sum);
	EXPECT_ERRNO(ENOSPC, write(fd, buf, 1));
	EXPECT_ERRNO(EBUSY, umount("d"));
	EXPECT_ERRNO(EBUSY, rename("d", "e"));
	close(fd);
	EXPECT_EQ(0, umount("d"));
	EXPECT_ERRNO(ENODEV, mount("x", "d", "nofs", 0, NULL));
	EXPECT_ERRNO(ENOTDIR, mount("x", "a", "tmpfs", 0, NULL));
}

TEST(the_size_limit)
{
	struct rlimit limit = { 10, RLIM_INFINITY };
	int fd;

	begin("/tmp/mix7");
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &limit);
	fd = open("lim", O_CREAT | O_RDWR, 0600);
	EXPECT_EQ(10, write(fd, buf, 20));
	EXPECT_ERRNO(EFBIG, write(fd, buf, 20));
	EXPECT_ERRNO(EFBIG, ftruncate(fd, 100));
	EXPECT_EQ(0, ftruncate(fd, 5));
}

TEST(standing_where_nothing_is)
{
	begin("/tmp/mix8");
	mkdir("gone", 0755);
	ASSERT_EQ(0, chdir("gone"));
	EXPECT_EQ(0, rmdir("../gone"));
	EXPECT_ERRNO(ENOENT, syscall(SYS_getcwd, buf, sizeof(buf)));
	EXPECT_ERRNO(ENOENT, open("x", O_CREAT | O_RDWR, 0600));
	EXPECT_TRUE(open(".", O_RDONLY) >= 0);
	EXPECT_TRUE(open("..", O_RDONLY) >= 0);
}

TEST(seals)
{
	int m = memfd_create("mm", MFD_ALLOW_SEALING);

	EXPECT_EQ(0, ftruncate(m, 4096));
	EXPECT_EQ(0, fcntl(m, F_GET_SEALS));
	EXPECT_EQ(0, fcntl(m, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW));
	EXPECT_ERRNO(EPERM, ftruncate(m, 1));
	EXPECT_ERRNO(EPERM, ftruncate(m, 8192));
	EXPECT_ERRNO(EPERM, pwrite(m, buf, 100, 4090));	/* not even the six bytes that fit */
	EXPECT_EQ(0, fcntl(m, F_ADD_SEALS, F_SEAL_WRITE));
	EXPECT_ERRNO(EPERM, write(m, "x", 1));
	EXPECT_ERRNO(EPERM, (long)mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, m, 0));
	EXPECT_EQ(0, fcntl(m, F_ADD_SEALS, F_SEAL_SEAL));
	EXPECT_ERRNO(EPERM, fcntl(m, F_ADD_SEALS, F_SEAL_WRITE));
}

MAIN
