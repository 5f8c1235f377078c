/* SPDX-License-Identifier: MIT */
/* native.c - calls that Linux does not have. Header for programs: include/ashlar.h. Tests: selftests/abi/rights_matrix.c */
#include <compat/syscalls.h>

#include <kernel/handle.h>
#include <mm/inject.h>

long sys_handle_narrow(int fd, u32 keep)
{
	return handle_narrow(fd, keep);
}

long sys_debug_fail_nth(u32 nth)
{
	return inject_arm(nth);
}
