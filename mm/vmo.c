/* SPDX-License-Identifier: MIT */
/* vmo.c - the pages behind a file, by index: find, make, fill, drop.
 *
 * Life of a page in a vmo; the arrows carry the function that moves it:
 *
 *	          page_make()          fill_page()           vmo_write(), mkwrite
 *	  (hole) ------------> LOCKED ------------> UPTODATE -----------------> DIRTY
 *	    ^                    |  fill failed         |                         |
 *	    +--------------------+---- drop_pages() ----+-------------------------+
 *
 * Invariants:
 *  (1) a page in the tree holds one reference for it and has owner and index set; out of the tree owner is NULL.
 *  (2) only UPTODATE pages are given out by vmo_page() and vmo_peek().
 *  (3) no page with index >= pages(size) is in the tree once vmo_truncate() returned: page_insert() checks size under pages_lock.
 *  (4) bytes of the last page beyond size are zero.
 *
 * Locks: pages_lock [RANK_VMO_PAGES]; lookups under RCU with page_tryget and a second look. Ref: mmap(2), truncate(2).
 * Tests: selftests/unit/vmo_test.c, selftests/abi/mmap.c
 */
#include <mm/vmo.h>

#include <kernel/lib/string.h>
#include <kernel/rcu.h>
#include <kernel/uapi.h>
#include <mm/aspace.h>
#include <mm/iter.h>
#include <mm/slab.h>

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
	static_assert(sizeof(struct rcu_head) == sizeof(((struct xa_node *)0)->free_link), "free_link");
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
	return v;
}

static u64 size_pages(u64 size)
{
	return DIV_ROUND_UP(size, PAGE_SIZE);
}

static void count_pages(struct vmo *v, s64 n)
{
	mem_count(v->flags & VMO_SHMEM ? MEM_SHMEM : MEM_CACHED, n);
}

static void uncharge(struct vmo *v, u64 n)
{
	count_pages(v, -(s64)n);
	if (v->ops && v->ops->uncharge)
		v->ops->uncharge(v, n);
}

/* Takes pages [first, last] out of the tree; keep: those whose table entries still need zapping hold our reference meanwhile. */
static void drop_pages(struct vmo *v, u64 first, u64 last)
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
			xa_erase(&v->pages, index);
			WRITE_ONCE(p->owner, NULL);	/* (1) */
			v->nr_pages--;
			batch[n++] = p;
		}
		spin_unlock(&v->pages_lock);
		for (i = 0; i < n; i++)
			page_put(batch[i]);
		if (n)
			uncharge(v, n);
	} while (n == ARRAY_SIZE(batch));
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
static void zap_mappings(struct vmo *v, u64 first, u64 last)
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
			aspace_zap_mapping(m, first, last);
	}
	spin_unlock(&v->pages_lock);
}

static void vmo_free_rcu(struct rcu_head *h)
{
	slab_free(vmo_cache, container_of(h, struct vmo, rcu));
}

void vmo_put(struct vmo *v)
{
	if (!ref_put(&v->refs))
		return;
	drop_pages(v, 0, U64_MAX);
	if (v->ops && v->ops->release)
		v->ops->release(v);
	call_rcu(&v->rcu, vmo_free_rcu);
}

/* The page at index with a reference, whatever its state; NULL: none. */
static struct page *lookup(struct vmo *v, u64 index)
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

/* Puts a new page at index unless one is there; false: look again. *err: -ENXIO beyond the end (3), -ENOMEM. */
static bool page_insert(struct vmo *v, struct page *p, u64 index, int *err)
{
	bool mine = false;

	*err = 0;
	spin_lock(&v->pages_lock);
	if (index >= size_pages(v->size)) {
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
		}
	}
	spin_unlock(&v->pages_lock);
	return mine;
}

static void forget_page(struct vmo *v, struct page *p)
{
	drop_pages(v, p->index, p->index);
}

/* Fills a locked page of ours. */
static int fill_page(struct vmo *v, struct page *p)
{
	int err = v->ops && v->ops->fill ? v->ops->fill(v, p) : 0;

	if (!err)
		page_flag_set(p, PG_UPTODATE);
	page_unlock(p);
	if (err)
		forget_page(v, p);
	return err;
}

/* Makes the page at index: 0 with *out, or 1: somebody else did, look again. */
static int page_make(struct vmo *v, u64 index, struct page **out)
{
	bool zero = !v->ops || !v->ops->fill;
	struct page *p;
	int err = 0;

	if (index >= size_pages(READ_ONCE(v->size)))
		return -ENXIO;
	if (v->ops && v->ops->charge)
		err = v->ops->charge(v, 1);
	if (err)
		return err;
	p = page_alloc(0, PAGE_USER | (zero ? PAGE_ZEROED : 0));
	if (!p) {
		err = -ENOMEM;
		goto out;
	}
	atomic_set(&p->flags, PG_CACHE | (zero ? PG_UPTODATE : PG_LOCKED));
	if (!page_insert(v, p, index, &err)) {
		atomic_set(&p->flags, 0);
		page_put(p);
		if (!err)
			err = 1;
		goto out;
	}
	count_pages(v, 1);
	if (!zero)
		err = fill_page(v, p);
	if (err)
		page_put(p);
	else
		*out = p;
	return err;
out:
	if (v->ops && v->ops->uncharge)
		v->ops->uncharge(v, 1);
	return err;
}

int vmo_page(struct vmo *v, u64 index, enum vmo_how how, struct page **out)
{
	struct page *p;
	int err;

	for (;;) {
		if (unlikely(index >= size_pages(READ_ONCE(v->size))))
			return -ENXIO;
		p = lookup(v, index);
		if (likely(p && (page_flags(p) & PG_UPTODATE)))
			break;
		if (p) {
			err = page_wait_unlocked(p, true);
			page_put(p);
			if (err)
				return err;
			continue;
		}
		if (how == VMO_READ && (!v->ops || !v->ops->fill)) {
			*out = NULL;
			return 0;
		}
		err = page_make(v, index, &p);
		if (err == 0)
			break;
		if (err < 0)
			return err;
	}
	if (how == VMO_WRITE && v->ops && v->ops->mkwrite) {
		err = v->ops->mkwrite(v, p);
		if (err) {
			page_put(p);
			return err;
		}
	}
	*out = p;
	return 0;
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

ssize_t vmo_read(struct vmo *v, struct iter *to, loff_t pos)
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
		err = vmo_page(v, (u64)pos >> PAGE_SHIFT, VMO_READ, &p);
		if (err)
			break;
		if (p) {
			got = iter_put(to, (u8 *)page_to_virt(p) + off, n);
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

static void extend(struct vmo *v, u64 size)
{
	spin_lock(&v->pages_lock);
	if (size > v->size)
		WRITE_ONCE(v->size, size);
	spin_unlock(&v->pages_lock);
}

/* One page's worth. The size grows first, so that the page may exist; a fault with nothing copied takes it back. */
static ssize_t write_page(struct vmo *v, struct iter *from, loff_t pos, usize n)
{
	u64 off = (u64)pos & ~PAGE_MASK, old = v->size;
	struct page *p;
	usize got;
	int err;

	if ((u64)pos + n > old)
		extend(v, (u64)pos + n);
	err = vmo_page(v, (u64)pos >> PAGE_SHIFT, VMO_WRITE, &p);
	if (!err) {
		got = iter_take(from, (u8 *)page_to_virt(p) + off, n);
		if (unlikely(page_flags(p) & PG_ICACHE))
			page_flag_clear(p, PG_ICACHE);
		page_put(p);
	} else {
		got = 0;
	}
	if (got < n && v->size > max(old, (u64)pos + got)) {
		int ignored = vmo_truncate(v, max(old, got ? (u64)pos + got : old));

		(void)ignored;
	}
	if (err)
		return err;
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
	got = vmo_read(v, &it, pos);
	return got < 0 ? (int)got : (usize)got == n ? 0 : -EIO;
}

/* Zeroes bytes [from, to) of one page if it is there. */
static int zero_part(struct vmo *v, u64 from, u64 to)
{
	struct page *p = NULL;
	int err;

	if (from >= to)
		return 0;
	err = vmo_page(v, from >> PAGE_SHIFT, VMO_READ, &p);
	if (err == -ENXIO)
		return 0;
	if (err || !p)
		return err;
	memset((u8 *)page_to_virt(p) + (from & ~PAGE_MASK), 0, to - from);
	page_put(p);
	return 0;
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
	drop_pages(v, size_pages(size), U64_MAX);
	zap_mappings(v, size_pages(size), U64_MAX);
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
	drop_pages(v, first, past - 1);
	zap_mappings(v, first, past - 1);
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
