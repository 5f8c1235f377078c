/* SPDX-License-Identifier: MIT */
/* acl.c - access control lists between the two forms they have: eight bytes an entry as programs
 * say it (version 2), and version 1 on the disk, where an entry that names nobody is four bytes.
 * Pure.
 * Ref: acl(5), ext4/attributes.rst ("POSIX ACLs"). Tests: selftests/unit/ext_xattr_test.c */
#include "xattr_int.h"

#include <kernel/lib/byteorder.h>

#define SEEN_VERSION 2u
#define DISK_VERSION 1u
#define ACL_USER 0x02u
#define ACL_GROUP 0x08u
#define ACL_TAGS 0x3fu

static bool is_named(u32 tag)
{
	return tag == ACL_USER || tag == ACL_GROUP;
}

static bool is_tag(u32 tag)
{
	return tag && !(tag & (tag - 1)) && !(tag & ~ACL_TAGS);
}

ssize_t ext_acl_to_disk(const void *from, usize size, void *to, usize room)
{
	const u8 *p = from;
	u8 *q = to;
	usize at = 4, n = 4;

	if (size < 4 || (size - 4) % 8 || room < size || get_le32(p) != SEEN_VERSION)
		return -EINVAL;
	put_le32(q, DISK_VERSION);
	for (; at < size; at += 8) {
		u32 tag = get_le16(p + at);

		if (!is_tag(tag) || get_le16(p + at + 2) > 7)
			return -EINVAL;
		put_le32(q + n, get_le32(p + at));
		n += 4;
		if (is_named(tag)) {
			put_le32(q + n, get_le32(p + at + 4));
			n += 4;
		}
	}
	return (ssize_t)n;
}

ssize_t ext_acl_from_disk(const void *from, usize size, void *to, usize room)
{
	const u8 *p = from;
	u8 *q = to;
	usize at = 4, n = 4;

	if (size < 4 || get_le32(p) != DISK_VERSION)
		return -EINVAL;
	if (room >= 4)
		put_le32(q, SEEN_VERSION);
	while (at < size) {
		bool named;

		if (size - at < 4 || !is_tag(get_le16(p + at)))
			return -EINVAL;
		named = is_named(get_le16(p + at));
		if (named && size - at < 8)
			return -EINVAL;
		if (room >= n + 8) {
			put_le32(q + n, get_le32(p + at));
			put_le32(q + n + 4, named ? get_le32(p + at + 4) : U32_MAX);
		}
		at += named ? 8 : 4;
		n += 8;
	}
	return room && n > room ? -ERANGE : (ssize_t)n;
}
