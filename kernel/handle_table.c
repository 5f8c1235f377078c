/* SPDX-License-Identifier: MIT */
/* handle_table.c - whole tables: made, copied at fork, closed at exec and exit; and looks from
 * outside. Invariants and locks: handle.c. Ref: fork(2), execve(2), unshare(2) CLONE_FILES. Tests:
 * selftests/abi/file.c */
#include <kernel/handle.h>

#include <kernel/peek.h>
#include <mm/slab.h>

#include "handle_int.h"

static struct slab_cache *table_cache __ro_after_init;

void handle_table_init(void)
{
	table_cache = slab_cache_create("handle_table", sizeof(struct handle_table), 64);
}

struct handle_table *handle_table_create(void)
{
	struct handle_table *t = slab_alloc(table_cache, PAGE_KERNEL | PAGE_ZEROED);

	if (!t)
		return NULL;
	ref_init(&t->refs, 1);
	spin_init(&t->lock, RANK_HANDLES);
	t->first_dir.d.nr = 1;
	t->first_dir.d.full = t->first_dir.full;
	t->first_dir.d.chunk[0] = &t->first;
	t->dir = &t->first_dir.d;
	return t;
}

static void copy_chunk(struct chunk *to, const struct chunk *from)
{
	u64 left;

	for (left = from->used; left; left &= left - 1) {
		u32 i = (u32)__builtin_ctzl(left);

		if (!from->slot[i].file)
			continue;		/* reserved by another thread: not ours */
		file_get(from->slot[i].file);
		to->slot[i] = from->slot[i];
		to->used |= BIT(i);
	}
	to->cloexec = from->cloexec & to->used;
}

/* Gives t a directory and chunks for all that src has; src may grow meanwhile. */
static int prepare_copy(struct handle_table *t, struct handle_table *src)
{
	u32 n;

	/* also makes us a reader of src->dir, until grow_locked() drops it */
	spin_lock(&t->lock);
	for (n = 1; n < READ_ONCE(src->dir)->nr; n++) {
		int err;

		if ((n < t->dir->nr && t->dir->chunk[n]) ||
		    !READ_ONCE(READ_ONCE(src->dir)->chunk[n]))
			continue;
		err = handle_grow_locked(t, n);
		if (err) {
			spin_unlock(&t->lock);
			return err;
		}
	}
	spin_unlock(&t->lock);
	return 0;
}

static bool copy_locked(struct handle_table *t, struct handle_table *src) MUST_HOLD(src->lock)
{
	u32 n;

	for (n = 0; n < src->dir->nr; n++)
		if (src->dir->chunk[n] && src->dir->chunk[n]->used &&
		    (n >= t->dir->nr || !t->dir->chunk[n]))
			return false;
	for (n = 0; n < src->dir->nr; n++) {
		struct chunk *from = src->dir->chunk[n];

		if (!from || !from->used)
			continue;
		copy_chunk(t->dir->chunk[n], from);
		if (t->dir->chunk[n]->used == U64_MAX)
			t->dir->full[n / 64] |= BIT(n % 64);
	}
	return true;
}

int handle_table_copy(struct handle_table *src, struct handle_table **out)
{
	struct handle_table *t = handle_table_create();
	bool done = false;
	int err;

	if (!t)
		return -ENOMEM;
	while (!done) {
		err = prepare_copy(t, src);
		if (err) {
			handle_table_put(t);
			return err;
		}
		spin_lock(&src->lock);
		done = copy_locked(t, src);
		spin_unlock(&src->lock);
	}
	*out = t;
	return 0;
}

void handle_table_get(struct handle_table *t)
{
	spin_lock(&t->lock);
	t->was_shared = true;
	spin_unlock(&t->lock);
	ref_get(&t->refs);
}

void handle_table_peek_get(struct handle_table *t)
{
	ref_get(&t->refs);
}

void handle_table_put(struct handle_table *t)
{
	u32 n;

	if (!ref_put(&t->refs))
		return;
	for (n = 0; n < t->dir->nr; n++) {
		if (!t->dir->chunk[n])
			continue;
		handle_close_chunk(t, n, U64_MAX, false);
		if (n)
			kfree(t->dir->chunk[n]);
	}
	if (t->dir != &t->first_dir.d)
		kfree(t->dir);
	slab_free(table_cache, t);
}

void handle_table_exec(struct handle_table *t)
{
	u32 n;

	for (n = 0; n < t->dir->nr; n++)
		if (t->dir->chunk[n] && t->dir->chunk[n]->cloexec)
			handle_close_chunk(t, n, U64_MAX, true);
}

int handle_table_unshare(void)
{
	struct handle_table *old = current()->handles, *t;
	int err;

	if (atomic_read(&old->refs) == 1)
		return 0;
	err = handle_table_copy(old, &t);
	if (err)
		return err;
	handle_table_put(task_swap_handles(current(), t));
	return 0;
}

/* ---- for others' eyes ---- */

int handle_peek(struct handle_table *t, int fd, struct file **out, u32 *rights, bool *cloexec)
{
	struct slot *s;
	int err = -EBADF;

	spin_lock(&t->lock);
	s = slot_of(t, (u32)fd);
	if (s && s->file) {
		file_get(s->file);
		*out = s->file;
		*rights = (u32)s->word;
		if (cloexec)
			*cloexec = t->dir->chunk[(u32)fd / CHUNK_SLOTS]->cloexec &
				   BIT((u32)fd % CHUNK_SLOTS);
		err = 0;
	}
	spin_unlock(&t->lock);
	return err;
}

int handle_next(struct handle_table *t, int fd, struct file **out, u32 *rights)
{
	u32 size = handle_table_size(t);

	for (; (u32)fd < size; fd++)
		if (!handle_peek(t, fd, out, rights, NULL))
			return fd;
	return -1;
}

u32 handle_table_size(struct handle_table *t)
{
	u32 nr;

	rcu_read_lock();
	nr = rcu_deref(t->dir)->nr;
	rcu_read_unlock();
	return nr * CHUNK_SLOTS;
}
