/* SPDX-License-Identifier: MIT */
/* syscalls.h - for every file of handlers: their prototypes (made from syscalls.def) and what all
 * of them use. */
#pragma once

#include <compat/user.h>
#include <gen/syscalls.h>
#include <kernel/lib/compiler.h>
#include <kernel/uapi.h>

const char *syscall_name(u32 nr);	/* NULL: no such number */
