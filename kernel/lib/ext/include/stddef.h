/* SPDX-License-Identifier: MIT */
/* stddef.h - for library sources that the kernel links. */
#pragma once
#include <kernel/lib/types.h>

typedef __SIZE_TYPE__ size_t;
typedef __PTRDIFF_TYPE__ ptrdiff_t;

#ifndef NULL
#define NULL ((void *)0)
#endif
#ifndef offsetof
#define offsetof(type, member) __builtin_offsetof(type, member)
#endif
