/* SPDX-License-Identifier: MIT */
/* stackprot.c - what the compiler's stack protector calls for (CONFIG_STACKPROTECTOR).
 *
 * One canary for all threads. Its lowest byte is 0, which ends a string that runs over. Set once,
 * before other threads and CPUs run, by kmain(), which never returns: frames that are left have the
 * new one.
 * Ref: gcc(1) -fstack-protector-strong, -mstack-protector-guard=global. Tests: scripts/check builds
 * with it.
 */
#include <kernel/stackprot.h>

#include <kernel/printk.h>
#include <kernel/random.h>

u64 __stack_chk_guard __ro_after_init = 0xa5b2c9d8e7f61300;

__noreturn void __stack_chk_fail(void);

void __stack_chk_fail(void)
{
	panic("stack smashed in %pS", __builtin_return_address(0));
}

void stackprot_init(void)
{
	__stack_chk_guard = random_u64() & ~0xffull;
}
