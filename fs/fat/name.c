/* SPDX-License-Identifier: MIT */
/* name.c - names: UTF-8 outside, UTF-16 in long entries, code page 437 in short ones. As Linux with
 * utf8 and iocharset=ascii, names that differ only in the case of ASCII letters, or in dots at the
 * end, are one.
 * Locks: none. Ref: the specification, section 7; Unicode 15 sections 3.9, 3.10; mount(8)
 * "shortname". Tests: selftests/unit/fat_name_test.c
 */
#include <fs/fat/fat.h>
#include <kernel/lib/byteorder.h>
#include <kernel/lib/fmt.h>
#include <kernel/lib/string.h>
#include <kernel/uapi.h>

/* ---- comparing ---- */

u32 fat_name_length(const char *s, u32 len)
{
	while (len && s[len - 1] == '.')
		len--;
	return len;
}

static u8 ascii_lower(u8 c)
{
	return c >= 'A' && c <= 'Z' ? c + 32 : c;
}

bool fat_name_same(const struct fat_fs *fs, const char *a, u32 a_len, const char *b, u32 b_len)
{
	u32 len = fat_name_length(a, a_len);

	if (len != fat_name_length(b, b_len))
		return false;
	if (fs->opt.case_sensitive)
		return !memcmp(a, b, len);
	for (u32 n = 0; n < len; n++)
		if (ascii_lower((u8)a[n]) != ascii_lower((u8)b[n]))
			return false;
	return true;
}

u32 fat_name_hash(const struct fat_fs *fs, const char *s, u32 len)
{
	u64 h = 0;

	len = fat_name_length(s, len);
	for (u32 n = 0; n < len; n++)
		h = (h ^ (fs->opt.case_sensitive ? (u8)s[n] : ascii_lower((u8)s[n]))) *
		    0x9e3779b97f4a7c15ul;
	return (u32)(h >> 32);
}

/* ---- UTF-8 and UTF-16 ---- */

/* One character; how many bytes, 0: none that is valid. */
static u32 take(const u8 *s, u32 left, u32 *c)
{
	static const u32 least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	u32 n = s[0] < 0x80		? 1
		: (s[0] & 0xe0) == 0xc0 ? 2
		: (s[0] & 0xf0) == 0xe0 ? 3
		: (s[0] & 0xf8) == 0xf0 ? 4
					: 0;

	if (!n || n > left)
		return 0;
	*c = n == 1 ? s[0] : s[0] & (0x7fu >> n);
	for (u32 k = 1; k < n; k++) {
		if ((s[k] & 0xc0) != 0x80)
			return 0;
		*c = *c << 6 | (s[k] & 0x3f);
	}
	return *c < least[n] || *c > 0x10ffff || (*c & 0xfffff800) == 0xd800 ? 0 : n;
}

int fat_utf16(const char *s, u32 len, u16 *out, u32 *n)
{
	u32 c = 0, k;

	for (*n = 0; len; s += k, len -= k) {
		k = take((const u8 *)s, len, &c);
		if (!k)
			return -EINVAL;
		if (*n + (c > 0xffff) >= FAT_LONG_MAX)
			return -ENAMETOOLONG;
		if (c > 0xffff) {
			out[(*n)++] = (u16)(0xd800 | (c - 0x10000) >> 10);
			c = 0xdc00 | (c & 0x3ff);
		}
		out[(*n)++] = (u16)c;
	}
	return 0;
}

static u32 put(u32 c, char *out)
{
	u32 n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	for (u32 k = n - 1; k; k--, c >>= 6)
		out[k] = (char)(0x80 | (c & 0x3f));
	out[0] = (char)(n == 1 ? c : (0xf00u >> n & 0xf0) | c);
	return n;
}

/* Half a surrogate pair is left out. */
u32 fat_utf8(const u16 *s, u32 n, char *out)
{
	u32 len = 0;

	for (u32 k = 0; k < n; k++) {
		u32 c = s[k];

		if ((c & 0xf800) == 0xd800) {
			if (c >= 0xdc00 || k + 1 == n || (s[k + 1] & 0xfc00) != 0xdc00)
				continue;
			c = 0x10000 + ((c & 0x3ff) << 10 | (s[++k] & 0x3ff));
		}
		len += put(c, out + len);
	}
	return len;
}

/* ---- code page 437 ---- */

static const u16 cp437[128] = {
	0x00c7, 0x00fc, 0x00e9, 0x00e2, 0x00e4, 0x00e0, 0x00e5, 0x00e7, 0x00ea, 0x00eb, 0x00e8,
	0x00ef, 0x00ee, 0x00ec, 0x00c4, 0x00c5, 0x00c9, 0x00e6, 0x00c6, 0x00f4, 0x00f6, 0x00f2,
	0x00fb, 0x00f9, 0x00ff, 0x00d6, 0x00dc, 0x00a2, 0x00a3, 0x00a5, 0x20a7, 0x0192, 0x00e1,
	0x00ed, 0x00f3, 0x00fa, 0x00f1, 0x00d1, 0x00aa, 0x00ba, 0x00bf, 0x2310, 0x00ac, 0x00bd,
	0x00bc, 0x00a1, 0x00ab, 0x00bb, 0x2591, 0x2592, 0x2593, 0x2502, 0x2524, 0x2561, 0x2562,
	0x2556, 0x2555, 0x2563, 0x2551, 0x2557, 0x255d, 0x255c, 0x255b, 0x2510, 0x2514, 0x2534,
	0x252c, 0x251c, 0x2500, 0x253c, 0x255e, 0x255f, 0x255a, 0x2554, 0x2569, 0x2566, 0x2560,
	0x2550, 0x256c, 0x2567, 0x2568, 0x2564, 0x2565, 0x2559, 0x2558, 0x2552, 0x2553, 0x256b,
	0x256a, 0x2518, 0x250c, 0x2588, 0x2584, 0x258c, 0x2590, 0x2580, 0x03b1, 0x00df, 0x0393,
	0x03c0, 0x03a3, 0x03c3, 0x00b5, 0x03c4, 0x03a6, 0x0398, 0x03a9, 0x03b4, 0x221e, 0x03c6,
	0x03b5, 0x2229, 0x2261, 0x00b1, 0x2265, 0x2264, 0x2320, 0x2321, 0x00f7, 0x2248, 0x00b0,
	0x2219, 0x00b7, 0x221a, 0x207f, 0x00b2, 0x25a0, 0x00a0,
};
static const u8 cases[][2] = { { 0x81, 0x9a }, { 0x82, 0x90 }, { 0x84, 0x8e }, { 0x86, 0x8f },
			       { 0x87, 0x80 }, { 0x91, 0x92 }, { 0x94, 0x99 }, { 0xa4, 0xa5 },
			       { 0xe5, 0xe4 }, { 0xed, 0xe8 } };

static u8 change_case(u8 c, bool upper)
{
	u8 first = upper ? 'a' : 'A';

	if (c >= first && c < first + 26)
		return c ^ 0x20;
	for (u32 n = 0; n < ARRAY_SIZE(cases); n++)
		if (cases[n][!upper] == c)
			return cases[n][upper];
	return c;
}

/* 0: there is none. */
static u8 to_cp437(u32 c)
{
	if (c < 0x80)
		return (u8)c;
	for (u32 n = 0; n < 128; n++)
		if (cp437[n] == c)
			return (u8)(0x80 + n);
	return 0;
}

/* ---- short names ---- */

u8 fat_checksum(const u8 *name)
{
	u8 sum = 0;

	for (u32 n = 0; n < 11; n++)
		sum = (u8)((sum >> 1 | sum << 7) + name[n]);
	return sum;
}

static u32 show_part(const u8 *name, u32 n, bool lower, char *out)
{
	u32 len = 0;

	while (n && name[n - 1] == ' ')
		n--;
	for (u32 k = 0; k < n; k++) {
		u8 c = lower ? change_case(name[k], false) : name[k];

		len += put(c < 0x80 ? c : cp437[c - 0x80], out + len);
	}
	return len;
}

u32 fat_short_show(const struct fat_fs *fs, const struct fat_entry *e, char *out)
{
	bool all = fs->opt.shortname == SHORT_LOWER, nt = fs->opt.shortname >= SHORT_WINNT;
	u8 name[11];
	u32 len, ext;

	memcpy(name, e->name, sizeof(name));
	if (name[0] == FAT_ENTRY_E5)
		name[0] = FAT_ENTRY_FREE;
	len = show_part(name, 8, all || (nt && e->lcase & FAT_LOWER_BASE), out);
	ext = show_part(name + 8, 3, all || (nt && e->lcase & FAT_LOWER_EXT), out + len + 1);
	if (!ext)
		return len;
	out[len] = '.';
	return len + 1 + ext;
}

/* One half of a name on its way to a short one. */
struct half {
	u32 n;			/* bytes */
	bool upper, lower;	/* all letters are */
	bool changed, cut;	/* characters were replaced or left out; did not fit */
};

static void add_half(struct half *h, u8 *out, u32 max, const u16 *s, u32 n)
{
	*h = (struct half){ .upper = true, .lower = true };
	for (u32 k = 0; k < n; k++) {
		u8 c = to_cp437(s[k]), was = c;

		if (s[k] == '.' || s[k] == ' ') {
			h->changed = true;
			continue;
		}
		if (h->n == max) {
			h->cut = true;
			return;
		}
		if (!c || strchr("+,;=[]", c)) {
			h->changed = true;
			c = was = '_';
		}
		if (c >= 0x7f)
			h->upper = h->lower = false;
		c = change_case(c, true);
		if (c >= 'A' && c <= 'Z' && c == was)
			h->lower = false;
		if (c >= 'A' && c <= 'Z' && c != was)
			h->upper = false;
		out[h->n++] = c;
	}
}

static int check_chars(const u16 *s, u32 n)
{
	for (u32 k = 0; k < n; k++)
		if (s[k] < 0x20 || (s[k] < 0x80 && strchr("*?<>|\":/\\", s[k])))
			return -EINVAL;
	return !n || s[n - 1] == ' ' ? -EINVAL : 0;
}

/* Where the extension begins: behind the last dot, unless that is the last character or only dots
 * and blanks precede it. n: none. */
static u32 find_extension(const u16 *s, u32 n)
{
	u32 dot = n, k = 0;

	while (dot && s[dot - 1] != '.')
		dot--;
	if (!dot || dot == n)
		return n;
	while (k < dot - 1 && (s[k] == '.' || s[k] == ' '))
		k++;
	return k == dot - 1 ? n : dot;
}

static void choose_case(const struct fat_fs *fs, struct fat_alias *a, const struct half *base,
			const struct half *ext)
{
	if (fs->opt.shortname != SHORT_WINNT) {
		a->is_short = base->upper && ext->upper;
		return;
	}
	a->is_short = (base->upper || base->lower) && (ext->upper || ext->lower);
	if (a->is_short)
		a->lcase = (!base->upper ? FAT_LOWER_BASE : 0) | (!ext->upper ? FAT_LOWER_EXT : 0);
}

int fat_alias(const struct fat_fs *fs, const u16 *s, u32 n, struct fat_alias *a)
{
	u32 ext = find_extension(s, n);
	struct half h, x;
	int err = check_chars(s, n);

	if (err)
		return err;
	*a = (struct fat_alias){ 0 };
	memset(a->name, ' ', sizeof(a->name));
	add_half(&h, a->name, 8, s, ext == n ? n : ext - 1);
	add_half(&x, a->name + 8, 3, s + ext, n - ext);
	if (!h.n)
		return -EINVAL;
	if (a->name[0] == FAT_ENTRY_FREE)
		a->name[0] = FAT_ENTRY_E5;
	a->tail = min(h.n, 6u);
	a->tail2 = min(h.n, 2u);
	a->is_exact = !h.changed && !h.cut && !x.changed && !x.cut;
	if (a->is_exact)
		choose_case(fs, a, &h, &x);
	return 0;
}

/* ~1 to ~9, then four digits that hardly anybody has. */
void fat_alias_number(struct fat_alias *a, const u8 *base, u32 try)
{
	char digits[8];
	u32 keep = try < 10 ? a->tail : a->tail2, n = 0;

	memcpy(a->name, base, sizeof(a->name));
	memset(a->name + keep, ' ', 8 - keep);
	if (try < 10)
		fmt_print(digits, sizeof(digits), "~%u", try);
	else
		fmt_print(digits, sizeof(digits), "%04X~%u", try * 0x9e37u & 0xffff,
			  try / 0x10000 % 8 + 1);
	for (; digits[n]; n++)
		a->name[keep + n] = (u8)digits[n];
}
