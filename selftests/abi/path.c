/* SPDX-License-Identifier: MIT */
/* libc: glibc; musl 1.2.3 has not all of the constants. */
/* path_resolution(7), stat(2), rename(2), link(2), chmod(2), getdents(2), xattr(7), mount(2): names
 * and what they name. */
#include "../harness.h"

#include <dirent.h>
#include <grp.h>
#include <limits.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#ifndef RENAME_NOREPLACE
#define RENAME_NOREPLACE 1
#define RENAME_EXCHANGE	 2
#endif

static char dir[64];

/* Every test works in an empty directory of its own. */
static void fresh(void)
{
	snprintf(dir, sizeof(dir), "/tmp/path.%d", getpid());
	umask(0);
	chmod("/tmp", 01777);
	mkdir(dir, 0777);
	ASSERT_EQ(0, chdir(dir));
}

static void touch(const char *name, int mode)
{
	int fd = open(name, O_CREAT | O_WRONLY, 0600);

	fchmod(fd, mode);
	close(fd);
}

static int mode_of(const char *name)
{
	struct stat st;

	return lstat(name, &st) ? -1 : (int)st.st_mode;
}

static ino_t ino_of(const char *name)
{
	struct stat st;

	return lstat(name, &st) ? 0 : st.st_ino;
}

#define AS_USER(uid, ...) EXPECT_EQ(0, exit_status(IN_CHILD({ setgid(uid); setuid(uid); __VA_ARGS__; })))
#define PATH_TEST(name)                                                                           \
	static void body_##name(void);                                                            \
	TEST(name) { fresh(); body_##name(); chdir("/"); system("rm -rf /tmp/path.*"); }           \
	static void body_##name(void)

/* --- stat */
PATH_TEST(stat_describes_a_file)
{
	struct stat st, root;
	struct timespec now;

	touch("f", 0640);
	EXPECT_EQ(0, stat("f", &st));
	clock_gettime(CLOCK_REALTIME, &now);
	EXPECT_EQ(S_IFREG | 0640, st.st_mode);
	EXPECT_EQ(1, st.st_nlink);
	EXPECT_EQ(0, st.st_size);
	EXPECT_EQ(0, st.st_blocks);
	EXPECT_EQ(0, st.st_uid);
	EXPECT_EQ(4096, st.st_blksize);
	EXPECT_TRUE(now.tv_sec - st.st_mtim.tv_sec <= 2);
	stat("/", &root);
	EXPECT_TRUE(S_ISDIR(root.st_mode));
	stat("/dev/null", &st);
	EXPECT_EQ(S_IFCHR | 0666, st.st_mode);
	EXPECT_EQ(makedev(1, 3), st.st_rdev);
	EXPECT_ERRNO(ENOENT, stat("", &st));
	EXPECT_EQ(0, fstatat(open("f", O_RDONLY), "", &st, AT_EMPTY_PATH));
	EXPECT_ERRNO(EINVAL, fstatat(AT_FDCWD, "f", &st, 0x80000000));
}

PATH_TEST(statx_fills_its_mask)
{
	struct statx sx;

	touch("f", 0600);
	EXPECT_EQ(0, statx(AT_FDCWD, "f", 0, STATX_BASIC_STATS, &sx));
	EXPECT_EQ(STATX_BASIC_STATS, sx.stx_mask & STATX_BASIC_STATS);
	EXPECT_EQ(S_IFREG | 0600, sx.stx_mode);
	EXPECT_EQ(ino_of("f"), sx.stx_ino);
	EXPECT_ERRNO(EINVAL, statx(AT_FDCWD, "f", 0, 0x80000000, &sx));
	EXPECT_ERRNO(EINVAL, statx(AT_FDCWD, "f", 0x6000, 0, &sx));
	EXPECT_ERRNO(ENOENT, statx(AT_FDCWD, "", 0, 0, &sx));
}

/* --- path resolution */
PATH_TEST(dots_and_slashes)
{
	mkdir("d", 0700);
	touch("d/f", 0600);
	EXPECT_EQ(ino_of("d/f"), ino_of("./d/.././/d///f"));
	EXPECT_EQ(ino_of("d"), ino_of("d/"));
	EXPECT_EQ(ino_of("d"), ino_of("d/."));
	EXPECT_EQ(ino_of("/"), ino_of("/../.."));
	EXPECT_ERRNO(ENOTDIR, access("d/f/", F_OK));
	EXPECT_ERRNO(ENOTDIR, access("d/f/.", F_OK));
	EXPECT_ERRNO(ENOTDIR, access("d/f/..", F_OK));
	EXPECT_ERRNO(ENOENT, access("x/..", F_OK));
}

PATH_TEST(names_have_255_bytes_paths_4095)
{
	char name[300], path[5000] = "";

	memset(name, 'n', sizeof(name));
	name[255] = 0;
	touch(name, 0600);
	EXPECT_EQ(0, access(name, F_OK));
	name[255] = 'n';
	name[256] = 0;
	EXPECT_ERRNO(ENAMETOOLONG, access(name, F_OK));
	EXPECT_ERRNO(ENAMETOOLONG, mkdir(name, 0700));
	while (strlen(path) < 4094)
		strcat(path, "./");
	EXPECT_EQ(4094, strlen(path));
	EXPECT_EQ(0, access(path, F_OK));
	strcat(path, ".");
	EXPECT_EQ(0, access(path, F_OK));
	strcat(path, "/");
	EXPECT_ERRNO(ENAMETOOLONG, access(path, F_OK));
}

PATH_TEST(forty_symlinks_and_no_more)
{
	char a[20], b[20];
	struct stat st;

	touch("l0", 0600);
	for (int i = 1; i <= 41; i++) {
		sprintf(a, "l%d", i - 1);
		sprintf(b, "l%d", i);
		symlink(a, b);
	}
	EXPECT_EQ(0, stat("l40", &st));
	EXPECT_ERRNO(ELOOP, stat("l41", &st));
	symlink("self", "self");
	EXPECT_ERRNO(ELOOP, stat("self", &st));
	EXPECT_ERRNO(ELOOP, open("self/x", O_RDONLY));
	EXPECT_EQ(0, lstat("self", &st));
}

PATH_TEST(symlinks)
{
	char buf[20] = "";
	struct stat st;

	EXPECT_EQ(0, symlink("target", "l"));
	EXPECT_EQ(6, readlink("l", buf, sizeof(buf)));
	EXPECT_STREQ("target", buf);
	EXPECT_EQ(3, readlink("l", buf, 3));
	EXPECT_EQ(S_IFLNK | 0777, mode_of("l"));
	EXPECT_EQ(0, lstat("l", &st));
	EXPECT_EQ(6, st.st_size);
	EXPECT_ERRNO(ENOENT, stat("l", &st));
	EXPECT_ERRNO(EEXIST, symlink("x", "l"));
	EXPECT_ERRNO(ENOENT, symlink("", "m"));
	EXPECT_ERRNO(EINVAL, readlink(".", buf, 5));
	EXPECT_ERRNO(EINVAL, readlink("l", buf, 0));
	EXPECT_ERRNO(ENOENT, readlink("none", buf, 5));
	mkdir("d", 0700);
	symlink("d", "ld");
	EXPECT_TRUE(S_ISLNK(mode_of("ld")));
	EXPECT_TRUE(S_ISDIR(mode_of("ld/")));
	EXPECT_ERRNO(ENOTDIR, rmdir("ld"));
	EXPECT_ERRNO(ENOTDIR, rmdir("ld/"));
}

/* --- making and removing */
PATH_TEST(mkdir_and_rmdir)
{
	EXPECT_EQ(0, mkdir("d", 0750));
	EXPECT_EQ(S_IFDIR | 0750, mode_of("d"));
	EXPECT_EQ(0, mkdir("e/", 0700));
	EXPECT_ERRNO(EEXIST, mkdir("d", 0700));
	EXPECT_ERRNO(EEXIST, mkdir("/", 0700));
	EXPECT_ERRNO(EEXIST, mkdir(".", 0700));
	EXPECT_ERRNO(ENOENT, mkdir("x/y", 0700));
	EXPECT_ERRNO(ENOENT, mkdir("", 0700));
	touch("d/f", 0600);
	EXPECT_ERRNO(ENOTDIR, mkdir("d/f/g", 0700));
	EXPECT_ERRNO(ENOTEMPTY, rmdir("d"));
	EXPECT_ERRNO(ENOTDIR, rmdir("d/f"));
	EXPECT_ERRNO(EINVAL, rmdir("d/."));
	EXPECT_ERRNO(ENOTEMPTY, rmdir("d/.."));
	EXPECT_ERRNO(EBUSY, rmdir("/"));
	unlink("d/f");
	EXPECT_EQ(0, rmdir("d"));
	EXPECT_ERRNO(ENOENT, rmdir("d"));
}

PATH_TEST(directories_count_their_children)
{
	struct stat st;

	mkdir("d", 0700);
	stat("d", &st);
	EXPECT_EQ(2, st.st_nlink);
	mkdir("d/e", 0700);
	mkdir("d/f", 0700);
	stat("d", &st);
	EXPECT_EQ(4, st.st_nlink);
	rmdir("d/e");
	stat("d", &st);
	EXPECT_EQ(3, st.st_nlink);
}

PATH_TEST(unlink_removes_the_name_not_the_open_file)
{
	int fd;
	struct stat st;

	touch("f", 0600);
	fd = open("f", O_RDWR);
	EXPECT_EQ(0, unlink("f"));
	fstat(fd, &st);
	EXPECT_EQ(0, st.st_nlink);
	EXPECT_EQ(1, write(fd, "x", 1));
	EXPECT_ERRNO(ENOENT, unlink("f"));
	EXPECT_ERRNO(EISDIR, unlink("."));
	mkdir("d", 0700);
	EXPECT_ERRNO(EISDIR, unlink("d"));
	EXPECT_EQ(0, unlinkat(AT_FDCWD, "d", AT_REMOVEDIR));
	EXPECT_ERRNO(EINVAL, unlinkat(AT_FDCWD, "d", 1));
	touch("f", 0600);
	EXPECT_ERRNO(ENOTDIR, unlink("f/"));
}

PATH_TEST(hard_links)
{
	struct stat st;

	touch("a", 0600);
	EXPECT_EQ(0, link("a", "b"));
	EXPECT_EQ(ino_of("a"), ino_of("b"));
	stat("a", &st);
	EXPECT_EQ(2, st.st_nlink);
	EXPECT_ERRNO(EEXIST, link("a", "b"));
	EXPECT_ERRNO(ENOENT, link("none", "c"));
	mkdir("d", 0700);
	EXPECT_ERRNO(EPERM, link("d", "e"));
	EXPECT_ERRNO(EXDEV, link("a", "/run/path.x"));
	symlink("a", "l");
	EXPECT_EQ(0, link("l", "m"));
	EXPECT_TRUE(S_ISLNK(mode_of("m")));
	EXPECT_EQ(0, linkat(AT_FDCWD, "l", AT_FDCWD, "n", AT_SYMLINK_FOLLOW));
	EXPECT_EQ(ino_of("a"), ino_of("n"));
}

PATH_TEST(a_removed_working_directory)
{
	char buf[100];

	mkdir("d", 0700);
	chdir("d");
	rmdir("../d");
	EXPECT_ERRNO(ENOENT, syscall(SYS_getcwd, buf, sizeof(buf)));
	EXPECT_ERRNO(ENOENT, open("f", O_CREAT | O_RDWR, 0600));
	EXPECT_ERRNO(ENOENT, mkdir("e", 0700));
	EXPECT_EQ(0, access(".", F_OK));
	EXPECT_EQ(0, access("..", F_OK));
}

/* --- rename */
PATH_TEST(rename_replaces)
{
	ino_t a;

	touch("a", 0600);
	touch("b", 0600);
	a = ino_of("a");
	EXPECT_EQ(0, rename("a", "b"));
	EXPECT_EQ(a, ino_of("b"));
	EXPECT_ERRNO(ENOENT, rename("a", "c"));
	EXPECT_EQ(0, rename("b", "b"));
	link("b", "c");
	EXPECT_EQ(0, rename("b", "c"));		/* the same file: nothing happens */
	EXPECT_EQ(0, access("b", F_OK));
}

PATH_TEST(rename_of_directories)
{
	mkdir("a", 0700);
	mkdir("b", 0700);
	touch("f", 0600);
	EXPECT_ERRNO(EINVAL, rename("a", "a/c"));
	EXPECT_EQ(0, mkdir("a/c", 0700));
	EXPECT_ERRNO(EINVAL, rename("a", "a/c/d"));
	EXPECT_ERRNO(ENOTEMPTY, rename("b", "a"));
	EXPECT_ERRNO(ENOTEMPTY, rename("a/c", "a"));
	EXPECT_ERRNO(ENOTDIR, rename("a", "f"));
	EXPECT_ERRNO(EISDIR, rename("f", "a"));
	EXPECT_ERRNO(EBUSY, rename(".", "x"));
	EXPECT_ERRNO(EBUSY, rename("a", ".."));
	EXPECT_ERRNO(EXDEV, rename("a", "/run/path.y"));
	EXPECT_EQ(0, rename("a", "b"));
	EXPECT_EQ(0, access("b/c", F_OK));
	EXPECT_EQ(0, rename("b/", "e/"));
	EXPECT_ERRNO(ENOTDIR, rename("f/", "g"));
}

PATH_TEST(renameat2_flags)
{
	ino_t a, b;

	touch("a", 0600);
	mkdir("b", 0700);
	a = ino_of("a");
	b = ino_of("b");
	EXPECT_ERRNO(EEXIST, renameat2(AT_FDCWD, "a", AT_FDCWD, "b", RENAME_NOREPLACE));
	EXPECT_EQ(0, renameat2(AT_FDCWD, "a", AT_FDCWD, "b", RENAME_EXCHANGE));
	EXPECT_EQ(a, ino_of("b"));
	EXPECT_EQ(b, ino_of("a"));
	EXPECT_ERRNO(ENOENT, renameat2(AT_FDCWD, "a", AT_FDCWD, "c", RENAME_EXCHANGE));
	EXPECT_ERRNO(EINVAL,
		     renameat2(AT_FDCWD, "a", AT_FDCWD, "b", RENAME_EXCHANGE | RENAME_NOREPLACE));
	EXPECT_ERRNO(EINVAL, renameat2(AT_FDCWD, "a", AT_FDCWD, "b", 0x100));
	EXPECT_EQ(0, renameat2(AT_FDCWD, "a", AT_FDCWD, "c", RENAME_NOREPLACE));
}

/* --- working directory, root */
PATH_TEST(getcwd_and_chdir)
{
	char buf[PATH_MAX];

	EXPECT_EQ(strlen(dir) + 1, syscall(SYS_getcwd, buf, sizeof(buf)));
	EXPECT_STREQ(dir, buf);
	EXPECT_ERRNO(ERANGE, syscall(SYS_getcwd, buf, 3));
	touch("f", 0600);
	EXPECT_ERRNO(ENOTDIR, chdir("f"));
	EXPECT_ERRNO(ENOENT, chdir("none"));
	EXPECT_ERRNO(ENOTDIR, fchdir(open("f", O_RDONLY)));
	mkdir("d", 0);
	AS_USER(1234, EXPECT_ERRNO(EACCES, chdir("d")));
	mkdir("e", 0700);
	chdir("e");
	rename("../e", "../g");
	getcwd(buf, sizeof(buf));
	EXPECT_STREQ("g", strrchr(buf, '/') + 1);
}

PATH_TEST(chroot_moves_the_root)
{
	mkdir("r", 0755);
	touch("r/inside", 0600);
	EXPECT_EQ(0, exit_status(IN_CHILD({
		char buf[100];

		EXPECT_EQ(0, chroot("r"));
		EXPECT_EQ(0, access("/inside", F_OK));
		EXPECT_EQ(0, access("/../inside", F_OK));
		EXPECT_EQ(0, access("r/inside", F_OK));	/* the working directory stays outside */
		syscall(SYS_getcwd, buf, sizeof(buf));
		EXPECT_EQ(0, strncmp(buf, "(unreachable)", 13));
		chdir("/");
		EXPECT_ERRNO(ENOENT, access("../r", F_OK));
	})));
	AS_USER(1234, EXPECT_ERRNO(EPERM, chroot("r")));
	EXPECT_ERRNO(ENOTDIR, chroot("r/inside"));
}

/* --- permissions */
PATH_TEST(the_owner_the_group_and_the_others)
{
	touch("f", 0);
	chown("f", 100, 200);
	for (int mode = 0; mode < 0777; mode += 0111) {
		chmod("f", mode);
		EXPECT_EQ(0, exit_status(IN_CHILD({
				  setgid(300);
				  setuid(100);
				  EXPECT_EQ(mode & 0400 ? 0 : -1, access("f", R_OK));
			  })));
	}
	chmod("f", 0470);
	EXPECT_EQ(0, exit_status(IN_CHILD({
		setgroups(1, &(gid_t){ 200 });
		setgid(300);
		setuid(100);
		EXPECT_EQ(0, access("f", R_OK));
		/* the owner's bits count, though the group has more */
		EXPECT_ERRNO(EACCES, access("f", W_OK));
	})));
	EXPECT_EQ(0, exit_status(IN_CHILD({
		setgroups(1, &(gid_t){ 200 });
		setgid(300);
		setuid(101);
		EXPECT_EQ(0, access("f", R_OK | W_OK | X_OK));	/* a supplementary group */
	})));
	AS_USER(300, EXPECT_ERRNO(EACCES, access("f", R_OK)));
	chmod("f", 0);
	EXPECT_EQ(0, access("f", R_OK | W_OK));
	EXPECT_ERRNO(EACCES, access("f", X_OK));
	EXPECT_ERRNO(EINVAL, access("f", 8));
}

PATH_TEST(directories_need_x_to_search_and_w_to_change)
{
	mkdir("d", 0755);
	touch("d/f", 0666);
	AS_USER(1234, {
		EXPECT_EQ(0, access("d/f", R_OK));
		EXPECT_ERRNO(EACCES, unlink("d/f"));
		EXPECT_ERRNO(EACCES, open("d/g", O_CREAT | O_RDWR, 0600));
		EXPECT_ERRNO(EACCES, mkdir("d/g", 0700));
		EXPECT_ERRNO(EACCES, rename("d/f", "d/h"));
	});
	chmod("d", 0744);
	AS_USER(1234, {
		EXPECT_ERRNO(EACCES, access("d/f", F_OK));
		EXPECT_TRUE(open("d", O_RDONLY) >= 0);
	});
	chmod("d", 0733);
	AS_USER(1234, {
		EXPECT_EQ(0, access("d/f", F_OK));
		EXPECT_ERRNO(EACCES, open("d", O_RDONLY));
		EXPECT_EQ(0, unlink("d/f"));
	});
}

PATH_TEST(access_asks_for_the_real_user)
{
	touch("f", 0600);
	EXPECT_EQ(0, exit_status(IN_CHILD({
		setresuid(1234, 0, 0);
		EXPECT_ERRNO(EACCES, access("f", R_OK));
		EXPECT_EQ(0, faccessat(AT_FDCWD, "f", R_OK, AT_EACCESS));
		EXPECT_TRUE(open("f", O_RDONLY) >= 0);
	})));
}

PATH_TEST(the_sticky_bit_protects_names)
{
	mkdir("s", 01777);
	touch("s/f", 0666);
	AS_USER(1234, {
		EXPECT_ERRNO(EPERM, unlink("s/f"));
		EXPECT_ERRNO(EPERM, rename("s/f", "s/g"));
		touch("s/mine", 0600);
		EXPECT_EQ(0, unlink("s/mine"));
	});
}

PATH_TEST(chmod_and_chown_are_the_owners)
{
	touch("f", 0644);
	AS_USER(1234, {
		EXPECT_ERRNO(EPERM, chmod("f", 0777));
		EXPECT_ERRNO(EPERM, chown("f", 1234, -1));
		touch("/tmp/path.mine", 0600);
		EXPECT_EQ(0, chmod("/tmp/path.mine", 0640));
		EXPECT_ERRNO(EPERM, chown("/tmp/path.mine", 1235, -1));
		EXPECT_EQ(0, chown("/tmp/path.mine", 1234, 1234));
		EXPECT_ERRNO(EPERM, chown("/tmp/path.mine", -1, 77));
	});
	EXPECT_EQ(0, chown("f", 5, 6));
	struct stat st;
	stat("f", &st);
	EXPECT_EQ(5, st.st_uid);
	EXPECT_EQ(6, st.st_gid);
	EXPECT_EQ(0, chown("f", -1, 7));
	stat("f", &st);
	EXPECT_EQ(5, st.st_uid);
	symlink("f", "l");
	EXPECT_EQ(0, lchown("l", 9, 9));
	stat("f", &st);
	EXPECT_EQ(5, st.st_uid);
}

PATH_TEST(chown_and_write_clear_set_id_bits)
{
	touch("f", 06755);
	EXPECT_EQ(0, chown("f", 1234, 1234));
	EXPECT_EQ(S_IFREG | 0755, mode_of("f"));
	chmod("f", 06777);
	AS_USER(1235, { int fd = open("f", O_WRONLY); EXPECT_EQ(1, write(fd, "x", 1)); });
	EXPECT_EQ(S_IFREG | 0777, mode_of("f"));
	chmod("f", 02644);		/* without group execution it is no set-id bit... */
	EXPECT_EQ(0, chown("f", 0, 0));
	EXPECT_EQ(S_IFREG | 02644, mode_of("f"));
}

PATH_TEST(set_gid_directories_pass_their_group_on)
{
	mkdir("d", 0777);
	chown("d", 0, 55);
	chmod("d", 02777);
	touch("d/f", 0600);
	mkdir("d/e", 0755);
	struct stat st;
	stat("d/f", &st);
	EXPECT_EQ(55, st.st_gid);
	EXPECT_EQ(S_IFDIR | 02755, mode_of("d/e"));
}

/* --- times */
PATH_TEST(utimensat_sets_times)
{
	struct timespec t[2] = { { 100, 5 }, { 200, 6 } }, bad[2] = { { 0, 1000000000 }, { 0, 0 } };
	struct stat st;

	touch("f", 0666);
	EXPECT_EQ(0, utimensat(AT_FDCWD, "f", t, 0));
	stat("f", &st);
	EXPECT_EQ(100, st.st_atim.tv_sec);
	EXPECT_EQ(5, st.st_atim.tv_nsec);
	EXPECT_EQ(200, st.st_mtim.tv_sec);
	t[0].tv_nsec = UTIME_OMIT;
	t[1].tv_nsec = UTIME_NOW;
	EXPECT_EQ(0, utimensat(AT_FDCWD, "f", t, 0));
	stat("f", &st);
	EXPECT_EQ(100, st.st_atim.tv_sec);
	EXPECT_TRUE(st.st_mtim.tv_sec > 1000000);
	EXPECT_ERRNO(EINVAL, utimensat(AT_FDCWD, "f", bad, 0));
	EXPECT_EQ(0, futimens(open("f", O_RDWR), NULL));
	AS_USER(1234, {
		t[0] = (struct timespec){ 1, 1 };
		EXPECT_ERRNO(EPERM, utimensat(AT_FDCWD, "f", t, 0));
		EXPECT_EQ(0, utimensat(AT_FDCWD, "f", NULL, 0));	/* now: who may write */
	});
}

PATH_TEST(writing_changes_mtime_chmod_ctime)
{
	struct timespec old[2] = { { 1, 0 }, { 1, 0 } };
	struct stat st, st2;
	int fd;

	touch("f", 0600);
	utimensat(AT_FDCWD, "f", old, 0);
	fd = open("f", O_RDWR);
	write(fd, "x", 1);
	fstat(fd, &st);
	EXPECT_TRUE(st.st_mtim.tv_sec > 1);
	utimensat(AT_FDCWD, "f", old, 0);
	sleep_ms(12);
	chmod("f", 0644);
	fstat(fd, &st2);
	EXPECT_EQ(1, st2.st_mtim.tv_sec);
	EXPECT_TRUE(st2.st_ctim.tv_sec > st.st_ctim.tv_sec ||
		    st2.st_ctim.tv_nsec > st.st_ctim.tv_nsec);
	utimensat(AT_FDCWD, ".", old, 0);
	touch("new", 0600);
	stat(".", &st);
	EXPECT_TRUE(st.st_mtim.tv_sec > 1);
}

/* --- getdents */
PATH_TEST(readdir_lists_all_once_while_it_is_emptied)
{
	int seen = 0;
	DIR *d;

	for (int i = 0; i < 300; i++) {
		char n[20];

		sprintf(n, "entry-%d", i);
		touch(n, 0600);
	}
	d = opendir(".");
	for (struct dirent *e; (e = readdir(d));)
		if (!strncmp(e->d_name, "entry-", 6)) {
			EXPECT_EQ(DT_REG, e->d_type);
			EXPECT_EQ(0, unlink(e->d_name));
			seen++;
		}
	closedir(d);
	EXPECT_EQ(300, seen);
	EXPECT_EQ(0, rmdir(dir));
}

PATH_TEST(getdents_has_dots_types_and_positions)
{
	char buf[1024];
	int fd = open(".", O_RDONLY), dots = 0, n;
	long second = 0;

	mkdir("d", 0700);
	touch("f", 0600);
	n = syscall(SYS_getdents64, fd, buf, sizeof(buf));
	ASSERT_TRUE(n > 0);
	for (int at = 0; at < n;) {
		struct dirent64 *e = (void *)(buf + at);

		dots += !strcmp(e->d_name, ".") || !strcmp(e->d_name, "..");
		if (!strcmp(e->d_name, "d"))
			EXPECT_EQ(DT_DIR, e->d_type);
		if (!strcmp(e->d_name, "."))
			second = e->d_off;
		at += e->d_reclen;
		EXPECT_EQ(0, e->d_reclen % 8);
	}
	EXPECT_EQ(2, dots);
	EXPECT_EQ(0, syscall(SYS_getdents64, fd, buf, sizeof(buf)));
	EXPECT_EQ(second, lseek(fd, second, SEEK_SET));
	n = syscall(SYS_getdents64, fd, buf, sizeof(buf));
	EXPECT_STREQ("..", ((struct dirent64 *)buf)->d_name);
	lseek(fd, 0, SEEK_SET);
	EXPECT_ERRNO(EINVAL, syscall(SYS_getdents64, fd, buf, 8));
	EXPECT_ERRNO(ENOTDIR, syscall(SYS_getdents64, open("f", O_RDONLY), buf, 100));
	rmdir("d");
	unlink("f");
	rmdir(dir);
	EXPECT_ERRNO(ENOENT, syscall(SYS_getdents64, fd, buf, sizeof(buf)));
}

/* --- nodes, xattr, mount */
PATH_TEST(mknod_makes_what_it_is_told)
{
	EXPECT_EQ(0, mknod("f", S_IFREG | 0600, 0));
	EXPECT_EQ(0, mknod("p", S_IFIFO | 0600, 0));
	EXPECT_EQ(0, mknod("c", S_IFCHR | 0600, makedev(1, 3)));
	EXPECT_EQ(0, mknod("s", S_IFSOCK | 0600, 0));
	EXPECT_EQ(S_IFIFO | 0600, mode_of("p"));
	EXPECT_EQ(S_IFCHR | 0600, mode_of("c"));
	EXPECT_ERRNO(EEXIST, mknod("f", S_IFREG | 0600, 0));
	EXPECT_ERRNO(EPERM, mknod("d", S_IFDIR | 0600, 0));
	EXPECT_ERRNO(EINVAL, mknod("x", 0170000, 0));
	EXPECT_ERRNO(ENXIO, open("s", O_RDWR));
	AS_USER(1234, EXPECT_ERRNO(EPERM, mknod("c2", S_IFCHR | 0600, makedev(1, 3))));
	EXPECT_ERRNO(EACCES, open("c", O_RDWR));	/* /tmp is nodev */
}

PATH_TEST(extended_attributes)
{
	char buf[100] = "";

	touch("f", 0600);
	EXPECT_ERRNO(ENODATA, getxattr("f", "trusted.none", buf, 10));
	EXPECT_EQ(0, setxattr("f", "trusted.a", "value", 5, XATTR_CREATE));
	EXPECT_ERRNO(EEXIST, setxattr("f", "trusted.a", "v", 1, XATTR_CREATE));
	EXPECT_ERRNO(ENODATA, setxattr("f", "trusted.b", "v", 1, XATTR_REPLACE));
	EXPECT_EQ(5, getxattr("f", "trusted.a", buf, sizeof(buf)));
	EXPECT_STREQ("value", buf);
	EXPECT_EQ(5, getxattr("f", "trusted.a", NULL, 0));
	EXPECT_ERRNO(ERANGE, getxattr("f", "trusted.a", buf, 2));
	EXPECT_TRUE(listxattr("f", buf, sizeof(buf)) >= 10);
	EXPECT_EQ(0, removexattr("f", "trusted.a"));
	EXPECT_ERRNO(ENODATA, removexattr("f", "trusted.a"));
	EXPECT_ERRNO(EOPNOTSUPP, setxattr("f", "nonsense.a", "v", 1, 0));
	EXPECT_ERRNO(EINVAL, setxattr("f", "trusted.a", "v", 1, 4));
}

PATH_TEST(mount_tmpfs_covers_and_umount_uncovers)
{
	mkdir("m", 0700);
	touch("m/below", 0600);
	EXPECT_EQ(0, mount("none", "m", "tmpfs", 0, "mode=711"));
	EXPECT_ERRNO(ENOENT, access("m/below", F_OK));
	EXPECT_EQ(S_IFDIR | 0711, mode_of("m"));
	touch("m/f", 0600);
	EXPECT_ERRNO(EXDEV, rename("m/f", "f"));
	EXPECT_ERRNO(EBUSY, rmdir("m"));
	int fd = open("m/f", O_RDONLY);
	EXPECT_ERRNO(EBUSY, umount("m"));
	close(fd);
	EXPECT_EQ(0, mount(NULL, "m", NULL, MS_REMOUNT | MS_RDONLY, NULL));
	EXPECT_ERRNO(EROFS, open("m/g", O_CREAT | O_RDWR, 0600));
	EXPECT_EQ(0, umount("m"));
	EXPECT_EQ(0, access("m/below", F_OK));
	EXPECT_ERRNO(EINVAL, umount("m"));
	EXPECT_ERRNO(ENODEV, mount("none", "m", "nonsensefs", 0, NULL));
	EXPECT_ERRNO(ENOENT, mount("none", "none", "tmpfs", 0, NULL));
	AS_USER(1234, EXPECT_ERRNO(EPERM, mount("none", "m", "tmpfs", 0, NULL)));
}

PATH_TEST(bind_mounts_and_detach)
{
	mkdir("a", 0700);
	mkdir("b", 0700);
	touch("a/f", 0600);
	EXPECT_EQ(0, mount("a", "b", NULL, MS_BIND, NULL));
	EXPECT_EQ(ino_of("a/f"), ino_of("b/f"));
	int fd = open("b/f", O_RDONLY);
	EXPECT_EQ(0, umount2("b", MNT_DETACH));
	EXPECT_ERRNO(ENOENT, access("b/f", F_OK));
	char c;
	EXPECT_EQ(0, read(fd, &c, 1));
}

TEST(no_path_is_an_empty_one_only_of_a_descriptor)
{
	int fd = open("/", O_PATH);
	char st[512];

	EXPECT_EQ(0, syscall(SYS_statx, fd, NULL, AT_EMPTY_PATH, 0x7ff, st));
	EXPECT_EQ(0, syscall(SYS_newfstatat, fd, NULL, st, AT_EMPTY_PATH));
	EXPECT_ERRNO(EFAULT, syscall(SYS_statx, AT_FDCWD, NULL, AT_EMPTY_PATH, 0x7ff, st));
	EXPECT_ERRNO(EFAULT, syscall(SYS_newfstatat, AT_FDCWD, NULL, st, AT_EMPTY_PATH));
}

MAIN
