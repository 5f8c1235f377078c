/* SPDX-License-Identifier: MIT */
#pragma once

#include <kernel/lib/compiler.h>

/* One command of /proc/sysrq-trigger but s and u, which are the file layer's. May not return.
 * Context: may sleep. */
void sysrq(char command);
