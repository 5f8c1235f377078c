/* SPDX-License-Identifier: MIT */
/* vmo_rw.c - copying between a file's pages and an iterator; reading ahead.
 *
 * No page lock is held while user memory is copied: a fault there may want the very page. What
 * orders readers against truncation is the page's reference and the size; writers hold the vnode
 * lock.
 *
 * Writing to a file with something behind it, per page: the pager is told (mkwrite, under the page
 * lock), the bytes are copied, the page is marked dirty. Write-out between the first and the last
 * step does no harm: the mark comes after the bytes. A page that is not cached and is overwritten
 * whole is made from the bytes and then put in place: nothing is read.
 *
 * Reading ahead: the window doubles with every sequential miss up to its limit; its page in the
 * middle is marked (PG_AHEAD), and who reads that one starts the next window. So a reader of a
 * stream finds its pages there.
 * Ref: posix_fadvise(2). Tests: selftests/unit/pagecache_test.c, vmo_test.c
 */
#include <kernel/lib/string.h>
#include <kernel/rcu.h>
#include <kernel/task.h>
#include <kernel/uapi.h>
#include <mm/iter.h>

#include "vmo_int.h"

#define FIRST_WINDOW 4u

/* ---- reading ahead ---- */

/* New locked pages for those of [first, first + n) that are not cached, up to the first that is;
 * what does not work out is left. */
static u32 make_ahead(struct vmo *v, u64 first, u32 n, struct page **pages)
{
	u64 end = size_pages(READ_ONCE(v->size));
	u32 got = 0;
	int err;

	while (got < n && first + got < end) {
		struct page *p = vmo_lookup(v, first + got);

		if (p) {
			page_put(p);
			break;
		}
		p = vmo_new_page(v, first + got, PAGE_KERNEL | PAGE_CHARGED, PG_LOCKED, false,
				 &err);
		if (!p)
			break;
		pages[got++] = p;
	}
	return got;
}

void vmo_read_ahead(struct vmo *v, u64 first, u32 n)
{
	struct page *pages[READ_AHEAD_PAGES];

	if (!v->ops || !v->ops->read_ahead)
		return;
	while (n) {
		u32 want = min(n, READ_AHEAD_PAGES), got = make_ahead(v, first, want, pages), i;

		if (got)
			v->ops->read_ahead(v, pages, got);
		for (i = 0; i < got; i++)
			page_put(pages[i]);
		got = max(got, 1u);	/* one that is there */
		first += got;
		n -= min(n, got);
	}
}

static void start_window(struct vmo *v, struct read_ahead *ra, u64 start, u32 size)
{
	struct page *mark;

	ra->start = start;
	ra->size = size;
	vmo_read_ahead(v, start, size);
	mark = vmo_lookup(v, start + size / 2);
	if (!mark)
		return;
	page_flag_set(mark, PG_AHEAD);
	page_put(mark);
}

/* index, of left pages that the reader wants, is missing. */
static void ahead_of_miss(struct vmo *v, struct read_ahead *ra, u64 index, u64 left)
{
	u32 most = ra->max ? ra->max : READ_AHEAD_PAGES, size;

	if (most == U32_MAX)
		return;
	if (index == ra->next && ra->size)
		size = ra->size * 2;
	else if (index == ra->next || left > 1) /* from the start of the file, or a long read */
		size = max(FIRST_WINDOW, (u32)min(left, (u64)most));
	else
		size = 1;				/* random */
	start_window(v, ra, index, min(size, most));
}

static void ahead_of_mark(struct vmo *v, struct read_ahead *ra, struct page *p, u64 index)
{
	u32 most = ra->max ? ra->max : READ_AHEAD_PAGES;

	page_flag_clear(p, PG_AHEAD);
	if (most != U32_MAX && index >= ra->start && index < ra->start + ra->size)
		start_window(v, ra, ra->start + ra->size, min(ra->size * 2, most));
}

/* The page for a reader of `left` more pages. */
static int page_for_read(struct vmo *v, u64 index, u64 left, struct read_ahead *ra,
			 struct page **out)
{
	struct page *p;

	if (!ra || !v->ops || !v->ops->read_ahead)
		return vmo_page(v, index, VMO_READ, out);
	p = vmo_lookup(v, index);
	if (p && unlikely(page_flags(p) & PG_AHEAD))
		ahead_of_mark(v, ra, p, index);
	else if (!p)
		ahead_of_miss(v, ra, index, left);
	ra->next = index + 1;
	if (likely(p && (page_flags(p) & PG_UPTODATE))) {
		*out = p;
		return 0;
	}
	if (p)
		page_put(p);
	return vmo_page(v, index, VMO_READ, out);
}

/* ---- reading ---- */

ssize_t vmo_read(struct vmo *v, struct iter *to, loff_t pos, struct read_ahead *ra)
{
	usize total = 0;
	struct page *p;
	int err = 0;

	while (iter_left(to)) {
		u64 size = READ_ONCE(v->size), off = (u64)pos & ~PAGE_MASK;
		usize n, got;

		if ((u64)pos >= size)
			break;
		n = min(min(PAGE_SIZE - off, iter_left(to)), size - (u64)pos);
		err = page_for_read(v, (u64)pos >> PAGE_SHIFT,
				    DIV_ROUND_UP(off + iter_left(to), PAGE_SIZE), ra, &p);
		if (err)
			break;
		if (p) {
			got = iter_put(to, (u8 *)page_to_virt(p) + off, n);
			if (!(page_flags(p) & PG_REFERENCED))
				page_flag_set(p, PG_REFERENCED);
			page_put(p);
		} else {
			got = iter_put_zero(to, n);
		}
		total += got;
		pos += (loff_t)got;
		if (got < n) {
			err = -EFAULT;
			break;
		}
	}
	if (err == -ENXIO)
		err = 0;
	return total ? (ssize_t)total : err;
}

/* ---- writing ---- */

static void extend(struct vmo *v, u64 size)
{
	if (size <= v->size)
		return;
	spin_lock(&v->pages_lock);
	if (size > v->size)
		WRITE_ONCE(v->size, size);
	spin_unlock(&v->pages_lock);
}

/* Nothing of a page beyond the end came: it goes again. */
static void forget_beyond(struct vmo *v, u64 index)
{
	if (index >= size_pages(v->size))
		vmo_drop_pages(v, index, index);
}

/* A whole page that is not cached: made of the iterator's bytes. 0: could not be done this way. */
static ssize_t write_whole(struct vmo *v, struct iter *from, u64 index)
{
	struct page *p = page_alloc(0, PAGE_USER);
	usize got;
	int err = -ENOMEM;

	if (!p)
		return -ENOMEM;
	got = iter_take(from, page_to_virt(p), PAGE_SIZE);
	atomic_set(&p->flags, PG_CACHE | PG_LOCKED | PG_UPTODATE);
	if (got < PAGE_SIZE || !vmo_adopt(v, p, index, &err)) {
		atomic_set(&p->flags, 0);
		page_put(p);
		iter_revert(from, got);
		return got < PAGE_SIZE || err == -EEXIST ? 0 : err;
	}
	err = v->ops->mkwrite(v, p, 0, PAGE_SIZE);
	page_unlock(p);
	if (err) {
		iter_revert(from, got);
		vmo_drop_pages(v, index, index);
	} else {
		vmo_dirty(v, p, 0, PAGE_SIZE);
		extend(v, (index + 1) << PAGE_SHIFT);
	}
	page_put(p);
	return err ? err : (ssize_t)PAGE_SIZE;
}

/* One page's worth. */
static ssize_t write_page(struct vmo *v, struct iter *from, loff_t pos, usize n)
{
	bool backed = v->ops && v->ops->mkwrite;
	u64 index = (u64)pos >> PAGE_SHIFT;
	u32 off = (u32)((u64)pos & ~PAGE_MASK);
	struct page *p;
	usize got;
	int err;

	if (backed && n == PAGE_SIZE) {
		p = vmo_lookup(v, index);
		if (!p) {
			ssize_t done = write_whole(v, from, index);

			if (done)
				return done;
		} else {
			page_put(p);
		}
	}
	do {
		err = vmo_get_page(v, index, VMO_FAULT, true, &p);
		if (err)
			return err;
		err = backed ? tell_writer(v, p, index, off, off + (u32)n) : 0;
		if (err)
			page_put(p);
	} while (err > 0);
	if (err) {
		forget_beyond(v, index);
		return err;
	}
	got = iter_take(from, (u8 *)page_to_virt(p) + off, n);
	if (unlikely(page_flags(p) & PG_ICACHE))
		page_flag_clear(p, PG_ICACHE);
	if (backed)
		vmo_dirty(v, p, off, off + (u32)n);
	if (got)
		extend(v, (u64)pos + got);
	else
		forget_beyond(v, index);
	page_put(p);
	return got ? (ssize_t)got : -EFAULT;
}

ssize_t vmo_write(struct vmo *v, struct iter *from, loff_t pos)
{
	ssize_t total = 0;

	while (iter_left(from)) {
		usize n = min(PAGE_SIZE - ((u64)pos & ~PAGE_MASK), iter_left(from));
		ssize_t got = write_page(v, from, pos, n);

		if (got < 0)
			return total ? total : got;
		total += got;
		pos += got;
		if (unlikely(current()->dirtied >= BALANCE_PAGES))
			vmo_balance(v);
		if ((usize)got < n)
			break;
	}
	return total;
}

int vmo_write_kernel(struct vmo *v, const void *buf, usize n, loff_t pos)
{
	struct iter it;
	ssize_t got;

	iter_kernel(&it, (void *)buf, n);
	got = vmo_write(v, &it, pos);
	return got < 0 ? (int)got : (usize)got == n ? 0 : -EIO;
}

int vmo_read_kernel(struct vmo *v, void *buf, usize n, loff_t pos)
{
	struct iter it;
	ssize_t got;

	iter_kernel(&it, buf, n);
	got = vmo_read(v, &it, pos, NULL);
	return got < 0 ? (int)got : (usize)got == n ? 0 : -EIO;
}
