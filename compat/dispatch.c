/* SPDX-License-Identifier: MIT */
/* dispatch.c - from a number to a handler: the one table, made from compat/syscalls.def.
 *
 * Entry tests one word (thread_head.entry_work: tracing, filters, audit); what is set there takes
 * the slow path. A call that was interrupted returns -ERESTART*, which must never reach the
 * program: WORK_SIGNAL sends it through signal_exit_work(), which restarts the call or makes it
 * -EINTR.
 *
 * Ref: Arm ARM D1.13 (svc), syscall(2) for the register use on arm64. Tests: selftests/abi/signal.c
 */
#include <compat/syscalls.h>

#include <arch/frame.h>
#include <kernel/printk.h>
#include <kernel/task.h>
#include <kernel/trap.h>

struct sysent {
	long (*fn)(const u64 *r);
	const char *name;
	u32 nargs;
	const char *sig;
};

#define NATIVE_FIRST 4096	/* Ashlar's own calls */

#include <gen/syscall_table.h>

static const struct sysent *entry_of(u32 nr)
{
	if (nr >= NATIVE_FIRST)
		return nr - NATIVE_FIRST < ARRAY_SIZE(native_table)
			       ? &native_table[nr - NATIVE_FIRST]
			       : NULL;
	return nr < ARRAY_SIZE(syscall_table) ? &syscall_table[nr] : NULL;
}

const char *syscall_name(u32 nr)
{
	const struct sysent *e = entry_of(nr);

	return e ? e->name : NULL;
}

static __noinline long dispatch_slow(struct trap_frame *f, u32 nr)
{
	const struct sysent *e = entry_of(nr);

	if (e && e->name && !e->fn)
		pr_debug("%s[%d]: %s(%s) is not there yet", current()->comm, current()->tid,
			 e->name, e->sig);
	return e && e->fn ? e->fn(f->x) : -ENOSYS;
}

void syscall_dispatch(struct trap_frame *f)
{
	u32 nr = (u32)f->syscall_nr;
	long ret;

	if (likely(nr < ARRAY_SIZE(syscall_table) && syscall_table[nr].fn &&
		   !current_head()->entry_work))
		ret = syscall_table[nr].fn(f->x);
	else
		ret = dispatch_slow(f, nr);
	lock_assert_none_held();
	f->x[0] = (u64)ret;
	if (unlikely((u64)(-ret - ERESTARTSYS) <= ERESTART_RESTARTBLOCK - ERESTARTSYS))
		atomic_or(&current_head()->work, WORK_SIGNAL);
}
