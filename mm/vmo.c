/* SPDX-License-Identifier: MIT */
/* vmo.c - the pages behind a file, by index: find, make, fill, drop. Reading and writing: vmo_rw.c;
 * dirty pages: pagecache.c.
 *
 * Life of a page in a vmo; the arrows carry the function that moves it:
 *
 *	          page_make()          fill_page()            vmo_dirty()          vmo_take_dirty()
 *	  (hole) ------------> LOCKED ------------> UPTODATE <-----------> DIRTY ------------------>
 *	  WRITEBACK
 *	    ^                    |  fill failed      |  ^                    |                         |
 *	    +--------------------+-- vmo_drop_pages() ---+  +------------------- | ----
 *	    page_written() ----+
 *	    +------------------------ vmo_drop_pages() --------------------------+
 *
 * Invariants:
 *  (1) a page in the tree holds one reference for it and has owner and index set; out of the tree
 *      owner is NULL.
 *  (2) only UPTODATE pages are given out by vmo_page() and vmo_peek().
 *  (3) no page with index >= pages(size) is in the tree once vmo_truncate() returned: page_insert()
 *      checks size under pages_lock. Only the writer, who holds the vnode lock as truncation does,
 *      may put one there, just before it extends the size.
 *  (5) a page that has something behind it (pager fill) leaves the tree only with its page lock
 *      held and not under WRITEBACK.
 *  (4) bytes of the last page beyond size are zero.
 *
 * Locks: pages_lock [RANK_VMO_PAGES]; lookups under RCU with page_tryget and a second look. Ref:
 * mmap(2), truncate(2).
 * Tests: selftests/unit/vmo_test.c, selftests/abi/mmap.c
 */
#include <mm/vmo.h>

#include <kernel/lib/string.h>
#include <kernel/rcu.h>
#include <kernel/task.h>
#include <kernel/uapi.h>
#include <mm/aspace.h>
#include <mm/slab.h>

#include "vmo_int.h"

static struct slab_cache *vmo_cache, *node_cache;

static struct xa_node *node_alloc(void)
{
	return slab_alloc(node_cache, PAGE_ATOMIC | PAGE_ZEROED);
}

static void node_free_rcu(struct rcu_head *h)
{
	slab_free(node_cache, container_of((void **)h, struct xa_node, free_link[0]));
}

static void node_free(struct xa_node *n)
{
	call_rcu((struct rcu_head *)n->free_link, node_free_rcu);
}

const struct xa_mem vmo_xa_mem = { .alloc = node_alloc, .free = node_free };

void vmo_init(void)
{
	static_assert(sizeof(struct rcu_head) == sizeof(((struct xa_node *)0)->free_link),
		      "free_link");
	vmo_cache = slab_cache_create("vmo", sizeof(struct vmo), 16);
	node_cache = slab_cache_create("xa_node", sizeof(struct xa_node), 16);
}

static bool by_last(struct rb_node *n)
{
	struct vma *v = rb_entry(n, struct vma, vmo_node);
	struct vma *l = rb_entry_or_null(n->left, struct vma, vmo_node);
	struct vma *r = rb_entry_or_null(n->right, struct vma, vmo_node);
	u64 last = v->pgoff + ((v->end - v->start) >> PAGE_SHIFT) - 1;

	if (l)
		last = max(last, l->vmo_last);
	if (r)
		last = max(last, r->vmo_last);
	if (v->vmo_last == last)
		return false;
	v->vmo_last = last;
	return true;
}

struct vmo *vmo_create(const struct pager_ops *ops, void *owner, u64 size, u32 flags)
{
	struct vmo *v = slab_alloc(vmo_cache, PAGE_KERNEL | PAGE_ZEROED);

	if (!v)
		return NULL;
	ref_init(&v->refs, 1);
	v->ops = ops;
	v->owner = owner;
	v->size = size;
	v->flags = flags;
	spin_init(&v->pages_lock, RANK_VMO_PAGES);
	xa_init(&v->pages, &vmo_xa_mem);
	rb_init(&v->mappings, by_last);
	list_init(&v->clock);
	if (ops && ops->fill)
		clock_add(v);
	return v;
}

static void count_pages(struct vmo *v, s64 n)
{
	mem_count(v->flags & VMO_SHMEM ? MEM_SHMEM : MEM_CACHED, n);
	if (v->commit_pages)
		mem_count(MEM_COMMIT, -n);
}

static void uncharge(struct vmo *v, u64 n)
{
	count_pages(v, -(s64)n);
	if (v->ops && v->ops->uncharge)
		v->ops->uncharge(v, n);
}

/* Takes p out of the tree. */
static void unlink_page(struct vmo *v, struct page *p) MUST_HOLD(v->pages_lock)
{
	xa_erase(&v->pages, p->index);
	WRITE_ONCE(p->owner, NULL);	/* (1) */
	v->nr_pages--;
}

/* Pages [first, last] of a vmo without anything behind it. */
static void drop_memory(struct vmo *v, u64 first, u64 last)
{
	struct page *batch[16];
	u32 n, i;
	u64 index = first;

	do {
		n = 0;
		spin_lock(&v->pages_lock);
		while (n < ARRAY_SIZE(batch)) {
			struct page *p = xa_find(&v->pages, &index, last);

			if (!p)
				break;
			unlink_page(v, p);
			batch[n++] = p;
		}
		spin_unlock(&v->pages_lock);
		for (i = 0; i < n; i++)
			page_put(batch[i]);
		if (n)
			uncharge(v, n);
	} while (n == ARRAY_SIZE(batch));
}

struct page *vmo_next_page(struct vmo *v, u64 *index, u64 last)
{
	struct page *p;

	rcu_read_lock();
	while ((p = xa_find(&v->pages, index, last))) {
		if (page_tryget(p)) {
			if (vmo_owns(v, p, *index))
				break;
			rcu_read_unlock();
			page_put(p);
			rcu_read_lock();
		}
	}
	rcu_read_unlock();
	return p;
}

/* p, locked, leaves the cache: (5). Drops the cache's reference. */
static void drop_locked(struct vmo *v, struct page *p)
{
	bool dirty;

	page_wait_written(p);
	spin_lock(&v->pages_lock);
	dirty = page_flags(p) & PG_DIRTY;
	if (dirty) {
		clear_dirty(v, p);
		current()->io.cancelled += PAGE_SIZE;
	}
	spin_unlock(&v->pages_lock);
	if (v->ops->dropped)
		v->ops->dropped(v, p);
	spin_lock(&v->pages_lock);
	unlink_page(v, p);
	spin_unlock(&v->pages_lock);
	page_put(p);
	uncharge(v, 1);
}

bool vmo_try_evict(struct vmo *v, struct page *p)
{
	u32 ours = 2;
	bool gone;

	if (page_flags(p) & (PG_DIRTY | PG_WRITEBACK))
		return false;
	spin_lock(&v->pages_lock);
	/* No references: lookups cannot get one any more and look again until the entry is gone. */
	gone = vmo_owns(v, p, p->index) && !(page_flags(p) & PG_DIRTY) &&
	       atomic_cmpxchg(&p->refs, &ours, 0);
	if (gone)
		unlink_page(v, p);
	spin_unlock(&v->pages_lock);
	if (!gone)
		return false;
	ref_init(&p->refs, 1);		/* the caller's */
	uncharge(v, 1);
	return true;
}

/* Takes pages [first, last] out of the tree. May sleep when the vmo has something behind it. */
void vmo_drop_pages(struct vmo *v, u64 first, u64 last)
{
	struct page *p;
	u64 index = first;

	if (!v->ops || !v->ops->fill) {
		drop_memory(v, first, last);
		return;
	}
	while (READ_ONCE(v->nr_pages) && (p = vmo_next_page(v, &index, last))) {
		page_lock(p);
		if (vmo_owns(v, p, index))
			drop_locked(v, p);
		page_unlock(p);
		page_put(p);
	}
}

static struct vma *first_overlap(struct rb_node *n, u64 first, u64 last)
{
	while (n) {
		struct vma *v = rb_entry(n, struct vma, vmo_node);
		struct vma *l = rb_entry_or_null(n->left, struct vma, vmo_node);

		if (l && l->vmo_last >= first) {
			n = n->left;
			continue;
		}
		if (v->pgoff > last)
			return NULL;
		if (v->pgoff + ((v->end - v->start) >> PAGE_SHIFT) - 1 >= first)
			return v;
		n = n->right;
	}
	return NULL;
}

/* pages_lock is held throughout: a vma cannot go, and table locks rank below. */
static void for_each_mapping(struct vmo *v, u64 first, u64 last,
			     void (*fn)(struct vma *m, u64 first, u64 last))
{
	struct rb_node *n;
	struct vma *m;

	spin_lock(&v->pages_lock);
	m = first_overlap(v->mappings.root, first, last);
	for (; m; m = rb_entry_or_null(n, struct vma, vmo_node)) {
		n = rb_next(&m->vmo_node);
		if (m->pgoff > last)
			break;
		if (m->pgoff + ((m->end - m->start) >> PAGE_SHIFT) - 1 >= first)
			fn(m, first, last);
	}
	spin_unlock(&v->pages_lock);
}

void vmo_zap(struct vmo *v, u64 first, u64 last)
{
	for_each_mapping(v, first, last, aspace_zap_mapping);
}

void vmo_write_protect(struct vmo *v, u64 index)
{
	for_each_mapping(v, index, index, aspace_protect_mapping);
}

static void vmo_free_rcu(struct rcu_head *h)
{
	slab_free(vmo_cache, container_of(h, struct vmo, rcu));
}

void vmo_put(struct vmo *v)
{
	if (!ref_put(&v->refs))
		return;
	if (v->ops && v->ops->fill)
		clock_del(v);
	vmo_drop_pages(v, 0, U64_MAX);
	if (v->commit_pages)
		mem_count(MEM_COMMIT, -(s64)v->commit_pages);
	xa_destroy(&v->pages);		/* nodes of stores that found no memory half way */
	if (v->ops && v->ops->release)
		v->ops->release(v);
	call_rcu(&v->rcu, vmo_free_rcu);
}

struct page *vmo_lookup(struct vmo *v, u64 index)
{
	struct page *p;

	rcu_read_lock();
	for (;;) {
		p = xa_load(&v->pages, index);
		if (!p)
			break;
		if (page_tryget(p)) {
			if (vmo_owns(v, p, index))
				break;
			rcu_read_unlock();
			page_put(p);
			rcu_read_lock();
		}
	}
	rcu_read_unlock();
	return p;
}

/* Puts a new page at index. False: -EEXIST, -ENXIO beyond the end (3) but for the writer, -ENOMEM
 * in *err. */
bool vmo_insert(struct vmo *v, struct page *p, u64 index, bool writer, int *err)
{
	bool mine = false;

	*err = -EEXIST;
	spin_lock(&v->pages_lock);
	if (index >= size_pages(v->size) && !writer) {
		*err = -ENXIO;
	} else if (!xa_load(&v->pages, index)) {
		p->owner = v;
		p->index = index;
		page_get(p);
		if (xa_store(&v->pages, index, p, NULL)) {
			p->owner = NULL;
			page_put(p);
			*err = -ENOMEM;
		} else {
			v->nr_pages++;
			mine = true;
			*err = 0;
		}
	}
	spin_unlock(&v->pages_lock);
	return mine;
}

/* Fills a locked page of ours. The lock is gone afterwards, and without success the page. */
static int fill_page(struct vmo *v, struct page *p)
{
	int err = v->ops && v->ops->fill ? v->ops->fill(v, p) : 0;

	page_filled(p, err);
	if (err)
		vmo_drop_pages(v, p->index, p->index);
	return err;
}

void page_filled(struct page *p, int err)
{
	page_flag_set(p, err ? PG_ERROR : PG_UPTODATE);
	page_unlock(p);
}

bool vmo_adopt(struct vmo *v, struct page *p, u64 index, int *err)
{
	*err = v->ops && v->ops->charge ? v->ops->charge(v, 1) : 0;
	if (*err)
		return false;
	if (vmo_insert(v, p, index, true, err)) {
		count_pages(v, 1);
		return true;
	}
	if (v->ops && v->ops->uncharge)
		v->ops->uncharge(v, 1);
	return false;
}

struct page *vmo_new_page(struct vmo *v, u64 index, u32 how, u32 flags, bool writer, int *err)
{
	struct page *p;

	*err = v->ops && v->ops->charge ? v->ops->charge(v, 1) : 0;
	if (*err)
		return NULL;
	p = page_alloc(0, how);
	if (!p) {
		*err = -ENOMEM;
		goto out;
	}
	atomic_set(&p->flags, PG_CACHE | flags);
	if (vmo_insert(v, p, index, writer, err)) {
		count_pages(v, 1);
		return p;
	}
	atomic_set(&p->flags, 0);
	page_put(p);
out:
	if (v->ops && v->ops->uncharge)
		v->ops->uncharge(v, 1);
	return NULL;
}

/* Makes the page at index: 0 with *out, or -EEXIST: somebody else did, look again. */
static int page_make(struct vmo *v, u64 index, bool writer, struct page **out)
{
	/* What lies beyond the end has nothing behind it. */
	bool zero = !v->ops || !v->ops->fill || index >= size_pages(READ_ONCE(v->size));
	struct page *p;
	int err = 0;

	if (index >= size_pages(READ_ONCE(v->size)) && !writer)
		return -ENXIO;
	p = vmo_new_page(v, index, PAGE_USER | (zero ? PAGE_ZEROED : 0),
			 zero ? PG_UPTODATE : PG_LOCKED, writer, &err);
	if (!p)
		return err;
	if (!zero)
		err = fill_page(v, p);
	if (err)
		page_put(p);
	else
		*out = p;
	return err;
}

/* A cached page that is not up to date: somebody fills it, or failed to. 0: look again. */
static int wait_filled(struct vmo *v, struct page *p, u64 index)
{
	int err = page_wait_unlocked(p, true);

	if (err || !(page_flags(p) & PG_ERROR))
		return err;
	page_lock(p);
	if (!vmo_owns(v, p, index) || (page_flags(p) & PG_UPTODATE)) {
		page_unlock(p);
		return 0;
	}
	page_flag_clear(p, PG_ERROR);
	return fill_page(v, p);
}

/* writer: holds the vnode lock, and may have pages beyond the end. */
int vmo_get_page(struct vmo *v, u64 index, enum vmo_how how, bool writer, struct page **out)
{
	struct page *p;
	int err;

	for (;;) {
		if (unlikely(index >= size_pages(READ_ONCE(v->size)) && !writer))
			return -ENXIO;
		p = vmo_lookup(v, index);
		if (likely(p && (page_flags(p) & PG_UPTODATE)))
			break;
		if (p) {
			err = wait_filled(v, p, index);
			page_put(p);
			if (err)
				return err;
			continue;
		}
		if (how == VMO_READ && (!v->ops || !v->ops->fill)) {
			*out = NULL;
			return 0;
		}
		err = page_make(v, index, writer, &p);
		if (err == 0)
			break;
		if (err != -EEXIST)
			return err;
	}
	*out = p;
	return 0;
}

int vmo_page(struct vmo *v, u64 index, enum vmo_how how, struct page **out)
{
	return vmo_get_page(v, index, how, false, out);
}

int vmo_page_unread(struct vmo *v, u64 index, struct page **out)
{
	int err;

	do {
		*out = vmo_lookup(v, index);
		if (*out) {
			page_put(*out);
			return vmo_page(v, index, VMO_FAULT, out);
		}
		*out = vmo_new_page(v, index, PAGE_KERNEL | PAGE_CHARGED | PAGE_ZEROED, PG_UPTODATE,
				    false, &err);
	} while (!*out && err == -EEXIST);
	return *out ? 0 : err;
}

void vmo_peek(struct vmo *v, u64 first, u32 n, struct page **out)
{
	u64 end = size_pages(READ_ONCE(v->size));
	u32 i;

	rcu_read_lock();
	for (i = 0; i < n; i++) {
		struct page *p = first + i < end ? xa_load(&v->pages, first + i) : NULL;

		out[i] = NULL;
		if (!p || !(page_flags(p) & PG_UPTODATE) || !page_tryget(p))
			continue;
		if (vmo_owns(v, p, first + i))
			out[i] = p;
		else
			page_put(p);
	}
	rcu_read_unlock();
}

/* Zeroes bytes [from, to) of one page if it is there. */
static int zero_part(struct vmo *v, u64 from, u64 to)
{
	struct page *p = NULL;
	u32 off = (u32)(from & ~PAGE_MASK), end = off + (u32)(to - from);
	int err;

	if (from >= to)
		return 0;
	err = vmo_page(v, from >> PAGE_SHIFT, VMO_READ, &p);
	if (err == -ENXIO)
		return 0;
	if (err || !p)
		return err;
	if (mem_is_zero((u8 *)page_to_virt(p) + off, end - off))	/* a hole stays one */
		goto out;
	err = tell_writer(v, p, from >> PAGE_SHIFT, off, end);
	if (!err) {
		memset((u8 *)page_to_virt(p) + off, 0, end - off);
		if (v->ops && v->ops->mkwrite)
			vmo_dirty(v, p, off, end);
	}
out:
	page_put(p);
	return err > 0 ? 0 : err;
}

int vmo_truncate(struct vmo *v, u64 size)
{
	u64 old;
	int err = 0;

	spin_lock(&v->pages_lock);
	old = v->size;
	WRITE_ONCE(v->size, size);
	spin_unlock(&v->pages_lock);
	if (size >= old)
		return 0;
	if (size & ~PAGE_MASK)		/* (4) */
		err = zero_part(v, size, min(old, ALIGN_UP(size, PAGE_SIZE)));
	vmo_drop_pages(v, size_pages(size), U64_MAX);
	vmo_zap(v, size_pages(size), U64_MAX);
	return err;
}

int vmo_punch(struct vmo *v, u64 start, u64 end)
{
	u64 first = DIV_ROUND_UP(start, PAGE_SIZE), past = end >> PAGE_SHIFT;
	int err;

	if (first > past)
		return zero_part(v, start, end);
	err = zero_part(v, start, first << PAGE_SHIFT);
	if (!err)
		err = zero_part(v, past << PAGE_SHIFT, end);
	if (err || first == past)
		return err;
	vmo_drop_pages(v, first, past - 1);
	vmo_zap(v, first, past - 1);
	return 0;
}

loff_t vmo_seek_data(struct vmo *v, loff_t pos, bool hole)
{
	u64 size = READ_ONCE(v->size), index = (u64)pos >> PAGE_SHIFT, at = index;

	if (pos < 0 || (u64)pos >= size)
		return -ENXIO;
	if (hole) {
		if (!xa_find_hole(&v->pages, index, size_pages(size), &at))
			return (loff_t)size;
	} else if (!xa_find(&v->pages, &at, size_pages(size))) {
		return -ENXIO;
	}
	return (loff_t)min(at == index ? (u64)pos : at << PAGE_SHIFT, size);
}

void vmo_map_add(struct vmo *v, struct vma *vma)
{
	struct rb_node **link = &v->mappings.root, *parent = NULL;

	spin_lock(&v->pages_lock);
	while (*link) {
		struct vma *m = rb_entry(*link, struct vma, vmo_node);

		parent = *link;
		link = vma->pgoff < m->pgoff ? &parent->left : &parent->right;
	}
	vma->vmo_last = 0;
	rb_insert(&v->mappings, &vma->vmo_node, parent, link);
	if ((vma->flags & (VMA_SHARED | VMA_MAY_WRITE)) == (VMA_SHARED | VMA_MAY_WRITE))
		v->nr_writable++;
	spin_unlock(&v->pages_lock);
}

void vmo_map_del(struct vmo *v, struct vma *vma)
{
	spin_lock(&v->pages_lock);
	rb_erase(&v->mappings, &vma->vmo_node);
	if ((vma->flags & (VMA_SHARED | VMA_MAY_WRITE)) == (VMA_SHARED | VMA_MAY_WRITE))
		v->nr_writable--;
	spin_unlock(&v->pages_lock);
}
