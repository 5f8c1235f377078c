/* SPDX-License-Identifier: MIT */
/* packet.h - the packet scripts: what the parts of the program share.
 *
 * The machine has two cards on one wire. The kernel's stack has the addresses of eth0; the program
 * plays a peer by packets that it sends and hears at eth1. Each case has a process and a peer
 * address of its own, and waits for nothing but packets and time.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define MAX_WORDS   64
#define MAX_PAYLOAD 65535u
#define NSEC_PER_MS 1000000ll
#define SOON_MS	    20		/* what follows at once does so within this */

/* ---- main.c: a case, and its end ---- */
struct line {
	char *text;
	int number;
};
struct script {
	const char *name;		/* of the file */
	struct line *lines;
	int nr;
};
extern int family, case_number;		/* AF_INET, AF_INET6; 1 and up */
void fail(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* ---- script.c ---- */
/* the line that runs; the packet it looks at, or "" */
const char *case_place(int *line_number, char *packet, size_t room);
void run_case(const struct script *s, int first, int end);
int split(char *text, char **words);			/* at blanks; NULL behind the last */
/* terms of digits and names, + - *; fails for the case */
long number(const char *text);
/* A..B, or A alone. False: '*', anything */
bool number_range(const char *text, long *low, long *high);
int64_t milliseconds(const char *text);			/* 20, 20ms, 3s: in ns */

/* ---- wire.c: frames ---- */
struct frame {
	struct frame *next;
	int64_t at;			/* CLOCK_MONOTONIC, ns */
	uint32_t len;			/* from the IP header on */
	uint8_t bytes[];
};
/* What an IP header says, both families. */
struct ip_fields {
	uint8_t proto, ttl, tos;
	bool df, more, is_frag, bad_sum, has_options;
	/* an address on the link that nobody has */
	enum { BETWEEN_US, FROM_STRANGER, TO_STRANGER } ends;
	uint32_t id, frag_off;
};
int64_t now_ns(void);
void wire_open(void);
void neighbour_add(void);
void wire_listen(int64_t deadline);			/* until something comes, or then */
void wire_settle(void);					/* what was sent has arrived */
/* Until a frame waits or the time has come; NULL: it has. */
struct frame *wire_wait(int64_t deadline);
struct frame *wire_take(int64_t deadline);		/* and out of the queue: the caller's */
void wire_send(const struct ip_fields *ip, const void *payload, uint32_t len);
/* false: header broken */
bool wire_parse(const struct frame *f, struct ip_fields *ip, const uint8_t **payload,
		uint32_t *len);
/* with a fragment header if it is one */
uint32_t ip_header(uint8_t *at, const struct ip_fields *ip, uint32_t len, bool from_peer);
/* 0 when it is right */
uint16_t pseudo_sum(int proto, const void *payload, uint32_t len, bool from_peer);
uint16_t plain_sum(const void *payload, uint32_t len);
static inline uint8_t pattern(uint32_t offset) { return (uint8_t)('a' + offset % 23); }

/* ---- the connection that packets belong to ---- */
struct flow {
	uint16_t lport, rport;
	uint32_t kernel_isn, peer_isn;
	bool isn_known;
	uint32_t stamp;			/* the kernel's last timestamp */
};
extern struct flow *flow;		/* the current one */
extern int64_t last_event;

/* ---- tcp.c, datagram.c ---- */
void tcp_inject(char **w);
void tcp_expect(char **w, const struct ip_fields *ip, const uint8_t *p, uint32_t len);
void udp_inject(char **w);
void udp_expect(char **w, const struct ip_fields *ip, const uint8_t *p, uint32_t len);
void icmp_inject(char **w);
void icmp_expect(char **w, const struct ip_fields *ip, const uint8_t *p, uint32_t len);
void other_inject(char **w);
void other_expect(char **w, const struct ip_fields *ip, uint32_t len);
void frag_expect(char **w, const struct ip_fields *ip, uint32_t len);
/* ttl N, tos N, ce, ect0, id N, df, frag A:B more|last, badsum: how many words it was; 0: none of
 * these. */
int ip_word(char **w, struct ip_fields *ip, uint32_t cut[2]);
int ip_expect_word(char **w, const struct ip_fields *ip);
void send_cut(struct ip_fields *ip, const uint8_t *payload, uint32_t len, const uint32_t cut[2]);
void describe(const struct frame *f, char *out, size_t room);	/* for messages */

/* ---- sockets.c ---- */
bool socket_call(char **w);				/* false: not one of its words */

union address {
	struct sockaddr any;
	uint8_t bytes[28];
};
socklen_t make_address(union address *a, bool local, uint16_t port);
const uint8_t *address_bytes(bool local);		/* 4 or 16 */
static inline uint32_t address_len(void) { return family == AF_INET ? 4 : 16; }
