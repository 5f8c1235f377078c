/* SPDX-License-Identifier: MIT */
/* xattr_int.h - lists of extended attributes, wherever they lie. */
#pragma once

#include <fs/ext/ext.h>

#define XATTR_USER 1u
#define XATTR_ACL_ACCESS 2u
#define XATTR_ACL_DEFAULT 3u
#define XATTR_TRUSTED 4u
#define XATTR_SECURITY 6u
#define XATTR_SYSTEM 7u
#define BUF_IS_XATTR (BUF_FS0 << 3)

/* base: what value offsets count from; entries from start on; nothing at or behind size. */
struct ext_xattrs {
	u8 *base;
	u32 start, size;
};

struct ext_xattr_key {
	u32 index, len;
	const char *name;
};

/* The entry at *off, which moves to the next; NULL: the end. A list that was checked
 * (ext_xattrs_check()) has only good ones. */
struct ext_xattr_entry *ext_xattrs_next(const struct ext_xattrs *x, u32 *off);
bool ext_xattrs_check(const struct ext_xattrs *x);
struct ext_xattr_entry *ext_xattrs_find(const struct ext_xattrs *x, const struct ext_xattr_key *k);
/* to (a copy of the room of x) becomes x without k, and with it if value is not NULL. False: no
 * room. nr: entries afterwards. */
bool ext_xattrs_rebuild(const struct ext_xattrs *x, struct ext_xattrs *to,
			const struct ext_xattr_key *k, const void *value, u32 len, bool hashes,
			u32 *nr);
u32 ext_xattrs_hash(const struct ext_xattrs *x);

/* xattr.c */
/* 0 and b NULL: no room at all */
int __must_check ext_xattr_inner(struct ext_inode *i, struct buf **b, struct ext_xattrs *x);
/* b NULL: none */
int __must_check ext_xattr_block(struct ext_inode *i, struct buf **b, struct ext_xattrs *x);
int __must_check ext_xattr_update(struct journal_handle *h, struct ext_inode *i,
				  const struct ext_xattr_key *k, const void *value, u32 len,
				  u32 flags);
ssize_t ext_xattr_find(struct ext_inode *i, const struct ext_xattr_key *k, void *buf, usize size);

/* acl.c: system.posix_acl_* as programs see it and as it is stored. Sizes; -EINVAL. */
ssize_t ext_acl_to_disk(const void *from, usize size, void *to, usize room);
ssize_t ext_acl_from_disk(const void *from, usize size, void *to, usize room);
