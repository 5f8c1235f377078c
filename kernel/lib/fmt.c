/* SPDX-License-Identifier: MIT */
/* fmt.c - the printf engine and number parsing. Pure: no locks, no allocation.
 *
 * One pass: spec_parse() reads a conversion, one small function prints each kind, emit() writes
 * within the buffer and counts all.
 * Ref: C11 7.21.6.1. Tests: selftests/unit/fmt_test.c
 */
#include <kernel/lib/fmt.h>

#include <kernel/lib/string.h>
#include <kernel/uapi.h>

const char *(*fmt_symbol_hook)(u64 addr, u64 *offset);

struct out {
	char *buf;
	usize size, len;	/* len counts what did not fit, too */
};

struct spec {
	bool left, zero, plus, space, alt;
	int width, precision;	/* -1: none */
	u8 length;		/* bytes of an integer */
	char conversion;
};

static void emit(struct out *o, char c)
{
	if (o->len + 1 < o->size)
		o->buf[o->len] = c;
	o->len++;
}

static void pad(struct out *o, char c, int n)
{
	while (n-- > 0)
		emit(o, c);
}

static void emit_text(struct out *o, const struct spec *s, const char *text, int len)
{
	if (!s->left)
		pad(o, ' ', s->width - len);
	for (int i = 0; i < len; i++)
		emit(o, text[i]);
	if (s->left)
		pad(o, ' ', s->width - len);
}

/* Digits backwards from end; returns the first. */
static char *digits(char *end, u64 v, u32 base, bool upper)
{
	const char *set = upper ? "0123456789ABCDEF" : "0123456789abcdef";

	do {
		*--end = set[v % base];
		v /= base;
	} while (v);
	return end;
}

static void emit_number(struct out *o, const struct spec *s, u64 v, u32 base, const char *prefix)
{
	char buf[64], *end = buf + sizeof(buf), *p = digits(end, v, base, s->conversion == 'X');
	int n = (int)(end - p), prefix_len = (int)strlen(prefix), zeros = 0;

	if (s->precision == 0 && v == 0)
		n = 0;
	if (s->precision > n)
		zeros = s->precision - n;
	else if (s->zero && !s->left && s->precision < 0)
		zeros = s->width - n - prefix_len;
	if (zeros < 0)
		zeros = 0;
	if (!s->left)
		pad(o, ' ', s->width - n - prefix_len - zeros);
	while (*prefix)
		emit(o, *prefix++);
	pad(o, '0', zeros);
	for (int i = 0; i < n; i++)
		emit(o, p[i]);
	if (s->left)
		pad(o, ' ', s->width - n - prefix_len - zeros);
}

static void emit_signed(struct out *o, const struct spec *s, s64 v)
{
	const char *sign = v < 0 ? "-" : s->plus ? "+" : s->space ? " " : "";

	emit_number(o, s, v < 0 ? -(u64)v : (u64)v, 10, sign);
}

static void emit_string(struct out *o, const struct spec *s, const char *text)
{
	if (!text)
		text = "(null)";
	emit_text(o, s, text, (int)strnlen(text, s->precision < 0 ? S32_MAX : (usize)s->precision));
}

static void emit_pointer(struct out *o, struct spec *s, u64 v, bool symbol)
{
	u64 offset = 0;
	const char *name = symbol && fmt_symbol_hook ? fmt_symbol_hook(v, &offset) : NULL;
	struct spec plain = { .precision = -1 };

	if (!name) {
		s->precision = 16;
		emit_number(o, s, v, 16, "");
		return;
	}
	emit_string(o, &plain, name);
	emit(o, '+');
	emit_number(o, &plain, offset, 16, "0x");
}

static const char *parse_flags(const char *f, struct spec *s)
{
	for (;; f++) {
		switch (*f) {
		case '-': s->left = true; break;
		case '0': s->zero = true; break;
		case '+': s->plus = true; break;
		case ' ': s->space = true; break;
		case '#': s->alt = true; break;
		default: return f;
		}
	}
}

static const char *parse_count(const char *f, int *n)
{
	for (*n = 0; is_digit(*f); f++)
		if (*n < 100000)
			*n = *n * 10 + (*f - '0');
	return f;
}

static const char *parse_length(const char *f, u8 *bytes)
{
	*bytes = 4;
	if (*f == 'h') {
		*bytes = f[1] == 'h' ? 1 : 2;
		return f + (f[1] == 'h' ? 2 : 1);
	}
	if (*f == 'l' || *f == 'z' || *f == 'j' || *f == 't') {
		*bytes = 8;
		return f + (f[0] == 'l' && f[1] == 'l' ? 2 : 1);
	}
	return f;
}

static u64 narrow(u64 v, u8 bytes, bool is_signed)
{
	u32 drop = 64 - 8u * bytes;

	return is_signed ? (u64)((s64)(v << drop) >> drop) : v << drop >> drop;
}

struct args {
	va_list ap;
};

/* Flags, width, precision and length of the conversion at f; returns where its letter is. */
static const char *parse_spec(const char *f, struct spec *s, struct args *a)
{
	*s = (struct spec){ .precision = -1 };
	f = parse_flags(f, s);
	if (*f == '*') {
		s->width = va_arg(a->ap, int);
		s->left |= s->width < 0;
		s->width = s->width < 0 ? -s->width : s->width;
		f++;
	} else {
		f = parse_count(f, &s->width);
	}
	if (*f == '.') {
		if (f[1] == '*') {
			s->precision = va_arg(a->ap, int);
			f += 2;
		} else {
			f = parse_count(f + 1, &s->precision);
		}
	}
	f = parse_length(f, &s->length);
	s->conversion = *f;
	return f;
}

static u64 take_integer(const struct spec *s, struct args *a, bool is_signed)
{
	u64 v = s->length == 8 ? va_arg(a->ap, u64) : va_arg(a->ap, u32);

	return narrow(v, s->length, is_signed);
}

static void emit_unsigned(struct out *o, const struct spec *s, u64 v)
{
	char c = s->conversion;
	u32 base = c == 'u' ? 10 : c == 'o' ? 8 : 16;
	const char *prefix = c == 'o' ? "0" : c == 'x' ? "0x" : c == 'X' ? "0X" : "";

	emit_number(o, s, v, base, s->alt && v ? prefix : "");
}

/* f is at the conversion's letter; returns the last character used. */
static const char *convert(struct out *o, const char *f, struct spec *s, struct args *a)
{
	char c;

	switch (*f) {
	case 'd':
	case 'i':
		emit_signed(o, s, (s64)take_integer(s, a, true));
		return f;
	case 'u':
	case 'x':
	case 'X':
	case 'o':
		emit_unsigned(o, s, take_integer(s, a, false));
		return f;
	case 'c':
		c = (char)va_arg(a->ap, int);
		emit_text(o, s, &c, 1);
		return f;
	case 's':
		emit_string(o, s, va_arg(a->ap, const char *));
		return f;
	case 'p':
		emit_pointer(o, s, (u64)va_arg(a->ap, void *), f[1] == 'S');
		return f + (f[1] == 'S');
	case '\0':
		return f - 1;	/* a lone % at the end */
	case '%':
		emit(o, '%');
		return f;
	default:
		emit(o, '%');
		emit(o, *f);
		return f;
	}
}

int fmt_vprint(char *buf, usize n, const char *f, va_list ap)
{
	struct out o = { buf, n, 0 };
	struct args a;
	struct spec s;

	va_copy(a.ap, ap);
	for (; *f; f++) {
		if (*f != '%') {
			emit(&o, *f);
			continue;
		}
		f = parse_spec(f + 1, &s, &a);
		f = convert(&o, f, &s, &a);
	}
	va_end(a.ap);
	if (n)
		buf[min(o.len, n - 1)] = '\0';
	return (int)o.len;
}

int fmt_print(char *buf, usize n, const char *fmt, ...)
{
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = fmt_vprint(buf, n, fmt, ap);
	va_end(ap);
	return len;
}

usize fmt_append(char *buf, usize size, usize at, const char *fmt, ...)
{
	va_list ap;
	usize len;

	if (at >= size)
		return at;
	va_start(ap, fmt);
	len = (usize)fmt_vprint(buf + at, size - at, fmt, ap);
	va_end(ap);
	return at + min(len, size - at - 1);
}

static int digit_of(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 99;
}

int parse_u64(const char *s, int base, u64 *out, const char **end)
{
	u64 v = 0;
	bool any = false;

	if ((base == 0 || base == 16) && s[0] == '0' && (s[1] | 0x20) == 'x' &&
	    digit_of(s[2]) < 16) {
		s += 2;
		base = 16;
	}
	if (base == 0)
		base = s[0] == '0' ? 8 : 10;
	for (; digit_of(*s) < base; s++, any = true)
		if (mul_of(v, (u64)base, &v) || add_of(v, (u64)digit_of(*s), &v))
			return -ERANGE;
	if (end)
		*end = s;
	else if (*s && !(s[0] == '\n' && !s[1]))
		return -EINVAL;
	if (!any)
		return -EINVAL;
	*out = v;
	return 0;
}

int memparse(const char *s, u64 *bytes, const char **end)
{
	static const char units[] = "kmgtpe";
	const char *unit;
	int err = parse_u64(s, 0, bytes, end);

	if (err || !**end)
		return err;
	unit = strchr(units, **end | 0x20);
	if (!unit)
		return 0;
	(*end)++;
	return mul_of(*bytes, 1ul << (10 * (unit - units + 1)), bytes) ? -ERANGE : 0;
}

int parse_s64(const char *s, int base, s64 *out, const char **end)
{
	bool negative = *s == '-';
	u64 v = 0;
	int err = parse_u64(s + (negative || *s == '+'), base, &v, end);

	if (err)
		return err;
	if (v > (u64)S64_MAX + negative)
		return -ERANGE;
	*out = negative ? (s64)-v : (s64)v;
	return 0;
}
