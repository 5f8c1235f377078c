/* SPDX-License-Identifier: MIT */
/* uaccess.h - touching user memory, for mm/iter.c, kernel/futex.c and compat/ only (compat/user.h
 * wraps it).
 *
 * Every function checks the range against TASK_SIZE, opens PAN for the access, and survives any
 * fault through the exception table. A fault is resolved (may sleep) unless
 * current_head()->fault_disabled.
 */
#pragma once

#include <kernel/lib/compiler.h>

/* Return the number of bytes NOT copied: 0 is success. */
usize __must_check uaccess_copy_in(void *dst, uaddr_t src, usize n);
usize __must_check uaccess_copy_out(uaddr_t dst, const void *src, usize n);
usize __must_check uaccess_clear(uaddr_t dst, usize n);

/* Copies a string of at most n bytes with its NUL. Returns its length without NUL, n when there is
 * no NUL within n bytes, or -EFAULT. */
ssize_t __must_check uaccess_copy_string(char *dst, uaddr_t src, usize n);

/* Naturally aligned words; 0 or -EFAULT. */
int __must_check uaccess_get_u32(u32 *out, uaddr_t src);
int __must_check uaccess_get_u64(u64 *out, uaddr_t src);
int __must_check uaccess_put_u32(uaddr_t dst, u32 v);
int __must_check uaccess_put_u64(uaddr_t dst, u64 v);
/* Two, the second 8 bytes behind the first; they need not be aligned. */
int __must_check uaccess_get_two_u64(u64 out[2], uaddr_t src);
int __must_check uaccess_put_two_u64(uaddr_t dst, u64 first, u64 second);

/* 0 with the word's old value in *old (compare with expected to see whether it was replaced), or
 * -EFAULT. Fully ordered. */
int __must_check uaccess_cmpxchg_u32(uaddr_t p, u32 expected, u32 new_value, u32 *old);

/* futex(2) FUTEX_WAKE_OP operations. */
enum uaccess_rmw { UACCESS_SET, UACCESS_ADD, UACCESS_OR, UACCESS_ANDN, UACCESS_XOR };
int __must_check uaccess_rmw_u32(uaddr_t p, enum uaccess_rmw op, u32 arg, u32 *old);
