/* SPDX-License-Identifier: MIT */
/* exec_load.c - maps an ELF image and, if it names one, its interpreter; lays out address space and
 * initial stack.
 *
 * From high to low: [stack, growing down] [gap] [mmap area, downwards] ... [PIE at two thirds] [brk
 * behind the image] ... [ET_EXEC]. Stack top, mmap base, PIE base and brk are moved at random
 * unless personality(2) or norandmaps says no.
 *
 * Initial stack, ascending from SP: argc, argv pointers, NULL, envp pointers, NULL, auxv, (random
 * padding), 16 random bytes, "aarch64", argv strings, envp strings, file name, 8 zero bytes.
 *
 * Ref: gABI "Process Initialization", AAELF64, getauxval(3), Linux
 * Documentation/arch/arm64/elf_hwcaps.rst. Tests: selftests/abi/exec.c
 */
#include <compat/exec.h>
#include <compat/vdso.h>

#include <arch/cpu.h>
#include <fs/namei.h>
#include <kernel/clock.h>
#include <kernel/cmdline.h>
#include <kernel/cred.h>
#include <kernel/file.h>
#include <kernel/lib/string.h>
#include <kernel/printk.h>
#include <kernel/random.h>
#include <kernel/rights.h>
#include <kernel/task.h>
#include <mm/aspace.h>
#include <mm/iter.h>
#include <mm/slab.h>

#define PIE_BASE	(TASK_SIZE / 3 * 2)
#define STACK_RND_PAGES 0x3ffffu	/* 1 GiB */
#define MMAP_RND_BITS	28		/* pages: 1 TiB */
#define BRK_RND_PAGES	0x2000u		/* 32 MiB */
#define STACK_INITIAL	(128 * 1024ul)
#define ADDR_NO_RANDOMIZE 0x0040000ul
#define READ_IMPLIES_EXEC 0x0400000ul
#define CLOCK_TICKS	100

CMDLINE(norandmaps, NULL);

static u64 random_pages(u64 mask)
{
	if ((current()->personality & ADDR_NO_RANDOMIZE) || cmdline_get("norandmaps"))
		return 0;
	return (random_u64() & mask) << PAGE_SHIFT;
}

static ssize_t read_at(struct file *f, void *buf, usize n, loff_t pos)
{
	struct iter it;

	iter_kernel(&it, buf, n);
	return f->obj->ops->read ? f->obj->ops->read(f, &it, &pos) : -EACCES;
}

static int read_exactly(struct file *f, void *buf, usize n, u64 pos)
{
	ssize_t got = read_at(f, buf, n, (loff_t)pos);

	return got < 0 ? (int)got : (usize)got == n ? 0 : -EIO;
}

/* What code of this image is to be mapped with: PROT_EXEC, and PROT_BTI when its note says so. A
 * bad note is told on any CPU. */
static int code_prot(struct file *f, const struct elf_image *im, u32 *prot)
{
	auto_kfree u8 *note = NULL;
	bool bti = false;
	int err = 0;

	*prot = PROT_EXEC;
	if (!im->note_len)
		return 0;
	note = kmalloc(im->note_len, PAGE_KERNEL);
	if (!note)
		return -ENOMEM;
	err = read_exactly(f, note, im->note_len, im->note_off);
	if (!err)
		err = elf_property_bti(note, im->note_len, &bti);
	if (bti && cpu_has(CPU_BTI))
		*prot |= PROT_BTI;
	return err;
}

static u32 segment_prot(u32 flags, u32 exec)
{
	return (flags & PF_R ? PROT_READ : 0) | (flags & PF_W ? PROT_WRITE : 0) |
	       (flags & PF_X ? exec : 0);
}

/* Zeroes the rest of the page behind a segment's file bytes. */
static int clear_tail(struct aspace *as, u64 from)
{
	static const u8 zeros[PAGE_SIZE];
	u64 n = ALIGN_UP(from, PAGE_SIZE) - from;

	return n && aspace_access(as, from, (void *)zeros, n, true) < 0 ? -EFAULT : 0;
}

/* What comes later lies on top. What has no file behind it can be written to whatever the flags say
 * (Linux: it is brk's). */
static int map_segment(struct aspace *as, struct file *f, const struct elf_segment *s, u64 bias,
		       u32 exec)
{
	u64 at = ALIGN_DOWN(s->vaddr + bias, PAGE_SIZE), off = s->offset & ~PAGE_MASK;
	u64 file_end = s->vaddr + bias + s->filesz,
	    mem_end = ALIGN_UP(s->vaddr + bias + s->memsz, PAGE_SIZE);
	u32 prot = segment_prot(s->flags, exec);
	u64 anon = ALIGN_UP(file_end, PAGE_SIZE);
	long ret;
	int err;

	if (s->filesz) {
		ret = aspace_mmap(as, at, s->filesz + off, prot, MAP_PRIVATE | MAP_FIXED, f,
				  RIGHTS_ALL, (s->offset - off) >> PAGE_SHIFT);
		if (ret < 0)
			return (int)ret;
	} else {
		anon = at;
	}
	if (s->memsz == s->filesz)
		return 0;
	if (s->filesz && (prot & PROT_WRITE)) {
		err = clear_tail(as, file_end);
		if (err)
			return err;
	}
	if (mem_end > anon) {
		ret = aspace_mmap(as, anon, mem_end - anon,
				  PROT_READ | PROT_WRITE | (prot & PROT_EXEC),
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, NULL, 0, 0);
		if (ret < 0)
			return (int)ret;
	}
	return 0;
}

static int map_image(struct aspace *as, struct file *f, const struct elf_header *h, const u8 *phdrs,
		     u64 bias, u32 exec)
{
	u32 i;

	for (i = 0; i < h->phnum; i++) {
		struct elf_segment s = elf_segment_at(phdrs, i);
		int err;

		if (s.type != PT_LOAD || !s.memsz)
			continue;
		err = map_segment(as, f, &s, bias, exec);
		if (err)
			return err;
	}
	return 0;
}

/* Reads header and segments. *phdrs is to be freed. */
static int read_image(struct file *f, const u8 *head, usize head_len, struct elf_header *h,
		      u8 **phdrs, struct elf_image *im)
{
	int err = elf_parse_header(head, head_len, h);

	if (err)
		return err;
	*phdrs = kmalloc((usize)h->phnum * ELF_PHDR_BYTES, PAGE_KERNEL);
	if (!*phdrs)
		return -ENOMEM;
	err = read_exactly(f, *phdrs, (usize)h->phnum * ELF_PHDR_BYTES, h->phoff);
	if (err == -EIO)
		err = -ENOEXEC;
	return err ? err : elf_parse_segments(h, *phdrs, im);
}

/* Room for a position-independent image: its bias. */
static int place_dyn(struct aspace *as, const struct elf_image *im, u64 want, u64 *bias)
{
	u64 len = im->hi - im->lo;
	long at = aspace_mmap(as, want, len + im->align, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
			      NULL, 0, 0);
	int err;

	if (at < 0)
		return (int)at;
	err = aspace_munmap(as, (u64)at, len + im->align);
	*bias = ALIGN_UP((u64)at, im->align) - im->lo;
	return err;
}

/* The program that PT_INTERP names. */
struct interp {
	struct file *file;
	struct elf_header h;
	struct elf_image im;
	u8 *phdrs;
};

/* Opens it and looks at its head: Linux does so before it gives up the old program. */
static int find_interp(struct file *f, const struct elf_image *program, struct interp *in,
		       bool *doomed)
{
	auto_kfree char *name = kmalloc(program->interp_len + 8, PAGE_KERNEL);
	u8 head[ELF_HEADER_BYTES];
	ssize_t n;
	int err;

	if (!name)
		return -ENOMEM;
	err = read_exactly(f, name, program->interp_len, program->interp_off);
	if (err || name[program->interp_len - 1])
		return -ENOEXEC;
	err = vfs_open_exec(AT_FDCWD, name, 0, &in->file);
	if (err)
		return err;
	n = read_at(in->file, head, sizeof(head), 0);
	err = n < 0 ? (int)n : read_image(in->file, head, (usize)n, &in->h, &in->phdrs, &in->im);
	*doomed = err == -EINVAL;
	return err == -ENOEXEC ? -ELIBBAD : err;
}

static int map_interp(struct aspace *as, struct interp *in, u32 exec, struct loaded *out)
{
	u64 bias = 0;
	int err = 0;

	if (in->h.is_dyn)
		err = place_dyn(as, &in->im, 0, &bias);
	if (!err)
		err = map_image(as, in->file, &in->h, in->phdrs, bias, exec);
	out->base = bias + (in->h.is_dyn ? in->im.lo : 0);
	out->start = in->h.entry + bias;
	return err;
}

static void set_layout(struct aspace *as, const struct loaded *l)
{
	const struct elf_image *im = &l->image;
	u64 end = im->hi + l->bias;

	as->start_code = im->code_lo + l->bias;
	as->end_code = im->code_hi + l->bias;
	as->start_data = im->data_lo + l->bias;
	as->end_data = im->data_hi + l->bias;
	as->brk_start = as->brk = end + random_pages(BRK_RND_PAGES - 1);
}

/* The stack's end. At random places the vDSO lies above it, behind a free page, below the next
 * multiple of PMD_SIZE: an idle process needs a page table less for each level that they share. */
static u64 place_stack(u64 room)
{
	u64 down = random_pages(STACK_RND_PAGES), end = TASK_SIZE - down;

	if (!down)
		return TASK_SIZE;
	end = min(end, TASK_SIZE - room);
	return (end - 1) / PMD_SIZE == (end + room - 1) / PMD_SIZE
		       ? end
		       : ALIGN_DOWN(end + room, PMD_SIZE) - room;
}

static int map_program(struct aspace *as, struct file *f, const struct elf_header *h,
		       const u8 *phdrs, u32 exec, struct loaded *out)
{
	bool has_interp = out->image.interp_len;
	int err = 0;

	if (h->is_dyn)
		err = place_dyn(as, &out->image,
				has_interp ? PIE_BASE + random_pages(BIT(MMAP_RND_BITS) - 1) : 0,
				&out->bias);
	if (!err)	/* code that an interpreter links is its business: it calls mprotect */
		err = map_image(as, f, h, phdrs, out->bias, has_interp ? PROT_EXEC : exec);
	if (err)
		return err;
	out->entry = out->start = h->entry + out->bias;
	out->phdr = out->image.phdr_vaddr ? out->image.phdr_vaddr + out->bias : 0;
	out->phnum = h->phnum;
	set_layout(as, out);
	return 0;
}

static int load(struct aspace *as, struct file *f, const u8 *head, usize head_len,
		struct loaded *out, struct interp *in)
{
	bool *doomed = &out->doomed;
	auto_kfree u8 *phdrs = NULL;
	struct elf_header h;
	u32 exec = PROT_EXEC;
	int err, bad;

	bad = read_image(f, head, head_len, &h, &phdrs, &out->image);
	if (bad && bad != -EINVAL)
		return bad;
	err = out->image.interp_len ? find_interp(f, &out->image, in, doomed) : 0;
	if (!err)
		err = in->file ? code_prot(in->file, &in->im, &exec)
			       : code_prot(f, &out->image, &exec);
	if (err)
		return err;
	*doomed = true;
	if (bad)
		return bad;
	as->stack_top = place_stack(vdso_bytes() + PAGE_SIZE);
	as->mmap_base = as->stack_top -
			max(min(rlimit(RLIMIT_STACK), TASK_SIZE / 6 * 5), 128ul << 20) -
			(1ul << 20) - random_pages(BIT(MMAP_RND_BITS) - 1);
	as->mmap_base &= PAGE_MASK;
	err = map_program(as, f, &h, phdrs, exec, out);
	if (!err && in->file)
		err = map_interp(as, in, exec, out);
	if (!err && out->start >= TASK_SIZE)
		err = -EINVAL;
	return err;
}

int exec_load(struct aspace *as, struct file *f, const u8 *head, usize head_len, struct loaded *out)
{
	struct interp in = { .file = NULL };
	int err;

	*out = (struct loaded){ .base = 0 };
	err = load(as, f, head, head_len, out, &in);
	if (in.file)
		file_put(in.file);
	kfree(in.phdrs);
	return err;
}

/* ---- the initial stack ---- */

struct builder {
	struct aspace *as;
	u64 auxv[AUXV_WORDS];
	u32 nr;
};

static void aux(struct builder *b, u64 type, u64 value)
{
	assert(b->nr + 2 <= AUXV_WORDS);
	b->auxv[b->nr++] = type;
	b->auxv[b->nr++] = value;
}

static void fill_auxv(struct builder *b, const struct loaded *l, const struct cred *c, u64 random,
		      u64 platform, u64 execfn)
{
	aux(b, AT_SYSINFO_EHDR, b->as->vdso);
	aux(b, AT_HWCAP, cpu_hwcap());
	aux(b, AT_PAGESZ, PAGE_SIZE);
	aux(b, AT_CLKTCK, CLOCK_TICKS);
	aux(b, AT_PHDR, l->phdr);
	aux(b, AT_PHENT, ELF_PHDR_BYTES);
	aux(b, AT_PHNUM, l->phnum);
	aux(b, AT_BASE, l->base);
	aux(b, AT_FLAGS, 0);
	aux(b, AT_ENTRY, l->entry);
	aux(b, AT_UID, c->uid.v);
	aux(b, AT_EUID, c->euid.v);
	aux(b, AT_GID, c->gid.v);
	aux(b, AT_EGID, c->egid.v);
	aux(b, AT_SECURE, !uid_eq(c->uid, c->euid) || !gid_eq(c->gid, c->egid));
	aux(b, AT_RANDOM, random);
	aux(b, AT_HWCAP2, cpu_hwcap2());
	aux(b, AT_MINSIGSTKSZ, MINSIGSTKSZ);
	aux(b, AT_EXECFN, execfn);
	aux(b, AT_PLATFORM, platform);
	aux(b, AT_NULL, 0);
}

static int put(struct aspace *as, u64 at, const void *src, usize n)
{
	return aspace_access(as, at, (void *)src, n, true) == (ssize_t)n ? 0 : -EFAULT;
}

/* Pointers to nr consecutive strings that start at offset off of the block, which lies at base;
 * *off moves behind them. */
static int put_pointers(struct aspace *as, const struct arg_block *a, u64 base, u64 *off, u32 nr,
			u64 *at)
{
	u64 batch[64];
	u32 i, n = 0;

	for (i = 0; i <= nr; i++) {
		batch[n++] = i < nr ? base + *off : 0;
		if (n == ARRAY_SIZE(batch) || i == nr) {
			if (put(as, *at, batch, n * sizeof(u64)))
				return -EFAULT;
			*at += n * sizeof(u64);
			n = 0;
		}
		if (i < nr) {
			while (args_byte(a, *off))
				(*off)++;
			(*off)++;
		}
	}
	return 0;
}

static int map_stack(struct aspace *as, u64 bytes, bool exec)
{
	u64 top = as->stack_top, size = ALIGN_UP(bytes, PAGE_SIZE) + STACK_INITIAL;
	long ret = aspace_mmap(as, top - size, size,
			       PROT_READ | PROT_WRITE | (exec ? PROT_EXEC : 0),
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_GROWSDOWN, NULL, 0, 0);
	struct vma *v;

	if (ret < 0)
		return (int)ret;
	rw_write_lock(&as->lock);
	v = aspace_find(as, top - PAGE_SIZE);
	v->flags |= VMA_STACK;
	rw_write_unlock(&as->lock);
	return 0;
}

int exec_build_stack(struct aspace *as, const struct arg_block *a, const struct loaded *l,
		     const struct cred *c, u64 *sp_out)
{
	static const char platform[16] = "aarch64";
	struct builder b = { .as = as };
	u64 strings = ALIGN_DOWN(as->stack_top - 8 - a->len, 16ul);	/* the block, as gathered */
	u64 random = strings - 32, sp, at, off = 0, rnd[2], argc = a->argc, words;
	int err;

	err = map_stack(as, a->len + (a->argc + a->envc + 64) * 8, l->image.exec_stack);
	if (!err)
		err = vdso_map(as);
	if (err)
		return err;
	random_bytes(rnd, sizeof(rnd));
	fill_auxv(&b, l, c, random, random + 16, strings + a->name_off);
	words = 1 + a->argc + 1 + a->envc + 1 + b.nr;
	sp = ALIGN_DOWN(random - (random_pages(0xf) >> 8) - words * 8, 16ul);
	at = sp;
	err = put(as, at, &argc, 8);
	at += 8;
	if (!err)
		err = put_pointers(as, a, strings, &off, a->argc, &at);
	if (!err)
		err = put_pointers(as, a, strings, &off, a->envc, &at);
	if (!err)
		err = put(as, at, b.auxv, b.nr * 8);
	if (!err)
		err = put(as, random, rnd, sizeof(rnd));
	if (!err)
		err = put(as, random + 16, platform, sizeof(platform));
	if (!err)
		err = args_copy_out(a, as, strings, 0, a->len);
	as->arg_start = strings;
	as->arg_end = as->env_start = strings + a->env_off;
	as->env_end = strings + a->name_off;
	memcpy(as->auxv, b.auxv, b.nr * 8);
	as->nr_auxv = b.nr;
	*sp_out = sp;
	return err;
}
