/* SPDX-License-Identifier: MIT */
/* advise.c - what programs say about the page cache of a file: read it now, write it now, it is not
 * needed any more.
 * Locks: none of its own. Ref: posix_fadvise(2), readahead(2), sync_file_range(2), Linux
 * Documentation/admin-guide/sysctl/vm.rst (drop_caches). Tests: selftests/abi/fsmix.c,
 * selftests/storage/run */
#include <fs/advise.h>

#include <fs/blkdev.h>
#include <fs/dcache.h>
#include <fs/vnode.h>
#include <kernel/file.h>
#include <kernel/uapi.h>
#include <mm/page.h>
#include <mm/vmo.h>

#define AHEAD_MOST 8192u	/* pages that one call starts to read */

struct vmo *vfs_vmo(struct file *f)
{
	if (f->obj->ops == &vnode_file_ops)
		return rcu_deref(vnode_real(to_vnode(f->obj))->vmo);
	if (f->obj->ops->type == OBJ_BLOCKDEV)
		return container_of(f->obj, struct blkdev, obj)->vmo;
	return NULL;
}

/* Pages of [off, off + len); len 0: to the end. */
static void pages_of(loff_t off, loff_t len, u64 *first, u64 *last)
{
	loff_t end;

	*first = (u64)off >> PAGE_SHIFT;
	*last = !len || add_of(off, len, &end) ? U64_MAX : (u64)(end - 1) >> PAGE_SHIFT;
}

void vfs_read_ahead(struct file *f, loff_t off, loff_t len)
{
	struct vmo *m = vfs_vmo(f);
	u64 first, last;

	if (!m)
		return;
	pages_of(off, len, &first, &last);
	last = min(last, DIV_ROUND_UP(READ_ONCE(m->size), PAGE_SIZE));
	if (first <= last)
		vmo_read_ahead(m, first, (u32)min(last - first + 1, (u64)AHEAD_MOST));
}

/* Only whole pages are not needed any more. */
static void drop(struct vmo *m, loff_t off, loff_t len)
{
	u64 first = DIV_ROUND_UP((u64)off, PAGE_SIZE), past;
	loff_t end;

	if (!len || add_of(off, len, &end) || (u64)end >= READ_ONCE(m->size))
		past = U64_MAX;
	else
		past = (u64)end >> PAGE_SHIFT;
	(void)!vmo_write_out(m, first, past);
	if (past > first)
		vmo_drop_clean(m, first, past - 1);
}

void vfs_advise(struct file *f, loff_t off, loff_t len, int advice)
{
	struct vmo *m = vfs_vmo(f);

	if (!m || !m->ops || !m->ops->fill)
		return;
	switch (advice) {
	case POSIX_FADV_NORMAL: f->ahead.max = 0; break;
	case POSIX_FADV_SEQUENTIAL: f->ahead.max = 2 * READ_AHEAD_PAGES; break;
	case POSIX_FADV_RANDOM: f->ahead.max = U32_MAX; break;
	case POSIX_FADV_WILLNEED: vfs_read_ahead(f, off, len); break;
	case POSIX_FADV_DONTNEED: drop(m, off, len); break;
	}
}

int vfs_sync_range(struct file *f, loff_t off, loff_t len, u32 flags)
{
	struct vmo *m = vfs_vmo(f);
	u64 first, last;
	int err = 0;

	if (!m)
		return 0;
	pages_of(off, len, &first, &last);
	if (flags & SYNC_FILE_RANGE_WAIT_BEFORE)
		vmo_wait_written(m, first, last);
	if (flags & SYNC_FILE_RANGE_WRITE)
		err = vmo_write_out(m, first, last);
	if (flags & SYNC_FILE_RANGE_WAIT_AFTER)
		vmo_wait_written(m, first, last);
	if (!err && (flags & (SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WAIT_AFTER)))
		err = write_errors_check(&m->errors, &f->err_seen);
	return err;
}
