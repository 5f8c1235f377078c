/* SPDX-License-Identifier: MIT */
/* vdso_map.c - the pages of the vDSO: data below, code above, the same in every address space.
 *
 * Locks: the data page is written under clock.c's set lock by clock_changed_hook; readers retry on
 * seq. Ref: vdso(7).
 * Tests: selftests/abi/time.c
 */
#include <compat/vdso.h>
#include <compat/vdso/data.h>

#include <arch/barrier.h>
#include <arch/cpu.h>
#include <kernel/clock.h>
#include <kernel/lib/string.h>
#include <kernel/printk.h>
#include <kernel/random.h>
#include <kernel/uapi.h>
#include <mm/aspace.h>
#include <mm/page.h>

#define MAX_CODE_PAGES 4

extern const u8 vdso_image_start[], vdso_image_end[];

static struct page *pages[1 + MAX_CODE_PAGES];
static u64 nr_code;
static u64 sigreturn_offset;
static struct vdso_data *data;

struct sym {
	u32 name;
	u8 info, other;
	u16 shndx;
	u64 value, size;
};

struct dyn {
	s64 tag;
	u64 val;
};

/* The value of a symbol of the image; its own build made it, so a miss is a bug. */
static u64 find_symbol(const char *name)
{
	const u8 *im = vdso_image_start;
	u64 phoff, i, symtab = 0, strtab = 0, hash = 0;
	const struct dyn *d = NULL;

	memcpy(&phoff, im + 32, 8);
	for (i = 0; i < im[56]; i++) {
		const u8 *ph = im + phoff + i * 56;

		if (*(const u32 *)ph == 2) {	/* PT_DYNAMIC */
			memcpy(&i, ph + 8, 8);
			d = (const struct dyn *)(im + i);
			break;
		}
	}
	for (; d && d->tag; d++) {
		if (d->tag == 4)
			hash = d->val;
		else if (d->tag == 5)
			strtab = d->val;
		else if (d->tag == 6)
			symtab = d->val;
	}
	for (i = 0; hash && i < ((const u32 *)(im + hash))[1]; i++) {
		const struct sym *s = (const struct sym *)(im + symtab) + i;

		if (strcmp((const char *)im + strtab + s->name, name) == 0)
			return s->value;
	}
	panic("vdso: no symbol %s", name);
}

/* Clocks that are the counter plus an offset. */
static const u8 by_counter[] = {
	CLOCK_REALTIME,	       CLOCK_MONOTONIC,	       CLOCK_MONOTONIC_RAW,
	CLOCK_REALTIME_COARSE, CLOCK_MONOTONIC_COARSE, CLOCK_BOOTTIME,
};

static void update(void)
{
	struct vdso_clock now;

	clock_realtime_scale(&now.mult, &now.offset_ns);
	WRITE_ONCE(data->seq, data->seq + 1);
	smp_wmb();
	data->clock[CLOCK_REALTIME] = data->clock[CLOCK_REALTIME_COARSE] = now;
	smp_wmb();
	WRITE_ONCE(data->seq, data->seq + 1);
}

void vdso_init(void)
{
	usize len = (usize)(vdso_image_end - vdso_image_start);
	u64 i;

	nr_code = DIV_ROUND_UP(len, PAGE_SIZE);
	assert(nr_code <= MAX_CODE_PAGES);
	for (i = 0; i <= nr_code; i++) {
		pages[i] = page_alloc(0, PAGE_KERNEL | PAGE_ZEROED);
		assert(pages[i]);
		if (i)
			memcpy(page_to_virt(pages[i]), vdso_image_start + (i - 1) * PAGE_SIZE,
			       min(len - (i - 1) * PAGE_SIZE, PAGE_SIZE));
		cache_sync_code((u64)page_to_virt(pages[i]), PAGE_SIZE);
	}
	data = page_to_virt(pages[0]);
	sigreturn_offset = find_symbol("__kernel_rt_sigreturn");
	for (i = 0; i < ARRAY_SIZE(by_counter); i++)
		data->clock[by_counter[i]].mult = arch_clock_mult();
	clock_changed_hook = update;
	update();
}

u64 vdso_sigreturn_offset(void)
{
	return sigreturn_offset;
}

u64 vdso_bytes(void)
{
	return (1 + nr_code) * PAGE_SIZE;
}

/* Above the stack where exec_load() left room for it, else anywhere. */
int vdso_map(struct aspace *as)
{
	u64 len = vdso_bytes(), room = ALIGN_UP(as->stack_top, PMD_SIZE) - as->stack_top;
	long at = (long)(as->stack_top + PAGE_SIZE);
	int err = 0;

	if (room > len) {
		at += (long)((random_u64() % ((room - len) / PAGE_SIZE)) * PAGE_SIZE);
	} else {
		at = aspace_mmap(as, 0, len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, NULL, 0, 0);
		if (at < 0)
			return (int)at;
		err = aspace_munmap(as, (u64)at, len);
	}
	if (!err)
		err = aspace_map_special(as, (u64)at, PAGE_SIZE, VMA_READ | VMA_MAY_READ, "[vvar]",
					 pages);
	if (!err)
		err = aspace_map_special(as, (u64)at + PAGE_SIZE, nr_code * PAGE_SIZE,
					 VMA_READ | VMA_EXEC | VMA_MAY_READ | VMA_MAY_WRITE |
						 VMA_MAY_EXEC | (cpu_has(CPU_BTI) ? VMA_BTI : 0),
					 "[vdso]", pages + 1);
	as->vdso = (u64)at + PAGE_SIZE;
	return err;
}
