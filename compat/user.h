/* SPDX-License-Identifier: MIT */
/* user.h - copies between the kernel and a program; compat/ only. Each reads or writes once. */
#pragma once

#include <arch/page.h>
#include <arch/uaccess.h>
#include <kernel/uapi.h>
#include <mm/slab.h>

static inline int __must_check copy_from_user(void *dst, uaddr_t src, usize n)
{
	return uaccess_copy_in(dst, src, n) ? -EFAULT : 0;
}

static inline int __must_check copy_to_user(uaddr_t dst, const void *src, usize n)
{
	return uaccess_copy_out(dst, src, n) ? -EFAULT : 0;
}

#define get_user(p, src) copy_from_user(p, src, sizeof(*(p)))
#define put_user(dst, v) ({ __typeof__(v) pv_ = (v); copy_to_user(dst, &pv_, sizeof(pv_)); })

/*
 * For extensible structs (clone3, openat2, sched_setattr): copies min(usize, ksize), zero-fills,
 * and refuses non-zero bytes that we do not know with -E2BIG.
 */
int __must_check copy_struct_from_user(void *dst, usize ksize, uaddr_t src, usize user_size);

/* A path or other string, readable 8 bytes beyond its NUL as fs/namei.h wants it. */
struct user_string {
	char *s;
	usize len;
	char inline_buf[128];
};
/* -ENAMETOOLONG, -EFAULT, -ENOMEM. Always leaves p fit for user_string_put. */
int __must_check user_path_get(struct user_string *p, uaddr_t src);
/* The same for other strings, of at most max bytes with the NUL (<= PATH_MAX): -EINVAL when
 * longer. */
int __must_check user_string_get(struct user_string *p, uaddr_t src, usize max);
static inline void user_string_put(struct user_string *p)
{
	if (p->s != p->inline_buf)
		kfree(p->s);
}
/* Declare as: auto_path struct user_string p; and call user_path_get() before anything can
 * return. */
#define auto_path __cleanup(user_string_put)

static inline uaddr_t uaddr_add(uaddr_t a, u64 off)
{
	return UADDR(a.va + off);
}

/* [a, a + n) lies in user space: what Linux asks before it looks at the rest of a call. */
static inline bool user_range_ok(uaddr_t a, u64 n)
{
	return a.va <= TASK_SIZE && n <= TASK_SIZE - a.va;
}

static inline bool uaddr_null(uaddr_t a)
{
	return a.va == 0;
}
