// SPDX-License-Identifier: MIT
/* script.c - the lines of a case, one after another.
 *
 *	< PACKET			the peer sends it
 *	> [@A..B] PACKET		the kernel sent this next: at once, or A to B after what happened last
 *	none TIME			and nothing in this time
 *	wait TIME			whatever comes is kept
 *	flow N [lport P] [rport P]	packets belong to connection N from here on
 *	let NAME = NUMBER		drop: what was sent and not looked at
 *	NAME [ARG...]			the lines of "def NAME", with $1 and so on
 * and the calls of sockets.c. Numbers are terms of digits and names: mss + 1 is written mss+1.
 * Times are 20, 20ms or 3s.
 */
#include "packet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_FLOWS  8
#define MAX_NAMES  16
#define PEER_ISN   0x7ffff000u		/* half way round: signs matter */

static struct flow flows[MAX_FLOWS];
struct flow *flow;
int64_t last_event;
static struct { char name[16]; long value; } names[MAX_NAMES];
static int nr_names;

/* ---- numbers ---- */

static long name_value(const char *name, size_t n)
{
	for (int i = 0; i < nr_names; i++)
		if (strlen(names[i].name) == n && !memcmp(names[i].name, name, n))
			return names[i].value;
	fail("no number '%.*s'", (int)n, name);
}

static const char *factor(const char *p, long *value)
{
	size_t n = strcspn(p, "+-*");
	char *end;

	*value = strtol(p, &end, 0);
	if (end != p + n || !n)
		*value = name_value(p, n);
	return p + n;
}

long number(const char *text)
{
	const char *p = text;
	long sum = 0, sign = 1;

	if (!p)
		fail("a number is missing");
	if (*p == '-')
		sign = -1, p++;
	for (;;) {
		long product, f;

		p = factor(p, &product);
		while (*p == '*') {
			p = factor(p + 1, &f);
			product *= f;
		}
		sum += sign * product;
		if (!*p)
			return sum;
		sign = *p++ == '-' ? -1 : 1;
	}
}

bool number_range(const char *text, long *low, long *high)
{
	char copy[128], *dots;

	if (!strcmp(text, "*"))
		return false;
	snprintf(copy, sizeof(copy), "%s", text);
	dots = strstr(copy, "..");
	if (dots)
		*dots = 0;
	*low = number(copy);
	*high = dots ? number(dots + 2) : *low;
	return true;
}

int64_t milliseconds(const char *text)
{
	char copy[64];
	size_t n;
	int64_t unit = NSEC_PER_MS;

	snprintf(copy, sizeof(copy), "%s", text ? text : "");
	n = strlen(copy);
	if (n > 2 && !strcmp(copy + n - 2, "ms"))
		copy[n - 2] = 0;
	else if (n > 1 && copy[n - 1] == 's')
		copy[n - 1] = 0, unit *= 1000;
	return number(copy) * unit;
}

static void set_name(const char *name, long value)
{
	int i = 0;

	while (i < nr_names && strcmp(names[i].name, name))
		i++;
	if (i == MAX_NAMES)
		fail("too many names");
	snprintf(names[i].name, sizeof(names[i].name), "%s", name);
	names[i].value = value;
	nr_names += i == nr_names;
}

/* ---- packets ---- */

static void inject(char **w)
{
	if (!w[0])
		fail("which packet?");
	if (!strcmp(w[0], "udp"))
		udp_inject(w + 1);
	else if (!strcmp(w[0], "icmp"))
		icmp_inject(w + 1);
	else if (!strcmp(w[0], "other"))
		other_inject(w + 1);
	else
		tcp_inject(w);
	last_event = now_ns();
	wire_settle();
}

/* "@A..B" */
static void times(const char *word, int64_t *from, int64_t *to)
{
	char copy[64], *dots;

	snprintf(copy, sizeof(copy), "%s", word);
	dots = strstr(copy, "..");
	if (!dots)
		fail("'@%s' is no @A..B", word);
	*dots = 0;
	*from = milliseconds(copy);
	*to = milliseconds(dots + 2);
}

static void expect_fields(char **w, const struct frame *f)
{
	struct ip_fields ip;
	const uint8_t *p;
	uint32_t len;

	if (!wire_parse(f, &ip, &p, &len))
		fail("its IP header is broken");
	if (!strcmp(w[0], "frag"))
		frag_expect(w + 1, &ip, len);
	else if (!strcmp(w[0], "udp"))
		udp_expect(w + 1, &ip, p, len);
	else if (!strcmp(w[0], "icmp"))
		icmp_expect(w + 1, &ip, p, len);
	else if (!strcmp(w[0], "other"))
		other_expect(w + 1, &ip, len);
	else if (ip.proto == 6 && !ip.is_frag)
		tcp_expect(w, &ip, p, len);
	else
		fail("protocol %u", ip.proto);
}

static const struct frame *looked_at;		/* for the message of a failure */

static void expect(char **w)
{
	int64_t from = 0, to = SOON_MS * NSEC_PER_MS, after;
	struct frame *f;

	if (w[0] && w[0][0] == '@')
		times(*w++ + 1, &from, &to);
	if (!w[0])
		fail("which packet?");
	f = wire_take(last_event + to + 20 * NSEC_PER_MS);
	if (!f)
		fail("nothing came");
	looked_at = f;
	expect_fields(w, f);
	/* it may have come while a call waited */
	after = f->at > last_event ? f->at - last_event : 0;
	if (after < from || after > to)
		fail("it came after %lld ms", (long long)(after / NSEC_PER_MS));
	last_event += after;
	looked_at = NULL;
	free(f);
}

static void none(char **w)
{
	looked_at = wire_wait(now_ns() + milliseconds(w[0]));
	if (looked_at)
		fail("a packet came after %lld ms",
		     (long long)((looked_at->at - last_event) / NSEC_PER_MS));
	last_event = now_ns();
}

static void pause_for(int64_t ns)
{
	int64_t end = now_ns() + ns;

	while (now_ns() < end)
		wire_listen(end);
	last_event = now_ns();
}

static void drop(void)
{
	struct frame *f;

	while ((f = wire_take(0)))
		free(f);
}

/* ---- lines ---- */

static void select_flow(char **w)
{
	long n = number(w[0]);

	if (n < 1 || n > MAX_FLOWS)
		fail("flows are 1 to %d", MAX_FLOWS);
	flow = &flows[n - 1];
	for (w++; w[0] && w[1]; w += 2) {
		if (!strcmp(w[0], "lport"))
			flow->lport = (uint16_t)number(w[1]);
		else if (!strcmp(w[0], "rport"))
			flow->rport = (uint16_t)number(w[1]);
		else if (!strcmp(w[0], "isn"))
			flow->peer_isn = (uint32_t)number(w[1]);
		else
			fail("what is '%s'?", w[0]);
		flow->isn_known = false;
	}
}

int split(char *text, char **words)
{
	int n = 0;
	char *save, *word;

	for (word = strtok_r(text, " \t\n", &save); word && n < MAX_WORDS - 1;
	     word = strtok_r(NULL, " \t\n", &save))
		words[n++] = word;
	words[n] = NULL;
	return n;
}

static void run_line(const struct script *s, const struct line *l, char *const *args, int depth);

/* The lines of "def NAME". */
static bool run_def(const struct script *s, char **w, int depth)
{
	for (int i = 0; i < s->nr; i++) {
		char copy[256], *words[MAX_WORDS];

		snprintf(copy, sizeof(copy), "%s", s->lines[i].text);
		if (split(copy, words) != 2 || strcmp(words[0], "def") || strcmp(words[1], w[0]))
			continue;
		for (i++; i < s->nr && strncmp(s->lines[i].text, "end", 3); i++)
			run_line(s, &s->lines[i], w, depth + 1);
		return true;
	}
	return false;
}

static void put_args(char *out, size_t room, const char *text, char *const *args)
{
	int n = 0;

	while (args && args[n])
		n++;
	for (; *text && room > 1; text++) {
		if (*text == '$' && args) {
			int i = *++text - '0';
			int used = i < n && i > 0 ? snprintf(out, room, "%s", args[i])
						  : (fail("no argument $%d", i), 0);

			out += used;
			room -= (size_t)used;
		} else {
			*out++ = *text;
			room--;
		}
	}
	*out = 0;
}

static bool plain_statement(char **w)
{
	if (!strcmp(w[0], "<"))
		inject(w + 1);
	else if (!strcmp(w[0], ">"))
		expect(w + 1);
	else if (!strcmp(w[0], "none"))
		none(w + 1);
	else if (!strcmp(w[0], "wait"))
		pause_for(milliseconds(w[1]));
	else if (!strcmp(w[0], "flow"))
		select_flow(w + 1);
	else if (!strcmp(w[0], "drop"))
		drop();
	else if (!strcmp(w[0], "let") && w[1] && w[2] && w[3])
		set_name(w[1], number(w[3]));
	else
		return !strcmp(w[0], "sysctl");		/* main.c did it */
	return true;
}

static struct { int number; const char *text; } where;

const char *case_place(int *line_number, char *packet, size_t room)
{
	*line_number = where.number;
	*packet = 0;
	if (looked_at)
		describe(looked_at, packet, room);
	return where.text;
}

static void run_line(const struct script *s, const struct line *l, char *const *args, int depth)
{
	char text[1024], *w[MAX_WORDS];

	if (depth > 4)
		fail("definitions within definitions");
	put_args(text, sizeof(text), l->text, args);
	if (strchr(text, '#'))
		*strchr(text, '#') = 0;
	if (!split(text, w))
		return;
	where.number = l->number;
	where.text = l->text;
	if (plain_statement(w))
		return;
	if (socket_call(w)) {
		last_event = now_ns();
		return;
	}
	if (!run_def(s, w, depth))
		fail("what is '%s'?", w[0]);
}

void run_case(const struct script *s, int first, int end)
{
	set_name("mss", family == AF_INET ? 1460 : 1440);
	set_name("head", family == AF_INET ? 40 : 60);
	set_name("v6", family == AF_INET6);
	set_name("port", 5000 + case_number);
	for (int i = 0; i < MAX_FLOWS; i++)
		flows[i] = (struct flow){ .lport = (uint16_t)(5000 + case_number),
					  .rport = (uint16_t)(40001 + i),
					  .peer_isn = PEER_ISN + (uint32_t)i * 0x1000000 };
	flow = &flows[0];
	last_event = now_ns();
	for (int i = first; i < end; i++)
		run_line(s, &s->lines[i], NULL, 0);
}
