/* SPDX-License-Identifier: MIT */
/* file.c - the open file description: made by open, shared by dup, fork and SCM_RIGHTS, released
 * once.
 *
 * States:
 *
 *	        file_create()            last file_put()          release_file()
 *	(none) ---------------> LIVE ----------------------> DYING ----------------> freed
 *	                                 last file_put_now() does both
 *
 * Invariants:
 *  (1) release runs in a context that may sleep and holds no lock: file_put() defers it to the
 *      thread's way out of the kernel, or to a worker when there is no such way.
 *  (2) a description that was ever in a shared handle table is freed after a grace period
 *      (rcu_readers): handle_get() may look at its count. One that never was has no readers and is
 *      freed at once.
 *  (3) a watch is on f->watches or its released() has been called, never both.
 *
 * Locks: f->lock [RANK_OBJECT]. nr_files is a statistic and a limit: relaxed.
 * Ref: open(2), "open file descriptions"; proc(5) file-max. Tests: selftests/abi/file.c
 */
#include <kernel/file.h>

#include <kernel/budget.h>
#include <kernel/cred.h>
#include <kernel/object.h>
#include <kernel/rights.h>
#include <kernel/sigio.h>
#include <mm/page.h>
#include <mm/slab.h>

/* file-max: a tenth of memory at this price, as Linux's files_maxfiles_init() */
#define BYTES_PER_FILE 1024u

static struct slab_cache *file_cache __ro_after_init;
static atomic64_t nr_files;	/* statistic of the whole machine */
static u64 max_files;		/* sysctl fs.file-max: of the whole machine */

void (*file_drop_path)(struct file *f) __ro_after_init;
void (*file_keep_path)(struct file *f) __ro_after_init;

void file_init(void)
{
	struct mem_stats mem;

	file_cache = slab_cache_create("file", sizeof(struct file), 16);
	mem_stats_get(&mem);
	max_files = max(mem.total * (PAGE_SIZE / BYTES_PER_FILE) / 10, (u64)8192);
}

u64 file_count(void)
{
	return atomic_read(&nr_files);
}

u64 file_count_max(void)
{
	return READ_ONCE(max_files);
}

void file_set_count_max(u64 max)
{
	WRITE_ONCE(max_files, max);
}

static u32 mode_of(const struct object *obj, u32 flags)
{
	static const u8 access[4] = { FMODE_READ, FMODE_WRITE, FMODE_READ | FMODE_WRITE, 0 };
	u32 mode = obj->ops->seek && obj->ops->seek != file_seek_nowhere ? FMODE_SEEK
									 : FMODE_STREAM;

	if (flags & O_PATH)
		return FMODE_PATH;
	return mode | access[flags & O_ACCMODE];
}

/* The number of the budget that pays for a description; 0: it is full. */
static u32 charge(void)
{
	u32 id = budget_charge(BUDGET_OBJECTS, 1, NULL);

	if (likely(id))
		return id;
	budget_drain();
	return budget_charge(BUDGET_OBJECTS, 1, NULL);
}

int file_create(struct object *obj, u32 flags, struct file **out)
{
	struct file *f = NULL;
	u32 payer = charge();

	if (likely(payer &&
		   (atomic_read(&nr_files) < READ_ONCE(max_files) || capable(CAP_SYS_ADMIN))))
		f = slab_alloc(file_cache, PAGE_KERNEL | PAGE_ZEROED);
	if (!f) {
		int err = payer && atomic_read(&nr_files) >= READ_ONCE(max_files) ? -ENFILE
										  : -ENOMEM;

		if (payer)
			budget_uncharge(payer, BUDGET_OBJECTS, 1);

		object_put(obj);
		return err;
	}
	atomic_inc(&nr_files);
	ref_init(&f->refs, 1);
	f->mode = mode_of(obj, flags);
	atomic_set(&f->flags, flags & ~(O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_CLOEXEC));
	f->obj = obj;
	f->budget_id = (u16)payer;
	mutex_init(&f->pos_lock, RANK_FILE_POS);
	f->carry = RIGHTS_ALL;
	f->cred = cred_get(current_cred());
	spin_init(&f->lock, RANK_OBJECT);
	list_init(&f->watches);
	*out = f;
	return 0;
}

int file_copy_path(struct file *f, u32 carry, struct file **out)
{
	int err;

	object_get(f->obj);
	err = file_create(f->obj, file_flags(f), out);
	if (err)
		return err;
	(*out)->carry = f->carry & carry;
	(*out)->dentry = f->dentry;
	(*out)->mount = f->mount;
	if (f->dentry)
		file_keep_path(*out);
	return 0;
}

bool file_tryget(struct file *f)
{
	return ref_tryget(&f->refs);
}

static void free_rcu(struct rcu_head *head)
{
	slab_free(file_cache, container_of(head, struct file, rcu));
}

static void drop_watches(struct file *f)
{
	for (;;) {
		struct file_watch *w;

		spin_lock(&f->lock);
		w = list_first_or_null(&f->watches, struct file_watch, link);
		if (w)
			list_del_init(&w->link);
		spin_unlock(&f->lock);
		if (!w)
			return;
		w->released(w, f);
	}
}

static void release_file(struct file *f)
{
	struct object *obj = f->obj;

	if (!list_empty_racy(&f->watches))
		drop_watches(f);
	if (f->sigio)
		sigio_release(f);
	if (obj->ops->file_release)
		obj->ops->file_release(f);
	if (f->dentry)
		file_drop_path(f);
	object_put(obj);
	cred_put(f->cred);
	atomic_dec(&nr_files);
	budget_uncharge(f->budget_id, BUDGET_OBJECTS, 1);
	if (f->rcu_readers)
		call_rcu(&f->rcu, free_rcu);
	else
		slab_free(file_cache, f);
}

static void release_in_task(struct task_work *w)
{
	release_file(container_of(w, struct file, task_work));
}

static void release_in_worker(struct work *w)
{
	release_file(container_of(w, struct file, work));
}

void file_put(struct file *f)
{
	if (!ref_put(&f->refs))
		return;
	if (current()->proc) {
		f->task_work.fn = release_in_task;
		if (task_work_add(current(), &f->task_work))
			return;
	}
	work_setup(&f->work, release_in_worker);
	work_queue(&f->work);
}

void file_put_now(struct file *f)
{
	if (ref_put(&f->refs))
		release_file(f);
}

/*
 * What a slot made for this description may do. A directory's slot carries everything that may be
 * done below it: what it may do itself (it cannot be read or written as bytes) its operations
 * decide.
 */
u32 file_rights(const struct file *f)
{
	u32 rights = RIGHTS_ALL & ~RIGHTS_DATA;

	if (f->mode & FMODE_PATH)
		return RIGHTS_PATH & f->carry;
	if (f->mode & FMODE_DIR)
		return f->carry;
	if (f->mode & FMODE_READ)
		rights |= RIGHT_READ | RIGHT_MAP_READ | RIGHT_MAP_EXEC;
	if (f->mode & FMODE_WRITE)
		rights |= RIGHT_WRITE | RIGHT_APPEND | RIGHT_MAP_WRITE;
	if (f->obj->ops->seek)
		rights |= RIGHT_SEEK;
	return rights & f->carry;
}

u32 file_carried(const struct file *f, u32 rights)
{
	return f->carry & ~(file_rights(f) & ~rights);
}

loff_t file_seek_nowhere(struct file *f, loff_t off, int whence)
{
	return 0;
}

u32 file_poll(struct file *f)
{
	if (unlikely(!f->obj->ops->poll))
		return EPOLLIN | EPOLLOUT | EPOLLRDNORM | EPOLLWRNORM;
	return f->obj->ops->poll(f);
}

#define SETFL_MASK (O_APPEND | O_NONBLOCK | O_DIRECT | O_ASYNC | O_NOATIME)

int file_set_flags(struct file *f, int fd, u32 flags)
{
	u32 old = file_flags(f), now;
	int err = 0;

	if (!f->obj->ops->async)
		flags = (flags & ~(u32)O_ASYNC) | (old & O_ASYNC);
	if ((flags ^ old) & O_ASYNC)
		err = sigio_enable(f, fd, flags & O_ASYNC);
	if (err)
		return err;
	do {
		now = (old & ~SETFL_MASK) | (flags & SETFL_MASK);
	} while (!atomic_cmpxchg(&f->flags, &old, now));
	if (now != old && f->obj->ops->flags_changed)
		err = f->obj->ops->flags_changed(f, old);
	if (err)
		atomic_set(&f->flags, old);
	return err;
}
