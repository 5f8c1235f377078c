/* SPDX-License-Identifier: MIT */
/* fmt.h - formatted text into a buffer, and numbers out of text. Pure.
 *
 * Conversions: d i u x X o c s p %, with flags - 0 + space #, width and precision (also *), lengths
 * hh h l ll z j t. %p prints 16 hexadecimal digits; %pS a kernel address as symbol+0xoffset
 * (through fmt_symbol_hook).
 */
#pragma once

#include <kernel/lib/compiler.h>

typedef __builtin_va_list va_list;
#define va_start(ap, last) __builtin_va_start(ap, last)
#define va_end(ap)	   __builtin_va_end(ap)
#define va_arg(ap, type)   __builtin_va_arg(ap, type)
#define va_copy(d, s)	   __builtin_va_copy(d, s)

/* As snprintf: always terminates buf when n > 0; returns the length the whole text has. */
int fmt_print(char *buf, usize n, const char *fmt, ...) __printf(3, 4);
int fmt_vprint(char *buf, usize n, const char *fmt, va_list ap) __printf(3, 0);
/* Returns what was stored without the NUL: for building text piece by piece. */
usize fmt_append(char *buf, usize size, usize at, const char *fmt, ...) __printf(4, 5);

/* Name of the function that addr lies in; NULL when unknown. Set once by whoever has symbols. */
extern const char *(*fmt_symbol_hook)(u64 addr, u64 *offset);

/* Digits of base 2 to 16 (base 0: as C writes it, 0x and 0 prefixes). *end: first character not
 * used (may be NULL: then all of s must be used, but for one newline). -EINVAL without digits or
 * with text behind them, -ERANGE on overflow. */
int __must_check parse_u64(const char *s, int base, u64 *out, const char **end);
/* 12, 0x12, 12k, 12M, 12g up to e: bytes; *end is behind the unit. */
int __must_check memparse(const char *s, u64 *bytes, const char **end);
int __must_check parse_s64(const char *s, int base, s64 *out, const char **end);
