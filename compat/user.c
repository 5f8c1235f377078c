/* SPDX-License-Identifier: MIT */
/* user.c - strings and growing structs out of user memory. Ref: path_resolution(7), openat2(2)
 * "Extensibility". */
#include <compat/user.h>

#include <kernel/lib/string.h>

#define INLINE_MAX (sizeof(((struct user_string *)0)->inline_buf) - 8)

int copy_struct_from_user(void *dst, usize ksize, uaddr_t src, usize user_size)
{
	usize n = min(ksize, user_size), at;
	u8 chunk[64];

	memset((u8 *)dst + n, 0, ksize - n);
	for (at = n; at < user_size; at += sizeof(chunk)) {
		usize len = min(user_size - at, sizeof(chunk)), i;

		if (copy_from_user(chunk, uaddr_add(src, at), len))
			return -EFAULT;
		for (i = 0; i < len; i++)
			if (chunk[i])
				return -E2BIG;
	}
	return copy_from_user(dst, src, n);
}

static __noinline int get_long(struct user_string *p, uaddr_t src, usize max, int too_long)
{
	ssize_t n;

	p->s = kmalloc(max + 8, PAGE_KERNEL);
	if (!p->s)
		return -ENOMEM;
	n = uaccess_copy_string(p->s, src, max);
	if (n < 0)
		return (int)n;
	p->len = (usize)n;
	return (usize)n == max ? too_long : 0;
}

static inline int get(struct user_string *p, uaddr_t src, usize max, int too_long)
{
	ssize_t n = uaccess_copy_string(p->inline_buf, src, min(max, INLINE_MAX));

	p->s = p->inline_buf;
	if (unlikely(n < 0))
		return (int)n;
	p->len = (usize)n;
	if (likely((usize)n < min(max, INLINE_MAX)))
		return 0;
	return max <= INLINE_MAX ? too_long : get_long(p, src, max, too_long);
}

int user_path_get(struct user_string *p, uaddr_t src)
{
	return get(p, src, PATH_MAX, -ENAMETOOLONG);
}

int user_string_get(struct user_string *p, uaddr_t src, usize max)
{
	return get(p, src, max, -EINVAL);
}
