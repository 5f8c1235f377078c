/* SPDX-License-Identifier: MIT */
/* native.c - calls that Linux does not have. Header for programs: include/ashlar.h. Tests:
 * selftests/abi/rights_matrix.c, selftests/abi/budget.c */
#include <compat/syscalls.h>

#include <kernel/budget.h>
#include <kernel/cred.h>
#include <kernel/handle.h>
#include <kernel/task.h>
#include <mm/inject.h>

long sys_handle_narrow(int fd, u32 keep)
{
	return handle_narrow(fd, keep);
}

long sys_debug_fail_nth(u32 nth)
{
	return inject_arm(nth);
}

long sys_budget_enter(u64 pages, u64 objects, u64 tasks)
{
	struct budget *b;
	int err;

	if (!capable(CAP_SYS_RESOURCE))
		return -EPERM;
	err = budget_create(budget_of(current()), &b);
	if (err)
		return err;
	budget_set_limit(b, BUDGET_PAGES, pages);
	budget_set_limit(b, BUDGET_OBJECTS, objects);
	budget_set_limit(b, BUDGET_TASKS, tasks);
	err = budget_enter(b);
	budget_put(b);
	return err;
}
