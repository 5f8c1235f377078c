/* SPDX-License-Identifier: MIT */
#pragma once

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long u64;
typedef signed char s8;
typedef signed short s16;
typedef signed int s32;
typedef signed long s64;
typedef unsigned __int128 u128;
typedef __int128 s128;

typedef unsigned long usize;
typedef long ssize_t;
typedef long loff_t;
typedef int pid_t;

typedef _Bool bool;
#define true  1
#define false 0
#define NULL  ((void *)0)

#define U8_MAX	((u8)~0)
#define U16_MAX ((u16)~0)
#define U32_MAX (~0u)
#define S32_MAX ((s32)(U32_MAX >> 1))
#define S32_MIN (-S32_MAX - 1)
#define U64_MAX (~0ul)
#define S64_MAX ((s64)(U64_MAX >> 1))
#define S64_MIN (-S64_MAX - 1)

/* Unit types. They must not mix: an address of RAM, an address in a program, a time in ns. */
typedef u64 paddr_t;
typedef struct {
	u64 va;
} uaddr_t;
typedef s64 ktime_t;

#define UADDR(x)   ((uaddr_t){ (u64)(x) })
#define UADDR_NULL UADDR(0)
#define NSEC_PER_SEC  1000000000l
#define NSEC_PER_MSEC 1000000l
#define NSEC_PER_USEC 1000l
