/* SPDX-License-Identifier: MIT */
/* ace.c - the workload of selftests/crash/pairs: all ordered pairs of operations of a file system,
 * each in a directory of its own, each followed by one of the ways to make it last. Runs in the
 * machine.
 *
 *	ace run DIR DEVICE MARK_AT RAW_AT ONE_IN PHASE	one in so many of the pairs, 0: only number PHASE; prints what each state of each directory is
 *	ace list DIR...				a tree as it is, in the same form
 *	ace mark DEVICE MARK_AT N		the mark alone
 *
 * Pair n: directory n is made as the operations need it, the one of pair n - KEEP removed (so
 * blocks are used again), sync, mark 2n; the two operations, the way to make it last, mark 2n + 1.
 * A mark is one sector of the device beyond the file system, written past the cache: where it is in
 * a log of the device, what came before was acknowledged. After the pairs the file system is
 * unmounted; then the device itself is written to and made to last.
 *
 * Lines: "S pair step path inode type links size xattrs contents", contents a hash of four digits
 * for each 64 bytes, or "=" when they are as in the step before; "H ..." the same of the file that
 * has no name any more; "P pair how inode" says what was made to last.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <unistd.h>

#ifndef RWF_DSYNC
#define RWF_DSYNC 2
#endif
#ifndef FALLOC_FL_ZERO_RANGE
#define FALLOC_FL_ZERO_RANGE 0x10
#endif

enum { KEEP = 6, UNIT = 64, MOST = 40000, NR_HOW = 7, NR_RAW = 8 };
enum how { FSYNC, FDATASYNC, FSYNC_DIR, SYNC, SYNCFS, DSYNC, NONE };

static char fname[32], gname[32];	/* where the two files are now; empty: nowhere */
static int f_fd, new_fd, device;
static unsigned pair, step, made;
static int in_full;		/* no "=" */
static off_t mark_at;

static void die(const char *what)
{
	printf("ace: pair %u: %s: %s\n", pair, what, strerror(errno));
	exit(1);
}

#define MUST(call) ((call) < 0 ? die(#call) : (void)0)

/* ---- what is there ---- */

static uint32_t hash(const void *p, size_t n, uint32_t h)
{
	for (const unsigned char *c = p; n; n--, c++)
		h = (h ^ *c) * 16777619u;
	return h;
}

static uint32_t xattrs_of(const char *path)
{
	static const char *const names[] = { "user.a", "user.b", "user.z" };
	uint32_t sum = 0;
	char value[1024];

	for (unsigned i = 0; i < 3; i++) {
		ssize_t n = lgetxattr(path, names[i], value, sizeof(value));

		if (n >= 0)
			sum += hash(value, (size_t)n, 2166136261u + i);
	}
	return sum;
}

static struct {
	ino_t ino;
	char text[MOST / UNIT * 4 + 8];
} last[8];		/* contents as they were printed last */

static void print_contents(int fd, const struct stat *st)
{
	static unsigned char data[MOST];
	static char text[MOST / UNIT * 4 + 8];
	static unsigned next;
	int n = (int)pread(fd, data, sizeof(data), 0), k = 0;

	if (n < 0 || n != st->st_size)
		die("reading");
	memset(text, 0, sizeof(text));
	for (int at = 0; at < n; at += UNIT) {
		uint32_t h = hash(data + at, n - at < UNIT ? (size_t)(n - at) : UNIT, 2166136261u);

		k += sprintf(text + k, "%04x", (h ^ h >> 16) & 0xffff);
	}
	for (unsigned i = 0; i < 8; i++)
		if (!in_full && last[i].ino == st->st_ino && !strcmp(last[i].text, text)) {
			printf(" =\n");
			return;
		}
	printf(" .%s\n", text);
	for (unsigned i = 0; i < 8; i++)
		if (last[i].ino == st->st_ino)
			last[i].ino = 0;
	last[next].ino = st->st_ino;
	strcpy(last[next].text, text);
	next = (next + 1) % 8;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void print_file(const char *path, const struct stat *st)
{
	int fd = open(path, O_RDONLY);

	if (fd < 0)
		die(path);
	print_contents(fd, st);
	close(fd);
}

/* Everything below path, of which the first `skip` characters are not printed. */
static void list(const char *path, size_t skip)
{
	char *names[4096], full[512];
	unsigned nr = 0;
	DIR *d = opendir(path);
	struct dirent *e;

	if (!d)
		die(path);
	while ((e = readdir(d)))
		if (strcmp(e->d_name, ".") && strcmp(e->d_name, "..") && nr < 4096)
			names[nr++] = strdup(e->d_name);
	closedir(d);
	qsort(names, nr, sizeof(*names), by_name);
	for (unsigned i = 0; i < nr; i++) {
		struct stat st;

		snprintf(full, sizeof(full), "%s/%s", path, names[i]);
		free(names[i]);
		if (lstat(full, &st))
			die(full);
		printf("S %u %u %s %lu %u %u %lu %x", pair, step, full + skip,
		       (unsigned long)st.st_ino, st.st_mode >> 12, (unsigned)st.st_nlink,
		       S_ISDIR(st.st_mode) ? 0 : (unsigned long)st.st_size, xattrs_of(full));
		if (S_ISREG(st.st_mode))
			print_file(full, &st);
		else
			printf(" -\n");
		if (S_ISDIR(st.st_mode))
			list(full, skip);
	}
}

static void snapshot(void)
{
	struct stat st;

	list(".", 2);
	if (fstat(f_fd, &st))
		die("fstat");
	if (!st.st_nlink) {
		/* a crash may bring its name back, with what was written to it since */
		printf("H %u %u - %lu 8 0 %lu 0", pair, step, (unsigned long)st.st_ino,
		       (unsigned long)st.st_size);
		print_contents(f_fd, &st);
	}
	step++;
}

/* ---- contents ---- */

static char *bytes(unsigned n)
{
	static char data[MOST];
	static uint64_t x = 88172645463325252u;

	for (unsigned i = 0; i < n; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		data[i] = (char)x;
	}
	return data;
}

static void put(int fd, unsigned n, off_t at)
{
	if (pwrite(fd, bytes(n), n, at) != (ssize_t)n)
		die("pwrite");
}

static int make_file(const char *path, unsigned n)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0644);

	if (fd < 0)
		die(path);
	put(fd, n, 0);
	return fd;
}

static const char *name(const char *format)
{
	static char out[32];

	snprintf(out, sizeof(out), format, ++made);
	return out;
}

/* ---- operations ---- */

static void op_create(void)
{
	if (new_fd >= 0)
		close(new_fd);
	new_fd = make_file(name("A/new%u"), 3200);
}

static void op_mkdir(void) { MUST(mkdir(name("B/dir%u"), 0755)); }
static void op_symlink(void) { MUST(symlink("where the symbolic link leads to", name("A/sym%u"))); }

static void op_link(void)
{
	if (*fname)
		MUST(link(fname, name("B/link%u")));
}

static void op_unlink(void)
{
	char *which = *gname ? gname : fname;

	if (*which)
		MUST(unlink(which));
	*which = 0;
}

static void op_rename(void)
{
	const char *to = name("B/moved%u");

	if (!*fname)
		return;
	MUST(rename(fname, to));
	strcpy(fname, to);
}

static void op_replace(void)
{
	if (!*fname || !*gname)
		return;
	MUST(rename(fname, gname));
	strcpy(fname, gname);
	*gname = 0;
}

/* The way a program replaces a file's contents for good: a new one, written, renamed over the
 * old. */
static void op_swap_in(void)
{
	char tmp[32];

	if (!*fname)
		return;
	strcpy(tmp, name("A/tmp%u"));
	if (new_fd >= 0)
		close(new_fd);
	new_fd = make_file(tmp, 4032);
	snapshot();
	MUST(rename(tmp, fname));
	*fname = 0;
}

static void op_rmdir(void) { (void)!rmdir("B/empty"); }
static void op_shrink(void) { MUST(ftruncate(f_fd, 1216)); }
static void op_grow(void) { MUST(ftruncate(f_fd, 20032)); }

static void op_append(void)
{
	struct stat st;

	MUST(fstat(f_fd, &st));
	put(f_fd, 4992, st.st_size);
}

static void op_overwrite(void) { put(f_fd, 1984, 704); }
static void op_allocate(void) { MUST(fallocate(f_fd, 0, 0, 16384)); }
static void op_reserve(void) { MUST(fallocate(f_fd, FALLOC_FL_KEEP_SIZE, 0, 24576)); }
static void op_punch(void)
{
	MUST(fallocate(f_fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 1024, 3072));
}
static void op_zero(void) { MUST(fallocate(f_fd, FALLOC_FL_ZERO_RANGE, 2048, 8192)); }

static void op_map(void)
{
	struct stat st;
	char *p;

	MUST(fstat(f_fd, &st));
	if (st.st_size < 1216)
		return;
	p = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, f_fd, 0);
	if (p == MAP_FAILED)
		die("mmap");
	memcpy(p + 64, bytes(1088), 1088);
	if (st.st_size >= 5696)
		memcpy(p + 5120, bytes(576), 576);
	munmap(p, (size_t)st.st_size);
}

static void op_set_xattr(void) { MUST(fsetxattr(f_fd, "user.a", bytes(made + 90), made + 90, 0)); }
static void op_large_xattr(void) { MUST(fsetxattr(f_fd, "user.b", bytes(600), 600, 0)); }
static void op_remove_xattr(void) { (void)!fremovexattr(f_fd, "user.z"); }

static void (*const ops[])(void) = {
	op_create,  op_mkdir, op_symlink, op_link, op_unlink,	 op_rename,	 op_replace,
	op_swap_in, op_rmdir, op_shrink,  op_grow, op_append,	 op_overwrite,	 op_allocate,
	op_reserve, op_punch, op_zero,	  op_map,  op_set_xattr, op_large_xattr, op_remove_xattr,
};
#define NR_OPS (sizeof(ops) / sizeof(ops[0]))

/* ---- a pair ---- */

static void mark(unsigned n)
{
	static char sector[512] __attribute__((aligned(4096)));

	memset(sector, ' ', sizeof(sector));
	sprintf(sector, "mark %u", n);
	if (pwrite(device, sector, sizeof(sector), mark_at + n % 2048 * 512) != sizeof(sector))
		die("mark");
}

static void remove_tree(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *e;
	char full[512];

	if (!d)
		return;
	while ((e = readdir(d))) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		snprintf(full, sizeof(full), "%s/%s", path, e->d_name);
		if (e->d_type == DT_DIR)
			remove_tree(full);
		else
			MUST(unlink(full));
	}
	closedir(d);
	MUST(rmdir(path));
}

static void set_up(const char *dir)
{
	char here[64], old[64];

	if (pair >= KEEP) {
		snprintf(old, sizeof(old), "%s/%u", dir, pair - KEEP);
		remove_tree(old);
	}
	snprintf(here, sizeof(here), "%s/%u", dir, pair);
	MUST(mkdir(here, 0755));
	MUST(chdir(here));
	MUST(mkdir("A", 0755));
	MUST(mkdir("B", 0755));
	MUST(mkdir("B/empty", 0755));
	strcpy(fname, "A/f");
	strcpy(gname, "A/g");
	f_fd = make_file(fname, 6016);
	close(make_file(gname, 3008));
	MUST(fsetxattr(f_fd, "user.z", bytes(50), 50, 0));
	new_fd = -1;
	step = made = 0;
	memset(last, 0, sizeof(last));
}

static void make_last(enum how how, const char *dir)
{
	struct iovec v = { bytes(128), 128 };
	int fd = new_fd >= 0 ? new_fd : f_fd;
	struct stat st;

	switch (how) {
	case FSYNC: MUST(fsync(fd)); break;
	case FDATASYNC: MUST(fdatasync(fd)); break;
	case FSYNC_DIR:
		fd = open("A", O_RDONLY | O_DIRECTORY);
		MUST(fd);
		MUST(fsync(fd));
		break;
	case SYNC: sync(); break;
	case SYNCFS: MUST(syncfs(fd)); break;
	case DSYNC:
		if (syscall(SYS_pwritev2, fd, &v, 1, 0, 0, RWF_DSYNC) != 128)
			die("pwritev2");
		snapshot();
		break;
	case NONE: break;
	}
	MUST(fstat(fd, &st));
	printf("P %u %u %lu\n", pair, how, (unsigned long)st.st_ino);
	if (how == FSYNC_DIR)
		close(fd);
	(void)dir;
}

static void run_pair(const char *dir, unsigned a, unsigned b, enum how how)
{
	set_up(dir);
	sync();
	mark(2 * pair);
	snapshot();
	ops[a]();
	snapshot();
	ops[b]();
	snapshot();
	make_last(how, dir);
	mark(2 * pair + 1);
	close(f_fd);
	if (new_fd >= 0)
		close(new_fd);
	MUST(chdir("/"));
	pair++;
}

/* The device without a file system: each line says what sector r of 4 KiB holds once mark 2 * pairs
 * + 1 + r is there. */
static void raw(const char *device_path, off_t at)
{
	int fd = open(device_path, O_RDWR);

	MUST(fd);
	for (unsigned r = 0; r < NR_RAW; r++) {
		char *data = bytes(4096);

		printf("R %u %08x\n", r, hash(data, 4096, 2166136261u));
		if (pwrite(fd, data, 4096, at + r * 4096) != 4096)
			die("pwrite to the device");
		if (r & 1)
			sync();
		else
			MUST(fsync(fd));
		mark(2 * pair + 1 + r);
	}
	close(fd);
}

int main(int argc, char **argv)
{
	static char buffer[1 << 16];
	unsigned one_in, phase;

	setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
	if (argc > 2 && !strcmp(argv[1], "list")) {
		in_full = 1;
		for (int i = 2; i < argc; i++, pair++) {
			step = 0;
			list(argv[i], strlen(argv[i]) + 1);
		}
		return 0;
	}
	if (argc < 4 ||
	    (device = open(argv[strcmp(argv[1], "mark") ? 3 : 2], O_WRONLY | O_DIRECT)) < 0)
		return 2;
	if (!strcmp(argv[1], "mark") && argc == 5) {
		mark_at = atol(argv[3]);
		mark((unsigned)atoi(argv[4]));
		return 0;
	}
	if (argc != 8)
		return 2;
	mark_at = atol(argv[4]);
	one_in = (unsigned)atoi(argv[6]);
	phase = (unsigned)atoi(argv[7]);
	for (unsigned a = 0; a < NR_OPS; a++)
		for (unsigned b = 0; b < NR_OPS; b++)
			for (unsigned how = 0; how < NR_HOW; how++)
				if (one_in ? (a * NR_OPS + b + how) % one_in == phase
					   : (a * NR_OPS + b) * NR_HOW + how == phase)
					run_pair(argv[2], a, b, (enum how)how);
	MUST(umount(argv[2]));
	mark(2 * pair);
	raw(argv[3], atol(argv[5]));
	printf("E %u\n", pair);
	return 0;
}
