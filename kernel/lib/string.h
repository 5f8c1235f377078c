/* SPDX-License-Identifier: MIT */
/* string.h - memory and strings, standard names and meanings; str_copy() instead of strcpy() and
 * friends. */
#pragma once

#include <kernel/lib/compiler.h>

void *memcpy(void *dst, const void *src, usize n);
void *memmove(void *dst, const void *src, usize n);
void *memset(void *dst, int c, usize n);
int memcmp(const void *a, const void *b, usize n);
void *memchr(const void *s, int c, usize n);
bool mem_is_zero(const void *s, usize n);

usize strlen(const char *s);
usize strnlen(const char *s, usize max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, usize n);
char *strchr(const char *s, int c);
char *strrchr(const char *s, int c);
char *strstr(const char *s, const char *part);

/* Copies src with its NUL into dst of n bytes; when it does not fit, as much as does,
 * NUL-terminated, and -E2BIG. Else its length. */
ssize_t str_copy(char *dst, const char *src, usize n);
bool str_has_prefix(const char *s, const char *prefix);

static inline bool is_digit(int c)
{
	return c >= '0' && c <= '9';
}

static inline bool is_space(int c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static inline bool is_print(int c)
{
	return c >= 0x20 && c < 0x7f;
}
