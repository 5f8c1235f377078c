// SPDX-License-Identifier: MIT
// tcp.c - segments of packet scripts. Numbers are relative: to the peer's first for what it
// sends, to the kernel's for what that sends.
#include "packet.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char flag_letters[] = "FSRPAUEW";		/* by bit */

struct segment {
	uint8_t flags, nr_options, options[40];		/* bytes of them */
	uint32_t seq, len, ack, window, urgent;
};

static uint32_t get16(const uint8_t *at) { return (uint32_t)(at[0] << 8 | at[1]); }
static uint32_t get32(const uint8_t *at) { return get16(at) << 16 | get16(at + 2); }

static void put16(uint8_t *at, uint32_t v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
}

static void put32(uint8_t *at, uint32_t v)
{
	put16(at, v >> 16);
	put16(at + 2, v);
}

static uint8_t flags_of(const char *text)
{
	uint8_t flags = 0;

	if (!strcmp(text, "-"))
		return 0;
	for (; *text; text++) {
		const char *at = strchr(flag_letters, *text);

		if (!at)
			fail("%c is no flag of TCP", *text);
		flags |= (uint8_t)(1 << (at - flag_letters));
	}
	return flags;
}

static void flags_text(uint8_t flags, char *out)
{
	for (int i = 0; i < 8; i++)
		if (flags & 1 << i)
			*out++ = flag_letters[i];
	*out = 0;
}

/* "1:1001": numbers of the first byte and behind the last. */
static void sequence(const char *word, uint32_t *seq, uint32_t *len)
{
	char copy[128], *colon;

	snprintf(copy, sizeof(copy), "%s", word ? word : "");
	colon = strchr(copy, ':');
	if (!colon)
		fail("'%s' is no SEQ:END", copy);
	*colon = 0;
	*seq = (uint32_t)number(copy);
	*len = (uint32_t)number(colon + 1) - *seq;
}

/* ---- sending ---- */

static void option(struct segment *s, uint8_t kind, const void *data, uint32_t len)
{
	if (s->nr_options + 2 + len > 40)
		fail("too many options");
	s->options[s->nr_options++] = kind;
	s->options[s->nr_options++] = (uint8_t)(2 + len);
	memcpy(s->options + s->nr_options, data, len);
	s->nr_options += (uint8_t)len;
}

/* "100:200,300:400" */
static uint32_t sack_blocks(const char *word, uint32_t isn, uint8_t *out)
{
	char copy[256], *save, *part;
	uint32_t n = 0, seq, len;

	snprintf(copy, sizeof(copy), "%s", word);
	for (part = strtok_r(copy, ",", &save); part && n < 4;
	     part = strtok_r(NULL, ",", &save), n++) {
		sequence(part, &seq, &len);
		put32(out + n * 8, isn + seq);
		put32(out + n * 8 + 4, isn + seq + len);
	}
	return n;
}

static uint32_t hex_bytes(const char *text, uint8_t *out)
{
	uint32_t n = 0;
	unsigned v;

	for (; n < 38 && sscanf(text, "%2x", &v) == 1; text += 2)
		out[n++] = (uint8_t)v;
	return n;
}

static uint8_t last_cookie[40], last_cookie_len;	/* the kernel's */

/* "ask"; hexadecimal digits; "*", what the kernel gave last. */
static void put_cookie(struct segment *s, const char *word)
{
	uint8_t data[40];

	if (!strcmp(word, "*"))
		option(s, 34, last_cookie, last_cookie_len);
	else
		option(s, 34, data, strcmp(word, "ask") ? hex_bytes(word, data) : 0);
}

/* How many words it was. */
static int option_word(char **w, struct segment *s)
{
	uint8_t data[40];

	if (!strcmp(w[0], "sackok")) {
		option(s, 4, NULL, 0);
		return 1;
	}
	if (!w[1])
		return 0;
	if (!strcmp(w[0], "mss")) {
		put16(data, (uint32_t)number(w[1]));
		option(s, 2, data, 2);
	} else if (!strcmp(w[0], "ws")) {
		data[0] = (uint8_t)number(w[1]);
		option(s, 3, data, 1);
	} else if (!strcmp(w[0], "sack")) {
		option(s, 5, data, 8 * sack_blocks(w[1], flow->kernel_isn, data));
	} else if (!strcmp(w[0], "cookie")) {
		put_cookie(s, w[1]);
	} else if (!strcmp(w[0], "option")) {
		uint32_t n = hex_bytes(w[1], data);

		memcpy(s->options + s->nr_options, data, n);
		s->nr_options += (uint8_t)n;
	} else if (!strcmp(w[0], "ts") && w[2]) {
		put32(data, (uint32_t)number(w[1]));
		put32(data + 4, strcmp(w[2], "*") ? (uint32_t)number(w[2]) : flow->stamp);
		option(s, 8, data, 8);
		return 3;
	} else {
		return 0;
	}
	return 2;
}

static int segment_word(char **w, struct segment *s)
{
	if (!w[1])
		return 0;
	if (!strcmp(w[0], "ack"))
		s->ack = flow->kernel_isn + (uint32_t)number(w[1]);
	else if (!strcmp(w[0], "win"))
		s->window = (uint32_t)number(w[1]);
	else if (!strcmp(w[0], "urg"))
		s->urgent = (uint32_t)number(w[1]);
	else
		return 0;
	return 2;
}

void tcp_inject(char **w)
{
	static uint8_t buf[MAX_PAYLOAD];
	struct ip_fields ip = { .proto = IPPROTO_TCP, .ttl = 64, .df = true };
	struct segment s = { .flags = flags_of(w[0]), .window = 65535 };
	uint32_t head, cut[2] = {}, rel, n;

	sequence(w[1], &rel, &s.len);
	for (w += 2; *w; w += n) {
		n = (uint32_t)segment_word(w, &s);
		n = n ? n : (uint32_t)option_word(w, &s);
		n = n ? n : (uint32_t)ip_word(w, &ip, cut);
		if (!n)
			fail("what is '%s'?", *w);
	}
	while (s.nr_options & 3)
		s.options[s.nr_options++] = 1;
	head = 20u + s.nr_options;
	memset(buf, 0, 20);
	put16(buf, flow->rport);
	put16(buf + 2, flow->lport);
	put32(buf + 4, flow->peer_isn + rel);
	put32(buf + 8, s.ack);
	buf[12] = (uint8_t)(head << 2);
	buf[13] = s.flags;
	put16(buf + 14, s.window);
	put16(buf + 18, s.urgent);
	memcpy(buf + 20, s.options, s.nr_options);
	for (uint32_t i = 0; i < s.len; i++)
		buf[head + i] = pattern(rel + i - (s.flags & 2 ? 0 : 1));
	put16(buf + 16,
	      pseudo_sum(IPPROTO_TCP, buf, head + s.len, true) ^ (ip.bad_sum ? 0x5555 : 0));
	send_cut(&ip, buf, head + s.len, cut);
}

/* ---- hearing ---- */

/* The option of this kind, or NULL; its data's length. */
static const uint8_t *find_option(const uint8_t *p, uint8_t kind, uint32_t *len)
{
	uint32_t end = (uint32_t)(p[12] >> 4) * 4, i = 20;

	while (i < end && p[i]) {
		uint32_t size = p[i] == 1 ? 1 : i + 1 < end ? p[i + 1] : 0;

		if (!size || (p[i] != 1 && size < 2) || i + size > end)
			fail("options of the segment are broken");
		if (p[i] == kind) {
			*len = size - 2;
			return p + i + 2;
		}
		i += size;
	}
	return NULL;
}

static void same(const char *what, const char *word, uint32_t is)
{
	long low, high;

	if (number_range(word, &low, &high) && ((long)is < low || (long)is > high))
		fail("%s is %u, not %s", what, is, word);
}

static void check_sack(const char *word, const uint8_t *o, uint32_t len)
{
	uint8_t want[32];
	uint32_t n = sack_blocks(word, flow->peer_isn, want);

	for (uint32_t i = 0; i < len / 8; i++)
		if (i >= n || memcmp(want + i * 8, o + i * 8, 8))
			fail("block %u of %u of SACK is %u:%u, not as in %s", i + 1, len / 8,
			     get32(o + i * 8) - flow->peer_isn,
			     get32(o + i * 8 + 4) - flow->peer_isn, word);
	if (len / 8 != n)
		fail("%u blocks of SACK, not %s", len / 8, word);
}

static const struct { const char *word; uint8_t kind; } kinds[] = {
	{ "mss", 2 }, { "ws", 3 }, { "sackok", 4 }, { "sack", 5 }, { "ts", 8 }, { "cookie", 34 },
};

static uint8_t kind_of(const char *word)
{
	for (size_t i = 0; word && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(word, kinds[i].word))
			return kinds[i].kind;
	return 0;
}

static void check_cookie(const char *word, const uint8_t *o, uint32_t len)
{
	uint8_t want[40];
	uint32_t n = strcmp(word, "ask") ? hex_bytes(word, want) : 0;

	if (!strcmp(word, "*") ? !len : n != len || memcmp(want, o, len))
		fail("a cookie of %u bytes, not %s", len, word);
}

static int expect_option(char **w, const uint8_t *p)
{
	uint8_t kind = kind_of(strcmp(w[0], "no") ? w[0] : w[1]);
	uint32_t len = 0;
	const uint8_t *o = kind ? find_option(p, kind, &len) : NULL;

	if (!kind)
		return 0;
	if (!strcmp(w[0], "no")) {
		if (o)
			fail("there is %s", w[1]);
		return 2;
	}
	if (!o)
		fail("no %s", w[0]);
	if (kind == 4)
		return 1;
	if (!w[1])
		fail("%s of what?", w[0]);
	if (kind == 2 || kind == 3)
		same(w[0], w[1], kind == 2 ? get16(o) : o[0]);
	if (kind == 5)
		check_sack(w[1], o, len);
	if (kind == 34)
		check_cookie(w[1], o, len);
	if (kind != 8)
		return 2;
	same("the timestamp", w[1], get32(o));
	if (w[2])
		same("the timestamp's echo", w[2], get32(o + 4));
	return 3;
}

static int expect_word(char **w, const uint8_t *p)
{
	if (!w[1])
		return 0;
	if (!strcmp(w[0], "ack"))
		same("ack", w[1], get32(p + 8) - flow->peer_isn);
	else if (!strcmp(w[0], "win"))
		same("win", w[1], get16(p + 14));
	else if (!strcmp(w[0], "urg"))
		same("urg", w[1], get16(p + 18));
	else
		return 0;
	return 2;
}

static void learn(const uint8_t *p)
{
	uint32_t len;
	const uint8_t *ts = find_option(p, 8, &len), *cookie;

	if (ts)
		flow->stamp = get32(ts);
	cookie = find_option(p, 34, &len);
	if (cookie && len) {
		last_cookie_len = (uint8_t)len;
		memcpy(last_cookie, cookie, len);
	}
	if (p[13] & 2 && !flow->isn_known) {
		flow->kernel_isn = get32(p + 4);
		flow->isn_known = true;
	}
}

static void check_payload(const uint8_t *p, uint32_t rel, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		if (p[i] != pattern(rel - 1 + i))
			fail("byte %u of the payload is %#x, not %#x", rel + i, p[i],
			     pattern(rel - 1 + i));
}

/* Flags that begin with p: with PSH or without it. */
void tcp_expect(char **w, const struct ip_fields *ip, const uint8_t *p, uint32_t len)
{
	uint32_t head, rel, n;
	char is[16];
	bool any = false;
	int maybe;

	if (len < 20 || len < (head = (uint32_t)(p[12] >> 4) * 4))
		fail("a segment of %u bytes", len);
	if (pseudo_sum(IPPROTO_TCP, p, len, false))
		fail("the checksum is wrong");
	if (get16(p) != flow->lport || get16(p + 2) != flow->rport)
		fail("ports are %u and %u, not %u and %u", get16(p), get16(p + 2), flow->lport,
		     flow->rport);
	learn(p);
	maybe = w[0][0] == 'p' ? 8 : 0;
	if ((p[13] & ~maybe) != flags_of(w[0] + !!maybe)) {
		flags_text(p[13], is);
		fail("flags are %s", is);
	}
	w++;
	if (*w && strcmp(*w, "*")) {
		sequence(*w, &rel, &n);
		if (get32(p + 4) - flow->kernel_isn != rel || len - head != n)
			fail("it is %u:%u", get32(p + 4) - flow->kernel_isn,
			     get32(p + 4) - flow->kernel_isn + len - head);
	}
	for (w += !!*w; *w; w += n) {
		n = (uint32_t)expect_word(w, p);
		n = n ? n : (uint32_t)expect_option(w, p);
		n = n ? n : (uint32_t)ip_expect_word(w, ip);
		if (!n && !strcmp(*w, "anydata"))
			n = any = true;
		if (!n)
			fail("what is '%s'?", *w);
	}
	if (!any)
		check_payload(p + head, get32(p + 4) - flow->kernel_isn + (p[13] >> 1 & 1),
			      len - head);
}

void describe(const struct frame *f, char *out, size_t room)
{
	struct ip_fields ip;
	const uint8_t *p;
	uint32_t len;
	char flags[16];

	if (!wire_parse(f, &ip, &p, &len)) {
		snprintf(out, room, "a broken IP header");
	} else if (ip.proto != IPPROTO_TCP || len < 20) {
		snprintf(out, room, "protocol %u, %u bytes%s%u.%u", ip.proto, len,
			 len > 1 ? ", begins with " : "", p[0], p[1]);
	} else {
		uint32_t head = (uint32_t)(p[12] >> 4) * 4, rel = get32(p + 4) - flow->kernel_isn;

		flags_text(p[13], flags);
		snprintf(out, room, "%s %u:%u ack %u win %u ports %u %u", flags, rel,
			 rel + len - head, get32(p + 8) - flow->peer_isn, get16(p + 14), get16(p),
			 get16(p + 2));
	}
}
