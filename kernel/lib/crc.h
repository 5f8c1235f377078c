/* SPDX-License-Identifier: MIT */
/* crc.h - CRC-32C (Castagnoli) and CRC-16 (ARC), as disk formats use them: reflected, no inversion of the start or the result. */
#pragma once

#include <kernel/lib/compiler.h>

/* Goes on from crc. The usual CRC-32C of a text is ~crc32c(~0u, text, n). */
u32 crc32c(u32 crc, const void *p, usize n);
u16 crc16(u16 crc, const void *p, usize n);
