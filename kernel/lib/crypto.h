/* SPDX-License-Identifier: MIT */
/* crypto.h - ChaCha20 for random numbers, SHA-256 for seeds and images. Pure. Ref: RFC 8439 2.3,
 * FIPS 180-4 6.2. */
#pragma once

#include <kernel/lib/compiler.h>

/* One block of key stream, 64-bit counter, zero nonce. */
void chacha20_block(const u32 key[8], u64 counter, u32 out[16]);

#define SHA256_BYTES 32

struct sha256 {
	u32 state[8];
	u64 len_bytes;
	u8 buf[64];
};

void sha256_init(struct sha256 *s);
void sha256_update(struct sha256 *s, const void *data, usize n);
void sha256_final(struct sha256 *s, u8 out[SHA256_BYTES]);
