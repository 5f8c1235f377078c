/* SPDX-License-Identifier: MIT */
/* crypto.c - ChaCha20 and SHA-256, plain and constant-time. Ref: RFC 8439 2.1-2.3, FIPS 180-4 5,
 * 6.2.
 * Tests: selftests/unit/crypto_test.c (the documents' vectors) */
#include <kernel/lib/crypto.h>

#include <kernel/lib/string.h>

static inline u32 rol(u32 v, u32 n)
{
	return (v << n) | (v >> (32 - n));
}

static inline u32 ror(u32 v, u32 n)
{
	return (v >> n) | (v << (32 - n));
}

#define QUARTER(a, b, c, d) do {				\
	a += b; d = rol(d ^ a, 16); c += d; b = rol(b ^ c, 12);	\
	a += b; d = rol(d ^ a, 8);  c += d; b = rol(b ^ c, 7);	\
} while (0)

void chacha20_block(const u32 key[8], u64 counter, u32 out[16])
{
	u32 in[16] = { 0x61707865, 0x3320646e, 0x79622d32, 0x6b206574 }, *x = out;
	u32 i;

	memcpy(in + 4, key, 32);
	in[12] = (u32)counter;
	in[13] = (u32)(counter >> 32);
	in[14] = in[15] = 0;
	memcpy(x, in, sizeof(in));
	for (i = 0; i < 10; i++) {
		QUARTER(x[0], x[4], x[8], x[12]);
		QUARTER(x[1], x[5], x[9], x[13]);
		QUARTER(x[2], x[6], x[10], x[14]);
		QUARTER(x[3], x[7], x[11], x[15]);
		QUARTER(x[0], x[5], x[10], x[15]);
		QUARTER(x[1], x[6], x[11], x[12]);
		QUARTER(x[2], x[7], x[8], x[13]);
		QUARTER(x[3], x[4], x[9], x[14]);
	}
	for (i = 0; i < 16; i++)
		x[i] += in[i];
	memset(in, 0, sizeof(in));
}

static const u32 k[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
	0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
	0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
	0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
	0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
	0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
	0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
	0xc67178f2,
};

void sha256_init(struct sha256 *s)
{
	static const u32 start[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
				      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };

	memcpy(s->state, start, sizeof(start));
	s->len_bytes = 0;
}

static void schedule_words(const u8 *p, u32 w[64])
{
	u32 i;

	for (i = 0; i < 16; i++)
		w[i] = (u32)p[4 * i] << 24 | (u32)p[4 * i + 1] << 16 | (u32)p[4 * i + 2] << 8 |
		       p[4 * i + 3];
	for (; i < 64; i++) {
		u32 a = w[i - 15], b = w[i - 2];

		w[i] = w[i - 16] + (ror(a, 7) ^ ror(a, 18) ^ (a >> 3)) + w[i - 7] +
		       (ror(b, 17) ^ ror(b, 19) ^ (b >> 10));
	}
}

static void compress(struct sha256 *s, const u8 *p)
{
	u32 w[64], v[8], i;

	schedule_words(p, w);
	memcpy(v, s->state, sizeof(v));
	for (i = 0; i < 64; i++) {
		u32 e = v[4], a = v[0];
		u32 t1 = v[7] + (ror(e, 6) ^ ror(e, 11) ^ ror(e, 25)) + ((e & v[5]) ^ (~e & v[6])) +
			 k[i] + w[i];
		u32 t2 = (ror(a, 2) ^ ror(a, 13) ^ ror(a, 22)) +
			 ((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));

		v[7] = v[6];
		v[6] = v[5];
		v[5] = e;
		v[4] = v[3] + t1;
		v[3] = v[2];
		v[2] = v[1];
		v[1] = a;
		v[0] = t1 + t2;
	}
	for (i = 0; i < 8; i++)
		s->state[i] += v[i];
}

void sha256_update(struct sha256 *s, const void *data, usize n)
{
	const u8 *p = data;
	usize used = s->len_bytes & 63;

	s->len_bytes += n;
	while (n) {
		usize part = min(64 - used, n);

		memcpy(s->buf + used, p, part);
		p += part;
		n -= part;
		used += part;
		if (used == 64) {
			compress(s, s->buf);
			used = 0;
		}
	}
}

void sha256_final(struct sha256 *s, u8 out[SHA256_BYTES])
{
	u64 bits = s->len_bytes * 8;
	u8 pad[72] = { 0x80 };
	usize n = (s->len_bytes & 63) < 56 ? 56 - (s->len_bytes & 63) : 120 - (s->len_bytes & 63);
	u32 i;

	for (i = 0; i < 8; i++)
		pad[n + i] = (u8)(bits >> (56 - 8 * i));
	sha256_update(s, pad, n + 8);
	for (i = 0; i < 32; i++)
		out[i] = (u8)(s->state[i / 4] >> (24 - 8 * (i % 4)));
}
