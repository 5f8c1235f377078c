/* SPDX-License-Identifier: MIT */
/* libc: glibc; musl 1.2.3 has not all of the constants. */
/* Overlays as programs see them: descriptors and mappings across copy-up, renameat2(2), O_TMPFILE,
 * xattr(7), telldir(3). What trees look like is tested by selftests/storage/run (overlay_...). */
#include "../harness.h"

#include <dirent.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>

static char buf[4096];

/* In m: a, b and d/f from below; whatever changes goes to u. */
static void begin(const char *dir)
{
	snprintf(buf, sizeof(buf),
		 "mkdir -p %s; mount -t tmpfs t %s; cd %s; mkdir -p l/d u w m; echo below > l/a; "
		 "echo b > l/b; echo f > l/d/f",
		 dir, dir, dir);
	system(buf);
	ASSERT_EQ(0, chdir(dir));
	ASSERT_EQ(0, mount("overlay", "m", "overlay", 0, "lowerdir=l,upperdir=u,workdir=w"));
}

static void end(void)
{
	EXPECT_EQ(0, umount2("m", MNT_DETACH));
	EXPECT_EQ(0, chdir("/"));
}

TEST(descriptors_see_the_copy_mappings_do_not)
{
	struct stat before, after;
	char *map;
	int r, w;

	begin("/tmp/ov1");
	r = open("m/a", O_RDONLY);
	map = mmap(NULL, 4096, PROT_READ, MAP_SHARED, r, 0);
	ASSERT_TRUE(map != MAP_FAILED);
	EXPECT_EQ('b', map[0]);
	EXPECT_EQ(0, fstat(r, &before));
	w = open("m/a", O_RDWR);
	EXPECT_EQ(5, pwrite(w, "ABOVE", 5, 0));
	EXPECT_EQ(5, pread(r, buf, 5, 0));
	EXPECT_EQ(0, memcmp(buf, "ABOVE", 5));
	EXPECT_EQ('b', map[0]);
	EXPECT_EQ(0, fstat(r, &after));
	EXPECT_TRUE(before.st_ino == after.st_ino && before.st_dev == after.st_dev);
	EXPECT_EQ(0, ftruncate(w, 2));
	EXPECT_EQ(2, lseek(r, 0, SEEK_END));
	EXPECT_EQ(0, fsync(r));
	EXPECT_EQ(0, fsync(w));
	map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, w, 0);
	ASSERT_TRUE(map != MAP_FAILED);
	map[1] = '!';
	EXPECT_EQ(2, pread(r, buf, 9, 0));
	EXPECT_EQ('!', buf[1]);
	end();
}

TEST(locks_and_execution_hold_across_copy_up)
{
	int r, w;

	begin("/tmp/ov2");
	r = open("m/a", O_RDONLY);
	EXPECT_EQ(0, flock(r, LOCK_EX));
	w = open("m/a", O_WRONLY | O_APPEND);
	EXPECT_ERRNO(EWOULDBLOCK, flock(w, LOCK_EX | LOCK_NB));
	EXPECT_EQ(0, flock(r, LOCK_UN));
	EXPECT_EQ(0, flock(w, LOCK_EX | LOCK_NB));
	EXPECT_EQ(1, write(w, "x", 1));
	EXPECT_EQ(0, chmod("m/a", 0755));
	EXPECT_ERRNO(ETXTBSY, execl("m/a", "a", NULL));
	EXPECT_EQ(0, fchmod(r, 04711));
	EXPECT_EQ(0, posix_fallocate(w, 0, 9000));
	EXPECT_EQ(0, access("u/a", F_OK));
	end();
}

TEST(renameat2_upon_layers)
{
	begin("/tmp/ov3");
	EXPECT_ERRNO(EEXIST, renameat2(AT_FDCWD, "m/a", AT_FDCWD, "m/b", RENAME_NOREPLACE));
	EXPECT_EQ(0, renameat2(AT_FDCWD, "m/a", AT_FDCWD, "m/b", RENAME_EXCHANGE));
	EXPECT_ERRNO(EINVAL, renameat2(AT_FDCWD, "m/a", AT_FDCWD, "m/c", RENAME_WHITEOUT));
	EXPECT_ERRNO(EXDEV, rename("m/d", "m/e"));
	EXPECT_ERRNO(EXDEV, renameat2(AT_FDCWD, "m/a", AT_FDCWD, "m/d", RENAME_EXCHANGE));
	EXPECT_EQ(0, mkdir("m/own", 0755));
	EXPECT_EQ(0, renameat2(AT_FDCWD, "m/own", AT_FDCWD, "m/a", RENAME_EXCHANGE));
	EXPECT_EQ(0, rename("m/own", "m/a/x"));
	EXPECT_EQ(0, rename("m/a", "m/own"));
	EXPECT_ERRNO(ENOENT, access("m/a", F_OK));
	EXPECT_ERRNO(ENOTEMPTY, rename("m/own", "m/d"));
	EXPECT_EQ(0, unlink("m/d/f"));
	EXPECT_EQ(0, rename("m/own", "m/d"));
	EXPECT_EQ(0, access("m/d/x", F_OK));
	EXPECT_ERRNO(ENOENT, access("m/d/f", F_OK));
	EXPECT_ERRNO(EINVAL, rename("m/d", "m/d/y"));
	end();
}

TEST(nameless_files_and_directories_that_are_gone)
{
	struct stat st;
	int fd, dir;

	begin("/tmp/ov4");
	fd = open("m/d", O_TMPFILE | O_RDWR, 0640);
	ASSERT_TRUE(fd >= 0);
	EXPECT_EQ(3, write(fd, "tmp", 3));
	EXPECT_EQ(0, fstat(fd, &st));
	EXPECT_EQ(0, st.st_nlink);
	EXPECT_EQ(3, st.st_size);
	EXPECT_EQ(0, linkat(fd, "", AT_FDCWD, "m/d/named", AT_EMPTY_PATH));
	EXPECT_EQ(0, fstat(fd, &st));
	EXPECT_EQ(1, st.st_nlink);
	EXPECT_EQ(0, unlink("m/d/named"));
	dir = open("m/d", O_RDONLY | O_DIRECTORY);
	EXPECT_EQ(0, unlink("m/d/f"));
	EXPECT_EQ(0, rmdir("m/d"));
	EXPECT_ERRNO(ENOENT, openat(dir, "new", O_CREAT | O_RDWR, 0600));
	EXPECT_EQ(0, mkdir("m/d", 0700));
	EXPECT_ERRNO(ENOENT, access("m/d/f", F_OK));
	end();
}

TEST(attributes_of_its_own_are_hidden)
{
	char list[256];

	begin("/tmp/ov5");
	EXPECT_EQ(0, setxattr("m/b", "user.mine", "1", 1, 0));
	EXPECT_EQ(0, setxattr("m/b", "trusted.mine", "22", 2, 0));
	EXPECT_EQ(0, setxattr("m/b", "trusted.overlay.opaque", "n", 1, 0));
	EXPECT_EQ(1, getxattr("m/b", "trusted.overlay.opaque", list, sizeof(list)));
	EXPECT_EQ(1, getxattr("u/b", "trusted.overlay.overlay.opaque", list, sizeof(list)));
	EXPECT_EQ((ssize_t)sizeof("user.mine") + (ssize_t)sizeof("trusted.mine") +
			  (ssize_t)sizeof("trusted.overlay.opaque"),
		  listxattr("m/b", list, sizeof(list)));
	EXPECT_ERRNO(ENODATA, getxattr("m/d", "trusted.overlay.opaque", list, sizeof(list)));
	EXPECT_EQ(0, mkdir("m/new", 0755));
	EXPECT_ERRNO(ENODATA, getxattr("u/new", "trusted.overlay.opaque", list, sizeof(list)));
	EXPECT_EQ(0, rmdir("m/new"));
	EXPECT_EQ(0, unlink("m/d/f"));
	EXPECT_EQ(0, rmdir("m/d"));
	EXPECT_EQ(0, mkdir("m/d", 0755));
	EXPECT_EQ(1, getxattr("u/d", "trusted.overlay.opaque", list, sizeof(list)));
	EXPECT_EQ(0, mkdir("m/new", 0755));
	EXPECT_ERRNO(ENODATA, getxattr("m/new", "trusted.overlay.opaque", list, sizeof(list)));
	EXPECT_EQ(0, listxattr("m/new", list, sizeof(list)));
	if (!fork()) {
		EXPECT_EQ(0, setuid(1000));
		EXPECT_EQ((ssize_t)sizeof("user.mine"), listxattr("m/b", list, sizeof(list)));
		EXPECT_ERRNO(ENODATA, getxattr("m/b", "trusted.mine", list, sizeof(list)));
		EXPECT_ERRNO(EACCES, open("m/b", O_WRONLY));
		EXPECT_ERRNO(EPERM, chmod("m/a", 0777));
		EXPECT_ERRNO(EACCES, unlink("m/a"));
		_exit(0);
	}
	wait(NULL);
	EXPECT_ERRNO(ENOENT, access("u/a", F_OK));
	end();
}

TEST(a_reader_sees_each_name_once)
{
	int names = 0, twice = 0;
	struct dirent *e;
	char seen[300] = "";
	DIR *d;

	begin("/tmp/ov6");
	for (int n = 0; n < 300; n++) {
		snprintf(buf, sizeof(buf), "%s/n%d", n % 2 ? "l/d" : "m/d", n);
		close(open(buf, O_CREAT | O_RDWR, 0600));
	}
	end();
	EXPECT_EQ(0, chdir("/tmp/ov6"));
	ASSERT_EQ(0, mount("overlay", "m", "overlay", 0, "lowerdir=l,upperdir=u,workdir=w"));
	d = opendir("m/d");
	while ((e = readdir(d))) {
		int n = atoi(e->d_name + 1);

		if (e->d_name[0] != 'n')
			continue;
		names++;
		twice += seen[n]++;
		snprintf(buf, sizeof(buf), "m/d/%s", e->d_name);
		EXPECT_EQ(0, unlink(buf));
	}
	EXPECT_EQ(300, names);
	EXPECT_EQ(0, twice);
	rewinddir(d);
	for (names = 0; readdir(d); names++)
		;
	EXPECT_EQ(3, names);
	closedir(d);
	end();
}
MAIN
