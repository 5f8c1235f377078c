/* SPDX-License-Identifier: MIT */
/* modules: kernel/handle.c kernel/handle_slot.c kernel/handle_table.c kernel/lib/fmt.c */
/* handle: the lowest free number against a plain array, rights that only shrink, what refusal says,
 * fork, close-on-exec. */
#include <arch/frame.h>
#include <kernel/cmdline.h>
#include <kernel/handle.h>
#include <kernel/object.h>
#include <kernel/peek.h>
#include <kernel/task.h>
#include <mm/slab.h>

#include "unit.h"

#define NR_FILES 16
#define MODEL	 700

static struct file files[NR_FILES];
static struct object object;
static const struct object_ops ops = { .name = "test" };
static u64 seed = 7;

static u32 rnd(u32 n)
{
	seed = seed * 6364136223846793005ul + 1442695040888963407ul;
	return (u32)(seed >> 33) % n;
}

/* ---- doubles ---- */

void file_put(struct file *f)
{
	atomic_sub(&f->refs, 1);
}

int file_copy_path(struct file *f, u32 carry, struct file **out)
{
	(void)f;
	(void)carry;
	(void)out;
	return -ENOMEM;
}

void file_put_now(struct file *f)
{
	atomic_sub(&f->refs, 1);
}

bool file_tryget(struct file *f)
{
	atomic_add(&f->refs, 1);
	return true;
}

static char skip[8];
static struct trap_frame frame;

const char *cmdline_get(const char *name)
{
	(void)name;
	return skip[0] ? skip : NULL;
}

struct trap_frame *arch_user_frame(struct task *t)
{
	(void)t;
	return &frame;
}

void call_rcu(struct rcu_head *head, void (*fn)(struct rcu_head *))
{
	fn(head);
}

static u64 nofile = 1000;

u64 rlimit_cur(const struct proc *p, u32 which)
{
	(void)p;
	(void)which;
	return nofile;
}

struct handle_table *task_swap_handles(struct task *t, struct handle_table *h)
{
	struct handle_table *old = t->handles;

	t->handles = h;
	return old;
}

static void begin(void)
{
	static struct task task;
	static struct proc proc;
	u32 i;

	task.proc = &proc;
	host_current = &task.head;
	object.ops = &ops;
	for (i = 0; i < NR_FILES; i++) {
		files[i].obj = &object;
		ref_init(&files[i].refs, 1);
	}
	handle_init();
	current()->handles = handle_table_create();
	ASSERT_TRUE(current()->handles);
}

static int refs_in_use(void)
{
	int n = 0;
	u32 i;

	for (i = 0; i < NR_FILES; i++)
		n += (int)atomic_read(&files[i].refs) - 1;
	return n;
}

TEST(lowest_number_and_references_agree_with_an_array)
{
	static s8 model[MODEL];
	u32 i, k, fd;

	begin();
	for (i = 0; i < MODEL; i++)
		model[i] = -1;
	for (i = 0; i < 20000; i++) {
		if (rnd(100) < 55) {
			u32 f = rnd(NR_FILES), low = rnd(4) ? 0 : rnd(MODEL);

			for (k = low; k < MODEL && model[k] >= 0; k++)
				;
			if (k == MODEL)
				continue;
			ASSERT_EQ(k, handle_install_min(&files[f], RIGHTS_ALL, 0, (int)low));
			model[k] = (s8)f;
		} else {
			fd = rnd(MODEL);
			ASSERT_EQ(model[fd] < 0 ? -EBADF : 0, handle_close((int)fd));
			model[fd] = -1;
		}
	}
	for (i = k = 0; i < MODEL; i++) {
		struct handle h;

		ASSERT_EQ(model[i] < 0 ? -EBADF : 0, handle_get((int)i, 0, &h));
		if (model[i] >= 0) {
			EXPECT_TRUE(h.file == &files[model[i]]);
			k++;
		}
	}
	EXPECT_EQ(k, refs_in_use());
	ASSERT_EQ(0, handle_close_range(0, U32_MAX, 0));
	EXPECT_EQ(0, refs_in_use());
}

TEST(rights_only_shrink)
{
	struct handle h;
	u32 left = RIGHTS_ALL, i;
	int fd, fd2;

	begin();
	fd = handle_install(&files[0], RIGHTS_ALL, 0);
	for (i = 0; i < 200; i++) {
		u32 keep = ~BIT(rnd(24));

		ASSERT_EQ(0, handle_narrow(fd, keep));
		left &= keep;
		ASSERT_EQ(0, handle_get(fd, 0, &h));
		ASSERT_EQ(left, h.rights);
		fd2 = handle_dup_min(fd, 0, 0);
		ASSERT_EQ(0, handle_get(fd2, left, &h));
		ASSERT_EQ(left, h.rights);
		ASSERT_EQ(0, handle_close(fd2));
	}
	EXPECT_EQ(-EBADF, handle_narrow(99, 0));
	EXPECT_EQ(-EBADF, handle_narrow(-1, 0));
}

TEST(each_missing_right_has_its_error)
{
	static const struct {
		u32 right;
		int error;
	} rows[] = {
		{ RIGHT_READ, -EBADF },
		{ RIGHT_WRITE, -EBADF },
		{ RIGHT_APPEND, -EBADF },
		{ RIGHT_SEEK, -ESPIPE },
		{ RIGHT_SETATTR, -EPERM },
		{ RIGHT_SIGNAL, -EPERM },
		{ RIGHT_STAT, -EACCES },
		{ RIGHT_LOOKUP, -EACCES },
		{ RIGHT_IOCTL, -EACCES },
		{ RIGHT_MAP_READ, -EACCES },
		{ RIGHT_READ | RIGHT_SEEK, -EBADF },
		{ RIGHT_SEEK | RIGHT_SETATTR, -ESPIPE },
	};
	struct handle h;
	u32 i;
	int fd;

	begin();
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		fd = handle_install(&files[0], RIGHTS_ALL & ~rows[i].right, 0);
		EXPECT_EQ(rows[i].error, handle_get(fd, rows[i].right, &h));
		EXPECT_EQ(0, handle_get(fd, RIGHTS_ALL & ~rows[i].right, &h));
		EXPECT_EQ(rows[i].error, handle_need(&h, rows[i].right));
		EXPECT_EQ(0, handle_need(&h, h.rights));
	}
	files[1].mode = FMODE_PATH;
	fd = handle_install(&files[1], RIGHTS_PATH, 0);
	EXPECT_EQ(-EBADF, handle_get(fd, RIGHT_SETATTR, &h));
	EXPECT_EQ(0, handle_get(fd, RIGHT_LOOKUP, &h));
}

TEST(append_alone_writes_where_bytes_go_to_the_end_anyway)
{
	struct handle h = {};
	int fd;

	begin();
	files[0].mode = FMODE_READ | FMODE_WRITE | FMODE_SEEK;
	atomic_set(&files[0].flags, 0);
	fd = handle_install(&files[0], RIGHT_APPEND, 0);
	EXPECT_EQ(-EBADF, handle_get_write(fd, false, &h));
	EXPECT_EQ(NULL, h.file);
	EXPECT_EQ(0, handle_get_write(fd, true, &h));
	handle_put(&h);
	atomic_set(&files[0].flags, O_APPEND);
	EXPECT_EQ(0, handle_get_write(fd, false, &h));
	handle_put(&h);
	atomic_set(&files[0].flags, 0);
	files[0].mode = FMODE_READ | FMODE_WRITE;		/* a stream */
	EXPECT_EQ(0, handle_get_write(fd, false, &h));
	handle_put(&h);
	ASSERT_EQ(0, handle_narrow(fd, 0));
	EXPECT_EQ(-EBADF, handle_get_write(fd, true, &h));
	EXPECT_EQ(-EBADF, handle_get_write(99, true, &h));
}

TEST(any_of_several_rights_will_do)
{
	struct handle h;
	int fd;

	begin();
	files[0].mode = FMODE_READ;
	fd = handle_install(&files[0], RIGHT_READ | RIGHT_STAT, 0);
	ASSERT_EQ(0, handle_get(fd, 0, &h));
	EXPECT_EQ(0, handle_need_any(&h, RIGHT_WRITE | RIGHT_STAT));
	EXPECT_EQ(-EBADF, handle_need_any(&h, RIGHT_WRITE | RIGHT_APPEND));
	EXPECT_EQ(-EACCES, handle_need_any(&h, RIGHT_ACCEPT));
	files[0].mode = FMODE_PATH;
	EXPECT_EQ(-EBADF, handle_need_any(&h, RIGHT_READ));
}

TEST(the_boot_argument_lets_one_call_pass)
{
	struct handle h;
	int fd;

	skip[0] = '6';
	skip[1] = '3';
	begin();
	fd = handle_install(&files[0], 0, 0);
	frame.syscall_nr = 63;
	EXPECT_EQ(0, handle_get(fd, RIGHT_READ, &h));
	EXPECT_EQ(0, rights_deny(RIGHT_LOOKUP));
	frame.syscall_nr = 64;
	EXPECT_EQ(-EBADF, handle_get(fd, RIGHT_READ, &h));
}

TEST(a_copy_has_the_same_and_exec_closes_what_is_marked)
{
	struct handle_table *mine, *copy;
	struct handle h;
	u32 i;

	begin();
	mine = current()->handles;
	for (i = 0; i < 300; i++)
		ASSERT_EQ(i,
			  handle_install(&files[i % NR_FILES], BIT(i % 24), i % 3 ? 0 : O_CLOEXEC));
	ASSERT_EQ(0, handle_table_copy(mine, &copy));
	EXPECT_EQ(600, refs_in_use());
	current()->handles = copy;
	for (i = 0; i < 300; i++) {
		ASSERT_EQ(0, handle_get((int)i, 0, &h));
		ASSERT_EQ(BIT(i % 24), h.rights);
		ASSERT_EQ(i % 3 == 0, handle_get_cloexec((int)i));
	}
	handle_table_exec(copy);
	for (i = 0; i < 300; i++)
		ASSERT_EQ(i % 3 ? 0 : -EBADF, handle_get((int)i, 0, &h));
	handle_table_put(copy);
	EXPECT_EQ(300, refs_in_use());
	current()->handles = mine;
	handle_table_put(mine);
	EXPECT_EQ(0, refs_in_use());
}

TEST(dup_to_replaces_what_is_there)
{
	struct handle h;
	int a, b;

	begin();
	a = handle_install(&files[0], BIT(3), 0);
	b = handle_install(&files[1], RIGHTS_ALL, O_CLOEXEC);
	EXPECT_EQ(b, handle_dup_to(a, b, 0));
	ASSERT_EQ(0, handle_get(b, 0, &h));
	EXPECT_TRUE(h.file == &files[0] && h.rights == BIT(3));
	EXPECT_EQ(0, handle_get_cloexec(b));
	EXPECT_EQ(2, refs_in_use());
	EXPECT_EQ(500, handle_dup_to(a, 500, O_CLOEXEC));	/* a chunk that was not there */
	EXPECT_EQ(1, handle_get_cloexec(500));
	EXPECT_EQ(-EBADF, handle_dup_to(77, b, 0));
	EXPECT_EQ(-EBADF, handle_dup_to(a, -1, 0));
	EXPECT_EQ(-EBADF, handle_dup_to(a, 1000, 0));
	host_fail_allocations(0);
	EXPECT_EQ(-ENOMEM, handle_dup_to(a, 300, 0));
	host_fail_allocations(-1);
	EXPECT_EQ(3, refs_in_use());
	ASSERT_EQ(2, handle_reserve(0));
	EXPECT_EQ(-EBUSY, handle_dup_to(a, 2, 0));		/* an open that has not finished */
	EXPECT_EQ(3, refs_in_use());
	handle_unreserve(2);
	EXPECT_EQ(2, handle_dup_to(a, 2, 0));
}

TEST(dup_from_a_number_on)
{
	int fd;

	begin();
	fd = handle_install(&files[0], RIGHTS_ALL, 0);
	EXPECT_EQ(100, handle_dup_min(fd, 100, 0));
	EXPECT_EQ(101, handle_dup_min(fd, 100, 0));
	EXPECT_EQ(-EINVAL, handle_dup_min(fd, -1, 0));
	EXPECT_EQ(-EINVAL, handle_dup_min(fd, 1000, 0));
	EXPECT_EQ(-EBADF, handle_dup_min(55, 0, 0));
	nofile = 102;
	EXPECT_EQ(-EMFILE, handle_dup_min(fd, 100, 0));
	nofile = 1;
	EXPECT_EQ(-EMFILE, handle_install(&files[0], RIGHTS_ALL, 0));
	EXPECT_EQ(3, refs_in_use());
}

TEST(ranges_are_closed_or_marked)
{
	u32 round, first, last, i;
	static bool open[200], marked[200];
	struct handle h;

	begin();
	for (round = 0; round < 300; round++) {
		for (i = 0; i < 200; i++) {
			if (open[i])
				continue;
			ASSERT_EQ(i, handle_install(&files[0], RIGHTS_ALL, 0));
			open[i] = true;
			marked[i] = false;
		}
		first = rnd(200);
		last = rnd(3) ? first + rnd(100) : U32_MAX;
		if (rnd(2)) {
			ASSERT_EQ(0, handle_close_range(first, last, CLOSE_RANGE_CLOEXEC));
			for (i = first; i < 200 && i <= last; i++)
				marked[i] = true;
		} else {
			ASSERT_EQ(0, handle_close_range(first, last,
							rnd(2) ? CLOSE_RANGE_UNSHARE : 0));
			for (i = first; i < 200 && i <= last; i++)
				open[i] = false;
		}
		for (i = 0; i < 200; i++)
			ASSERT_EQ(open[i] ? marked[i] : -EBADF, handle_get_cloexec((int)i));
	}
	EXPECT_EQ(-EINVAL, handle_close_range(5, 4, 0));
	EXPECT_EQ(-EINVAL, handle_close_range(5, 6, 1));
	EXPECT_EQ(-EBADF, handle_set_cloexec(900, true));
	ASSERT_EQ(0, handle_close_range(0, U32_MAX, 0));
	ASSERT_EQ(0, handle_install(&files[0], RIGHTS_ALL, 0));
	ASSERT_EQ(0, handle_set_cloexec(0, true));
	EXPECT_EQ(1, handle_get_cloexec(0));
	ASSERT_EQ(0, handle_set_cloexec(0, false));
	EXPECT_EQ(0, handle_get_cloexec(0));
	EXPECT_EQ(0, handle_get(0, 0, &h));
}

TEST(a_shared_table_counts_what_it_gives_out)
{
	struct handle_table *t;
	struct handle h, h2;
	int fd;

	begin();
	t = current()->handles;
	fd = handle_install(&files[0], RIGHT_READ, 0);
	handle_table_get(t);
	ASSERT_EQ(0, handle_get(fd, RIGHT_READ, &h));
	EXPECT_TRUE(h.counted);
	EXPECT_EQ(2, refs_in_use());
	EXPECT_EQ(-EBADF, handle_get(fd, RIGHT_WRITE, &h2));
	EXPECT_EQ(-EBADF, handle_get(fd + 1, 0, &h2));
	EXPECT_EQ(-EBADF, handle_get(5000, 0, &h2));
	EXPECT_EQ(2, refs_in_use());
	ASSERT_EQ(0, handle_close(fd));			/* the other thread; we still have it */
	EXPECT_EQ(1, refs_in_use());
	EXPECT_TRUE(files[0].rcu_readers);
	handle_put(&h);
	EXPECT_EQ(0, refs_in_use());
	fd = handle_install(&files[1], RIGHT_READ, 0);
	ASSERT_EQ(0, handle_table_unshare());
	EXPECT_TRUE(current()->handles != t);
	EXPECT_EQ(2, refs_in_use());
	ASSERT_EQ(0, handle_table_unshare());		/* alone already */
	handle_table_put(current()->handles);
	current()->handles = t;
	handle_table_put(t);
	EXPECT_EQ(0, refs_in_use());
}

TEST(others_may_look)
{
	struct handle_table *t;
	struct file *f;
	bool cloexec;
	u32 rights;
	int fd, n = 0;

	begin();
	t = current()->handles;
	ASSERT_EQ(0, handle_install(&files[0], BIT(1), O_CLOEXEC));
	ASSERT_EQ(200, handle_install_min(&files[1], BIT(2), 0, 200));
	handle_table_peek_get(t);
	for (fd = 0; (fd = handle_next(t, fd, &f, &rights)) >= 0; fd++, n++) {
		EXPECT_TRUE(f == (fd ? &files[1] : &files[0]));
		EXPECT_EQ(fd ? BIT(2) : BIT(1), rights);
		file_put(f);
	}
	EXPECT_EQ(2, n);
	ASSERT_EQ(0, handle_peek(t, 0, &f, &rights, &cloexec));
	EXPECT_TRUE(cloexec);
	file_put(f);
	EXPECT_EQ(-EBADF, handle_peek(t, 1, &f, &rights, NULL));
	EXPECT_TRUE(handle_table_size(t) > 200);
	handle_table_put(t);
	ASSERT_EQ(0, handle_get_file(200, BIT(2), &f));
	EXPECT_EQ(3, refs_in_use());
	EXPECT_EQ(-EBADF, handle_get_file(201, 0, &f));
	file_put(&files[1]);
	handle_table_put(t);
	EXPECT_EQ(0, refs_in_use());
}

TEST(no_memory_leaves_everything_as_it_was)
{
	u64 before = host_allocations();
	struct handle_table *copy;
	u32 n, i;

	begin();
	for (i = 0; i < 300; i++)
		ASSERT_EQ(i, handle_install(&files[0], RIGHTS_ALL, 0));
	for (n = 0; n < 20; n++) {
		u64 blocks = host_allocations();

		host_fail_allocations(n);
		i = (u32)handle_table_copy(current()->handles, &copy);
		host_fail_allocations(-1);
		if (!i)
			break;
		EXPECT_EQ(-ENOMEM, (int)i);
		EXPECT_EQ(blocks, host_allocations());
		EXPECT_EQ(300, refs_in_use());
	}
	EXPECT_TRUE(n > 2 && n < 20);
	handle_table_put(copy);
	host_fail_allocations(0);
	for (i = 300; i < 320; i++)
		ASSERT_EQ(i, handle_install(&files[0], RIGHTS_ALL, 0));
	EXPECT_EQ(-ENOMEM, handle_install(&files[0], RIGHTS_ALL, 0));
	EXPECT_TRUE(!handle_table_create());
	host_fail_allocations(-1);
	EXPECT_EQ(320, handle_install(&files[0], RIGHTS_ALL, 0));
	handle_table_put(current()->handles);
	EXPECT_EQ(0, refs_in_use());
	EXPECT_EQ(before, host_allocations());
}

MAIN
