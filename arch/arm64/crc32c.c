/* SPDX-License-Identifier: MIT */
/* crc32c.c - CRC-32C by the processor: eight bytes an instruction. Ref: Arm ARM C6.2 (CRC32CX),
 * FEAT_CRC32. Tests: selftests/ktest/string.c */
#include "cpu_int.h"

#include <kernel/lib/crc.h>

static inline u32 step8(u32 crc, u64 v)
{
	__asm__(".arch_extension crc\n\tcrc32cx %w0, %w0, %x1"
		: "+r"(crc)
		: "r"(v));
	return crc;
}

static inline u32 step1(u32 crc, u8 v)
{
	__asm__(".arch_extension crc\n\tcrc32cb %w0, %w0, %w1"
		: "+r"(crc)
		: "r"((u32)v));
	return crc;
}

static u32 crc32c_cpu(u32 crc, const void *p, usize n)
{
	const u8 *b = p;

	for (; n && (u64)b % 8; n--)
		crc = step1(crc, *b++);
	for (; n >= 8; n -= 8, b += 8)
		crc = step8(crc, *(const u64 *)b);
	while (n--)
		crc = step1(crc, *b++);
	return crc;
}

void crc_init(void)
{
	if ((cpu_id_reg(ISAR0) >> 16) & 0xf)
		crc32c_hook = crc32c_cpu;
}
