/* SPDX-License-Identifier: MIT */
/* byteorder.h - numbers as they lie in packets and on disks. The kernel runs little-endian. */
#pragma once

#include <kernel/lib/types.h>

static inline u16 cpu_to_be16(u16 v) { return __builtin_bswap16(v); }
static inline u32 cpu_to_be32(u32 v) { return __builtin_bswap32(v); }
static inline u64 cpu_to_be64(u64 v) { return __builtin_bswap64(v); }
#define be16_to_cpu cpu_to_be16
#define be32_to_cpu cpu_to_be32
#define be64_to_cpu cpu_to_be64

/* At any address. */
static inline u16 get_be16(const void *p)
{
	u16 v;
	__builtin_memcpy(&v, p, sizeof(v));
	return be16_to_cpu(v);
}
static inline u32 get_be32(const void *p)
{
	u32 v;
	__builtin_memcpy(&v, p, sizeof(v));
	return be32_to_cpu(v);
}
static inline u64 get_be64(const void *p)
{
	u64 v;
	__builtin_memcpy(&v, p, sizeof(v));
	return be64_to_cpu(v);
}
static inline void put_be16(void *p, u16 v)
{
	v = cpu_to_be16(v);
	__builtin_memcpy(p, &v, sizeof(v));
}
static inline void put_be32(void *p, u32 v)
{
	v = cpu_to_be32(v);
	__builtin_memcpy(p, &v, sizeof(v));
}
static inline void put_be64(void *p, u64 v)
{
	v = cpu_to_be64(v);
	__builtin_memcpy(p, &v, sizeof(v));
}
static inline u16 get_le16(const void *p) { u16 v; __builtin_memcpy(&v, p, sizeof(v)); return v; }
static inline u32 get_le32(const void *p) { u32 v; __builtin_memcpy(&v, p, sizeof(v)); return v; }
static inline u64 get_le64(const void *p) { u64 v; __builtin_memcpy(&v, p, sizeof(v)); return v; }
static inline void put_le16(void *p, u16 v) { __builtin_memcpy(p, &v, sizeof(v)); }
static inline void put_le32(void *p, u32 v) { __builtin_memcpy(p, &v, sizeof(v)); }
static inline void put_le64(void *p, u64 v) { __builtin_memcpy(p, &v, sizeof(v)); }
