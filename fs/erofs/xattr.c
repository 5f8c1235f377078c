/* SPDX-License-Identifier: MIT */
/* xattr.c - extended attributes: behind the inode, or shared by several inodes and named by number.
 * Locks: none. Ref: the format; xattr(7). Tests: selftests/unit/erofs_test.c, fuzz/erofs_fuzz.c
 */
#include <fs/erofs/erofs.h>
#include <kernel/lib/string.h>
#include <kernel/uapi.h>

static const char *const prefixes[] = {
	NULL, "user.",	  "system.posix_acl_access", "system.posix_acl_default", "trusted.",
	NULL, "security."
};

/* One after the other. */
struct walk {
	struct erofs_inode *i;
	u32 nr_shared, next_shared;
	u32 at;			/* of those behind the inode: byte from the header on */
	struct erofs_xattr x;
	u64 name;		/* byte of the device */
	char text[300];		/* prefix and name */
	u32 len;
};

static u64 header(const struct erofs_inode *i)
{
	return i->body - i->xattr_size;
}

static int begin(struct walk *w, struct erofs_inode *i)
{
	u8 count = 0;
	int err = 0;

	*w = (struct walk){ .i = i };
	if (i->xattr_size)
		err = erofs_bytes(i->fs, header(i) + 4, &count, 1);
	w->nr_shared = count;
	w->at = EROFS_XATTR_HEADER + count * 4u;
	return err;
}

static int load(struct walk *w, u64 at)
{
	struct erofs_fs *fs = w->i->fs;
	int err = erofs_bytes(fs, at, &w->x, sizeof(w->x));

	if (err)
		return err;
	w->name = at + sizeof(w->x);
	w->len = 0;
	if (w->x.prefix < ARRAY_SIZE(prefixes) && prefixes[w->x.prefix])
		w->len = (u32)str_copy(w->text, prefixes[w->x.prefix], sizeof(w->text));
	err = erofs_bytes(fs, w->name, w->text + w->len, w->x.name_len);
	if (!w->len)
		return err; /* of a kind that nobody knows: passed over */
	w->len += w->x.name_len;
	w->text[w->len] = 0;
	return err;
}

/* -ENODATA: no more. */
static int next(struct walk *w)
{
	struct erofs_inode *i = w->i;
	u32 id, size;
	int err;

	if (w->next_shared < w->nr_shared) {
		err = erofs_bytes(i->fs, header(i) + EROFS_XATTR_HEADER + w->next_shared++ * 4u,
				  &id, 4);
		return err ? err : load(w, i->fs->xattrs + id * 4ul);
	}
	if (w->at + sizeof(w->x) > i->xattr_size)
		return -ENODATA;
	err = load(w, header(i) + w->at);
	if (err)
		return err;
	size = ALIGN_UP((u32)sizeof(w->x) + w->x.name_len + w->x.value_size, 4u);
	if (w->at + size > i->xattr_size)
		return erofs_corrupt(i->fs, i->nid, "an attribute that ends beyond the others");
	w->at += size;
	return 0;
}

ssize_t erofs_getxattr(struct erofs_inode *i, const char *name, void *buf, usize size)
{
	struct walk w;
	int err = begin(&w, i);

	while (!err && !(err = next(&w))) {
		if (!w.len || strcmp(w.text, name) != 0)
			continue;
		if (!size)
			return w.x.value_size;
		if (size < w.x.value_size)
			return -ERANGE;
		err = erofs_bytes(i->fs, w.name + w.x.name_len, buf, w.x.value_size);
		return err ? err : w.x.value_size;
	}
	return err;
}

ssize_t erofs_listxattr(struct erofs_inode *i, char *buf, usize size)
{
	struct walk w;
	usize n = 0;
	int err = begin(&w, i);

	while (!err && !(err = next(&w))) {
		if (!w.len)
			continue;
		if (size && n + w.len + 1 > size)
			return -ERANGE;
		if (size)
			memcpy(buf + n, w.text, w.len + 1);
		n += w.len + 1;
	}
	return err == -ENODATA ? (ssize_t)n : err;
}
