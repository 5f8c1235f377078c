/* SPDX-License-Identifier: MIT */
/* handle_slot.c - slots of the handle table: numbers taken, filled, closed, copied, narrowed.
 *
 * The lowest free number is found through a bit for each full chunk and a word of used slots for
 * each chunk. States and invariants: handle.c.
 *
 * Locks: t->lock [RANK_HANDLES]. Ref: open(2), dup(2), close_range(2), fcntl(2). Tests:
 * selftests/unit/handle_test.c, selftests/abi/file.c
 */
#include <kernel/handle.h>

#include <arch/cpu.h>
#include <kernel/lib/string.h>
#include <kernel/object.h>
#include <kernel/peek.h>
#include <kernel/task.h>
#include <mm/slab.h>

#include "handle_int.h"

/* ---- taking and filling slots ---- */

static void free_dir_rcu(struct rcu_head *head)
{
	kfree(container_of(head, struct chunk_dir, rcu));
}

static struct chunk_dir *dir_create(u32 nr)
{
	struct chunk_dir *d = kzalloc(sizeof(*d) + nr * sizeof(void *) +
				      DIV_ROUND_UP(nr, 64) * sizeof(u64));

	if (!d)
		return NULL;
	d->nr = nr;
	d->full = (u64 *)&d->chunk[nr];
	return d;
}

static void dir_copy(struct chunk_dir *to, const struct chunk_dir *from)
{
	memcpy(to->chunk, from->chunk, from->nr * sizeof(void *));
	memcpy(to->full, from->full, DIV_ROUND_UP(from->nr, 64) * sizeof(u64));
}

int handle_grow_locked(struct handle_table *t, u32 n) MUST_HOLD(t->lock)
{
	struct chunk_dir *dir = NULL, *old;
	struct chunk *c;
	u32 nr = t->dir->nr;

	while (nr <= n)
		nr *= 2;
	spin_unlock(&t->lock);
	c = knew(struct chunk);
	if (nr != t->dir->nr)
		dir = dir_create(nr);
	spin_lock(&t->lock);
	if (dir && nr > t->dir->nr) {
		old = t->dir;
		dir_copy(dir, old);
		rcu_assign(t->dir, dir);
		if (old != &t->first_dir.d)
			call_rcu(&old->rcu, free_dir_rcu);
		dir = NULL;
	}
	if (c && n < t->dir->nr && !t->dir->chunk[n]) {
		rcu_assign(t->dir->chunk[n], c);
		c = NULL;
	}
	kfree(dir);
	kfree(c);
	return n < t->dir->nr && t->dir->chunk[n] ? 0 : -ENOMEM;
}

/* First chunk >= from that is not full; may lie beyond the directory. */
static u32 find_chunk(const struct chunk_dir *d, u32 from)
{
	u32 w = from / 64;
	u64 skip = from % 64 ? BIT(from % 64) - 1 : 0;

	for (; w < DIV_ROUND_UP(d->nr, 64); w++, skip = 0) {
		u64 not_full = ~(d->full[w] | skip);

		if (not_full)
			return w * 64 + (u32)__builtin_ctzl(not_full);
	}
	return max(from, d->nr);
}

static void mark_used(struct handle_table *t, u32 fd, bool cloexec) MUST_HOLD(t->lock)
{
	u32 n = fd / CHUNK_SLOTS;
	struct chunk *c = t->dir->chunk[n];
	u64 bit = BIT(fd % CHUNK_SLOTS);

	c->used |= bit;
	if (cloexec)
		c->cloexec |= bit;
	else
		c->cloexec &= ~bit;
	if (unlikely(c->used == U64_MAX))
		t->dir->full[n / 64] |= BIT(n % 64);
}

static void mark_free(struct handle_table *t, u32 fd) MUST_HOLD(t->lock)
{
	u32 n = fd / CHUNK_SLOTS;

	t->dir->chunk[n]->used &= ~BIT(fd % CHUNK_SLOTS);
	t->dir->full[n / 64] &= ~BIT(n % 64);
	if (n < t->hint)
		t->hint = n;
}

static int reserve_locked(struct handle_table *t, u32 low, bool cloexec) MUST_HOLD(t->lock)
{
	u64 limit = min(rlimit(RLIMIT_NOFILE), (u64)NR_OPEN);
	u32 n = max(low / CHUNK_SLOTS, t->hint);

	for (;;) {
		u64 skip = n == low / CHUNK_SLOTS ? BIT(low % CHUNK_SLOTS) - 1 : 0;
		u64 unused;
		u32 fd;
		int err;

		n = find_chunk(t->dir, n);
		if ((u64)n * CHUNK_SLOTS >= limit)
			return -EMFILE;
		if (unlikely(n >= t->dir->nr || !t->dir->chunk[n])) {
			err = handle_grow_locked(t, n);
			if (err)
				return err;
		}
		if (n != low / CHUNK_SLOTS)
			skip = 0;
		unused = ~(t->dir->chunk[n]->used | skip);
		if (unlikely(!unused)) {
			n++;
			continue;
		}
		fd = n * CHUNK_SLOTS + (u32)__builtin_ctzl(unused);
		if (unlikely(fd >= limit))
			return -EMFILE;
		mark_used(t, fd, cloexec);
		if (!skip && low <= t->hint * CHUNK_SLOTS)
			t->hint = n;
		return (int)fd;
	}
}

static int reserve(u32 low, u32 flags)
{
	struct handle_table *t = current()->handles;
	int fd;

	spin_lock(&t->lock);
	fd = reserve_locked(t, low, flags & O_CLOEXEC);
	spin_unlock(&t->lock);
	return fd;
}

int handle_reserve(u32 flags)
{
	return reserve(0, flags);
}

void handle_unreserve(int fd)
{
	struct handle_table *t = current()->handles;

	spin_lock(&t->lock);
	mark_free(t, (u32)fd);
	spin_unlock(&t->lock);
}

/* The caller's reference to f goes into the slot, which is empty and ours (reserved, or under
 * t->lock). */
static void fill_slot(struct slot *s, struct file *f, u32 rights)
{
	u64 gen = (s->word >> 32) + 1;

	WRITE_ONCE(s->word, gen << 32 | rights);
	smp_store_release(&s->file, f);			/* (A): pairs with (B) in get_slot_file() */
}

void handle_fill(int fd, struct file *f, u32 rights)
{
	struct handle_table *t = current()->handles;

	rcu_read_lock();
	fill_slot(slot_of(t, (u32)fd), f, rights);
	rcu_read_unlock();
}

int handle_install_min(struct file *f, u32 rights, u32 flags, int min)
{
	int fd = reserve((u32)min, flags);

	if (fd >= 0) {
		file_get(f);
		handle_fill(fd, f, rights);
	}
	return fd;
}

int handle_install(struct file *f, u32 rights, u32 flags)
{
	return handle_install_min(f, rights, flags, 0);
}

/* ---- emptying slots ---- */

/* What was in the slot, now the caller's; NULL when it is not FULL. */
static struct file *take_locked(struct handle_table *t, u32 fd) MUST_HOLD(t->lock)
{
	struct slot *s = slot_of(t, fd);
	struct file *f = s ? s->file : NULL;

	if (!f)
		return NULL;
	if (t->was_shared)
		f->rcu_readers = true;			/* (4) */
	smp_store_release(&s->file, NULL);
	mark_free(t, fd);
	return f;
}

static void close_file(struct handle_table *t, struct file *f)
{
	if (f->obj->ops->close_slot && !(f->mode & FMODE_PATH))
		f->obj->ops->close_slot(f, t);
	file_put_now(f);
}

int handle_close(int fd)
{
	struct handle_table *t = current()->handles;
	struct file *f;

	spin_lock(&t->lock);
	f = take_locked(t, (u32)fd);
	spin_unlock(&t->lock);
	if (!f)
		return -EBADF;
	close_file(t, f);
	return 0;
}

/* The bits of chunk n that lie in [first, last]. */
static u64 range_mask(u32 n, u32 first, u32 last)
{
	u64 mask = U64_MAX;

	if (n == first / CHUNK_SLOTS)
		mask &= U64_MAX << (first % CHUNK_SLOTS);
	if (n == last / CHUNK_SLOTS)
		mask &= U64_MAX >> (63 - last % CHUNK_SLOTS);
	return mask;
}

void handle_close_chunk(struct handle_table *t, u32 n, u64 mask, bool only_cloexec)
{
	for (;;) {
		struct file *f = NULL;
		struct chunk *c;
		u64 set;
		u32 bit;

		spin_lock(&t->lock);
		c = t->dir->chunk[n];
		set = c ? c->used & mask & (only_cloexec ? c->cloexec : U64_MAX) : 0;
		if (set) {
			bit = (u32)__builtin_ctzl(set);
			mask &= ~BIT(bit);
			f = take_locked(t, n * CHUNK_SLOTS + bit);
		}
		spin_unlock(&t->lock);
		if (!set)
			return;
		if (f)
			close_file(t, f);
	}
}

static void set_cloexec_range(struct handle_table *t, u32 first, u32 last)
{
	u32 n;

	spin_lock(&t->lock);
	for (n = first / CHUNK_SLOTS; n < t->dir->nr && n <= last / CHUNK_SLOTS; n++)
		if (t->dir->chunk[n])
			t->dir->chunk[n]->cloexec |= range_mask(n, first, last) &
						     t->dir->chunk[n]->used;
	spin_unlock(&t->lock);
}

int handle_close_range(u32 first, u32 last, u32 flags)
{
	struct handle_table *t;
	u32 n;
	int err;

	if (flags & ~(CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC) || first > last)
		return -EINVAL;
	if (flags & CLOSE_RANGE_UNSHARE) {
		err = handle_table_unshare();
		if (err)
			return err;
	}
	t = current()->handles;
	if (flags & CLOSE_RANGE_CLOEXEC) {
		set_cloexec_range(t, first, last);
		return 0;
	}
	for (n = first / CHUNK_SLOTS;
	     n < handle_table_size(t) / CHUNK_SLOTS && n <= last / CHUNK_SLOTS; n++)
		handle_close_chunk(t, n, range_mask(n, first, last), false);
	return 0;
}

/* ---- dup, close-on-exec, narrowing ---- */

int handle_dup_min(int oldfd, int min, u32 flags)
{
	struct handle h;
	int err, fd;

	err = handle_get(oldfd, 0, &h);
	if (err)
		return err;
	if (min < 0 || (u64)min >= rlimit(RLIMIT_NOFILE)) {
		handle_put(&h);
		return -EINVAL;
	}
	fd = reserve((u32)min, flags);
	if (fd >= 0) {
		file_get(h.file);
		handle_fill(fd, h.file, h.rights);
	}
	handle_put(&h);
	return fd;
}

/* Puts f (a reference) into slot fd; *old gets what was there. */
static int replace_locked(struct handle_table *t, u32 fd, struct file *f, u64 rights_cloexec,
			  struct file **old) MUST_HOLD(t->lock)
{
	u32 n = fd / CHUNK_SLOTS;
	int err;

	if (n >= t->dir->nr || !t->dir->chunk[n]) {
		err = handle_grow_locked(t, n);
		if (err)
			return err;
	}
	if (!slot_of(t, fd)->file && (t->dir->chunk[n]->used & BIT(fd % CHUNK_SLOTS)))
		return -EBUSY;			/* reserved by an open that has not finished */
	*old = take_locked(t, fd);
	mark_used(t, fd, rights_cloexec >> 32);
	fill_slot(slot_of(t, fd), f, (u32)rights_cloexec);
	return 0;
}

int handle_dup_to(int oldfd, int newfd, u32 flags)
{
	struct handle_table *t = current()->handles;
	struct file *old = NULL;
	struct handle h;
	int err;

	if (newfd < 0 || (u64)newfd >= min(rlimit(RLIMIT_NOFILE), (u64)NR_OPEN))
		return -EBADF;
	err = handle_get(oldfd, 0, &h);
	if (err)
		return err;
	file_get(h.file);
	spin_lock(&t->lock);
	err = replace_locked(t, (u32)newfd, h.file, h.rights | (flags & O_CLOEXEC ? BIT(32) : 0),
			     &old);
	spin_unlock(&t->lock);
	if (err)
		file_put(h.file);
	handle_put(&h);
	if (old)
		close_file(t, old);
	return err ? err : newfd;
}

int handle_get_cloexec(int fd)
{
	struct handle_table *t = current()->handles;
	struct slot *s;
	int on;

	spin_lock(&t->lock);
	s = slot_of(t, (u32)fd);
	if (!s || !s->file)
		on = -EBADF;
	else
		on = !!(t->dir->chunk[(u32)fd / CHUNK_SLOTS]->cloexec & BIT((u32)fd % CHUNK_SLOTS));
	spin_unlock(&t->lock);
	return on;
}

int handle_set_cloexec(int fd, bool on)
{
	struct handle_table *t = current()->handles;
	struct slot *s;
	int err = 0;

	spin_lock(&t->lock);
	s = slot_of(t, (u32)fd);
	if (!s || !s->file)
		err = -EBADF;
	else
		mark_used(t, (u32)fd, on);
	spin_unlock(&t->lock);
	return err;
}

/* Puts f, or other in its place, into its slot again with fewer rights. -EAGAIN: the slot has
 * another file by now. */
static int refill(struct handle_table *t, int fd, struct file *f, struct file *other, u32 keep)
{
	struct slot *s;
	u32 rights;
	int err = -EAGAIN;

	spin_lock(&t->lock);
	s = slot_of(t, (u32)fd);
	if (s && s->file == f) {
		rights = (u32)s->word & keep;
		smp_store_release(&s->file, NULL);
		fill_slot(s, other ? other : f, rights);
		err = 0;
	}
	spin_unlock(&t->lock);
	return err;
}

/*
 * What an O_PATH slot opens below itself is more than what it may do itself: that is the
 * description's to carry, so one that is to carry less gets a description of its own.
 */
int handle_narrow(int fd, u32 keep)
{
	struct handle_table *t = current()->handles;
	struct file *f, *other;
	int err;

	do {
		other = NULL;
		err = handle_get_file(fd, 0, &f);
		if (err)
			return err;
		if ((f->mode & FMODE_PATH) && (f->carry & ~keep))
			err = file_copy_path(f, keep, &other);
		if (err) {
			file_put(f);
			return err;
		}
		err = refill(t, fd, f, other, keep);
		if (other)
			file_put(err ? other : f);	/* whoever is not in the slot */
		file_put(f);
	} while (err);
	return 0;
}
