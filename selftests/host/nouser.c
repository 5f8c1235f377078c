/* SPDX-License-Identifier: MIT */
/* nouser.c - for tests that compile mm/iter.c and only give it kernel memory: every user address
 * faults. */
#include <arch/uaccess.h>
#include <kernel/uapi.h>

usize uaccess_copy_in(void *dst, uaddr_t src, usize n) { (void)dst, (void)src; return n; }
usize uaccess_copy_out(uaddr_t dst, const void *src, usize n) { (void)dst, (void)src; return n; }
usize uaccess_clear(uaddr_t dst, usize n) { (void)dst; return n; }
int uaccess_get_u32(u32 *out, uaddr_t src) { (void)out, (void)src; return -EFAULT; }
int uaccess_rmw_u32(uaddr_t p, enum uaccess_rmw op, u32 arg, u32 *old)
{
	(void)p, (void)op, (void)arg, (void)old;
	return -EFAULT;
}
