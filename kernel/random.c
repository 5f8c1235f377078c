/* SPDX-License-Identifier: MIT */
/* random.c - random bytes for everyone: a pool that is seeded at boot and stirred by interrupts,
 * generators on each CPU.
 *
 * pool is a SHA-256 chain: new input is hashed together with the old value. A CPU's generator is a
 * ChaCha20 key; each request uses the key once to make its successor and the output (fast key
 * erasure), and the key is drawn again from the pool when the pool's generation moved on. The boot
 * seed is the device tree's rng-seed, the CPU's RNDR, or virtio-rng; random_ready() says whether
 * any of them came.
 *
 * Locks: pool_lock [RANK_RANDOM]; generators by interrupts off. Ref: getrandom(2), random(4); RFC
 * 8439 (ChaCha20); Bernstein, "Fast-key- erasure random-number generators", 2017. Tests:
 * selftests/abi/cred.c
 */
#include <kernel/random.h>

#include <arch/cpu.h>
#include <arch/irqflags.h>
#include <arch/percpu.h>
#include <kernel/lib/crypto.h>
#include <kernel/lib/string.h>
#include <kernel/spinlock.h>
#include <kernel/waitq.h>

#define RESEED_NS (60 * NSEC_PER_SEC)

struct generator {
	u32 key[8];
	u64 generation;
	ktime_t seeded_at;
	u32 nr_left;
	u8 left[32];	/* of the last block: small requests */
};

static DEFINE_PER_CPU(struct generator, generators);
static struct spinlock pool_lock = SPINLOCK_INIT(RANK_RANDOM);
static u8 pool[SHA256_BYTES];		/* [pool_lock] */
static u64 pool_generation;		/* [pool_lock] 0: not seeded yet */
static u64 credited_bits;		/* [pool_lock] */
static struct waitq ready_q = WAITQ_INIT(ready_q);

void random_add(const void *data, usize n, u32 bits)
{
	irqflags_t irq = spin_lock_irq(&pool_lock);
	u64 now = cycles_now();
	struct sha256 h;
	bool first;

	sha256_init(&h);
	sha256_update(&h, pool, sizeof(pool));
	sha256_update(&h, &now, sizeof(now));
	sha256_update(&h, data, n);
	sha256_final(&h, pool);
	credited_bits += bits;
	first = pool_generation == 0 && credited_bits >= 256;
	if (pool_generation || first)
		pool_generation += bits > 0;
	spin_unlock_irq(&pool_lock, irq);
	if (first)
		waitq_wake_all(&ready_q);
}

bool random_ready(void)
{
	return READ_ONCE(pool_generation) != 0;
}

struct waitq *random_waitq(void)
{
	return &ready_q;
}

/* A new key from the pool, mixed with the CPU's own generator and time. Interrupts off. */
static void reseed(struct generator *g)
{
	struct sha256 h;
	u64 extra[3] = { cycles_now(), this_cpu_id(), 0 };
	u8 out[SHA256_BYTES];

	cpu_random(&extra[2]);
	spin_lock(&pool_lock);
	sha256_init(&h);
	sha256_update(&h, "generator", 9);
	sha256_update(&h, pool, sizeof(pool));
	sha256_update(&h, extra, sizeof(extra));
	sha256_update(&h, g->key, sizeof(g->key));
	sha256_final(&h, out);
	g->generation = pool_generation;
	/* The pool moves on, so that its later state does not tell this key. */
	sha256_init(&h);
	sha256_update(&h, "pool", 4);
	sha256_update(&h, pool, sizeof(pool));
	sha256_final(&h, pool);
	spin_unlock(&pool_lock);
	memcpy(g->key, out, sizeof(g->key));
	memset(out, 0, sizeof(out));
	g->seeded_at = arch_clock_ns();
	g->nr_left = 0;
}

/* A fresh one-time key for a request; erases it from the generator. */
static void take_key(u32 key[8])
{
	irqflags_t irq = irq_save();
	struct generator *g = this_cpu(generators);
	u32 block[16];

	if (g->generation != READ_ONCE(pool_generation) ||
	    arch_clock_ns() - g->seeded_at > RESEED_NS)
		reseed(g);
	chacha20_block(g->key, 0, block);
	memcpy(g->key, block, 32);
	memcpy(key, block + 8, 32);
	memset(block, 0, sizeof(block));
	irq_restore(irq);
}

/* At most 32 bytes, from what the last block left over when it is enough. */
static void small(u8 *out, usize n)
{
	irqflags_t irq = irq_save();
	struct generator *g = this_cpu(generators);
	u32 block[16];

	if (g->generation != READ_ONCE(pool_generation) || g->seeded_at == 0)
		reseed(g);
	if (g->nr_left < n) {
		chacha20_block(g->key, 0, block);
		memcpy(g->key, block, 32);
		memcpy(g->left, block + 8, 32);
		memset(block, 0, sizeof(block));
		g->nr_left = 32;
	}
	g->nr_left -= (u32)n;
	memcpy(out, g->left + g->nr_left, n);
	memset(g->left + g->nr_left, 0, n);
	irq_restore(irq);
}

void random_bytes(void *out, usize n)
{
	u32 key[8], block[16];
	u64 counter = 0;

	if (n <= 32) {
		small(out, n);
		return;
	}
	take_key(key);
	while (n) {
		usize part = min(n, sizeof(block));

		chacha20_block(key, counter++, block);
		memcpy(out, block, part);
		out = (u8 *)out + part;
		n -= part;
	}
	memset(block, 0, sizeof(block));
	memset(key, 0, sizeof(key));
}

u64 random_u64(void)
{
	u64 v;

	random_bytes(&v, sizeof(v));
	return v;
}

void random_init(void)
{
	u64 v;
	u32 i;

	for (i = 0; i < 8; i++)
		if (cpu_random(&v))
			random_add(&v, sizeof(v), 64);
}
