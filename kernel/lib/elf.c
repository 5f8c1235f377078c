/* SPDX-License-Identifier: MIT */
/* elf.c - ELF64 executables for AArch64, as untrusted bytes.
 *
 * Invariant: after elf_parse_segments() every PT_LOAD has vaddr + memsz and offset + filesz without
 * overflow and below the user limit, filesz <= memsz, vaddr and offset congruent modulo the page
 * size, and the segments ascend. So loading needs no further checks.
 * Ref: gABI chapter 5, elf(5). Tests: selftests/unit/elf_test.c, selftests/fuzz/elf_fuzz.c
 */
#include <kernel/lib/elf.h>

#include <kernel/lib/string.h>

#define ENOEXEC_ (-8)
#define EINVAL_	 (-22)
#define PAGE	 4096ul
#define USER_END (1ul << 48)
#define EM_AARCH64 183
#define ET_EXEC	   2
#define ET_DYN	   3
#define NT_GNU_PROPERTY_TYPE_0 5
#define GNU_PROPERTY_AARCH64_FEATURE_1_AND 0xc0000000
#define GNU_PROPERTY_AARCH64_FEATURE_1_BTI 1

static u64 get(const u8 *p, u32 n)
{
	u64 v = 0;

	while (n--)
		v = v << 8 | p[n];
	return v;
}

int elf_parse_header(const u8 *h, usize n, struct elf_header *out)
{
	static const u8 ident[4] = { 0x7f, 'E', 'L', 'F' };
	u64 type;

	if (n < ELF_HEADER_BYTES || memcmp(h, ident, sizeof(ident)) != 0)
		return ENOEXEC_;
	type = get(h + 16, 2);
	if ((type != ET_EXEC && type != ET_DYN) || get(h + 18, 2) != EM_AARCH64 ||
	    get(h + 54, 2) != ELF_PHDR_BYTES)
		return ENOEXEC_;
	out->is_dyn = type == ET_DYN;
	out->entry = get(h + 24, 8);
	out->phoff = get(h + 32, 8);
	out->phnum = (u32)get(h + 56, 2);
	if (out->phnum == 0 || out->phnum > ELF_MAX_PHDRS || out->phoff > (U64_MAX >> 1))
		return ENOEXEC_;
	return 0;
}

struct elf_segment elf_segment_at(const u8 *phdrs, u32 i)
{
	const u8 *p = phdrs + (usize)i * ELF_PHDR_BYTES;

	return (struct elf_segment){ (u32)get(p, 4), (u32)get(p + 4, 4), get(p + 8, 8),
				     get(p + 16, 8), get(p + 32, 8),	 get(p + 40, 8),
				     get(p + 48, 8) };
}

static bool load_sane(const struct elf_segment *s)
{
	u64 end, file_end;

	if (add_of(s->vaddr, s->memsz, &end) || end > USER_END - PAGE)
		return false;
	if (add_of(s->offset, s->filesz, &file_end) || file_end > (U64_MAX >> 1) ||
	    s->filesz > s->memsz)
		return false;
	return !s->filesz || ((s->vaddr ^ s->offset) & (PAGE - 1)) == 0;
}

static void note_load(const struct elf_header *h, const struct elf_segment *s, struct elf_image *im,
		      bool first)
{
	u64 start = s->vaddr & ~(PAGE - 1), end = s->vaddr + s->memsz,
	    file_end = s->vaddr + s->filesz;

	im->lo = first ? start : min(im->lo, start);
	im->hi = max(im->hi, (end + PAGE - 1) & ~(PAGE - 1));
	if (s->align > im->align && (s->align & (s->align - 1)) == 0)
		im->align = s->align;
	if (s->offset <= h->phoff && h->phoff - s->offset < s->filesz)
		im->phdr_vaddr = s->vaddr + (h->phoff - s->offset);
	if ((s->flags & PF_X) && (!im->code_hi || s->vaddr < im->code_lo))
		im->code_lo = s->vaddr;
	if ((s->flags & PF_X) && file_end > im->code_hi)
		im->code_hi = file_end;
	if (s->vaddr > im->data_lo)
		im->data_lo = s->vaddr;
	if (file_end > im->data_hi)
		im->data_hi = file_end;
}

int elf_parse_segments(const struct elf_header *h, const u8 *phdrs, struct elf_image *im)
{
	bool first = true, bad = false, no_room = false;
	u32 i;

	*im = (struct elf_image){ .align = PAGE };
	for (i = 0; i < h->phnum; i++) {
		struct elf_segment s = elf_segment_at(phdrs, i);

		if (s.type == PT_INTERP) {
			if (s.filesz < 2 || s.filesz > ELF_INTERP_MAX || s.offset > (U64_MAX >> 1))
				return ENOEXEC_;
			im->interp_off = s.offset;
			im->interp_len = s.filesz;
		} else if (s.type == PT_GNU_STACK) {
			im->exec_stack = s.flags & PF_X;
		} else if (s.type == PT_GNU_PROPERTY) {
			if (s.filesz > ELF_NOTE_MAX || s.offset > (U64_MAX >> 1))
				return ENOEXEC_;
			im->note_off = s.offset;
			im->note_len = s.filesz;
		} else if (s.type == PT_LOAD) {
			if (!load_sane(&s)) {
				bad = true;	/* what is wrong with the others comes first */
				continue;
			}
			note_load(h, &s, im, first);
			/* Linux makes room with the first one's file bytes */
			no_room |= first && h->is_dyn && !s.filesz;
			first = false;
		}
	}
	return first || bad || (no_room && !im->interp_len) ? EINVAL_ : 0;
}

/* Properties ascend by type; each is padded to 8 bytes. Little-endian, as everything here. */
int elf_property_bti(const u8 *note, usize n, bool *bti)
{
	usize at = 16, end;
	u64 last = 0;

	*bti = false;
	if (n < 16 || get(note, 4) != 4 || get(note + 8, 4) != NT_GNU_PROPERTY_TYPE_0 ||
	    memcmp(note + 12, "GNU", 4) != 0)
		return ENOEXEC_;
	end = 16 + get(note + 4, 4);
	if (end > n)
		return ENOEXEC_;
	while (at < end) {
		u64 type, size;

		if (end - at < 8)
			return ENOEXEC_;
		type = get(note + at, 4);
		size = get(note + at + 4, 4);
		at += 8;
		if (size > end - at || (last && type <= last))
			return ENOEXEC_;
		if (type == GNU_PROPERTY_AARCH64_FEATURE_1_AND) {
			if (size != 4)
				return ENOEXEC_;
			*bti = get(note + at, 4) & GNU_PROPERTY_AARCH64_FEATURE_1_BTI;
		}
		last = type;
		at += (size + 7) & ~7ul;
	}
	return at == end ? 0 : ENOEXEC_;
}
