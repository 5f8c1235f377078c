/* SPDX-License-Identifier: MIT */
/* ksyms.h - names of kernel functions, for panics, traces and /proc/<pid>/stack. */
#pragma once
#include <kernel/lib/types.h>

/* Long enough for every name the table holds, with its NUL. */
#define KSYM_NAME_LEN 128

/* The function that @addr lies in: its name into @name, the distance from its start into *@offset;
 * false outside. */
bool ksym_name(u64 addr, char name[KSYM_NAME_LEN], u64 *offset);

/* All of them, by address: for /proc/kallsyms. */
void ksym_for_each(void (*fn)(const char *name, u64 addr, void *arg), void *arg);

/* Bytes of that function, up to the next. */
u64 ksym_size(u64 addr);

/* The same with a static buffer, for a panic: valid until the next call, "?" outside the kernel's
 * text. */
const char *ksym_lookup(u64 addr, u64 *offset);
