/* SPDX-License-Identifier: MIT */
/* crc.h - cyclic redundancy checks of stored formats. Pure.
 *
 * All take the register as it is and give it back as it is: the inversions at start and end that
 * some formats ask for are the caller's.
 * Ref: ISO 3309 (crc32), RFC 3720 12.1 (crc32c), ANSI CRC-16. Tests: selftests/unit/crc_test.c */
#pragma once

#include <kernel/lib/compiler.h>

u32 crc32c(u32 crc, const void *p, usize n);	/* Castagnoli, reflected 0x82f63b78: ext4, jbd2 */
u32 crc32c_table(u32 crc, const void *p, usize n);	/* the same without the processor's help */
u32 crc32_ieee(u32 crc, const void *p, usize n);	/* reflected 0xedb88320: GPT */
/* 0x04c11db7, high bit first: jbd2's first commit checksum */
u32 crc32_be(u32 crc, const void *p, usize n);
/* reflected 0xa001: group descriptors of ext4 without metadata_csum */
u16 crc16(u16 crc, const void *p, usize n);

/* A machine that has an instruction for CRC-32C sets this once at boot. */
typedef u32 crc32c_fn(u32 crc, const void *p, usize n);
extern crc32c_fn *crc32c_hook;
