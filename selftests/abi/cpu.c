/* SPDX-License-Identifier: MIT */
/* needs: --cpu max --smp 2 */
/* cpu: what programs learn of the processor (HWCAP, ID registers), pointer authentication, branch
 * target identification. */
#include <elf.h>
#include <sched.h>
#include <stddef.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "../harness.h"

#ifndef PROT_BTI
#define PROT_BTI 0x10
#endif
#define IA 1
#define IB 2
#define DA 4
#define DB 8
#define GA 16
#define NR 16

static unsigned long hwcap(int bit) { return getauxval(AT_HWCAP) >> bit & 1; }
static unsigned long hwcap2(int bit) { return getauxval(AT_HWCAP2) >> bit & 1; }

/* --- ID registers: MRS is emulated */
#define MRS(reg) ({ uint64_t v_; __asm__ volatile("mrs %0, " #reg : "=r"(v_)); v_; })
#define FIELD(v, shift) ((v) >> (shift) & 15)

TEST(id_registers_say_what_hwcap_says)
{
	uint64_t isar0 = MRS(s3_0_c0_c6_0), isar1 = MRS(s3_0_c0_c6_1), pfr0 = MRS(s3_0_c0_c4_0),
		 pfr1 = MRS(s3_0_c0_c4_1);

	EXPECT_EQ(1, hwcap(11));			/* CPUID */
	EXPECT_EQ(hwcap(3) + hwcap(4), FIELD(isar0, 4));	/* AES, PMULL */
	EXPECT_EQ(hwcap(7), FIELD(isar0, 16));		/* CRC32 */
	EXPECT_EQ(hwcap(8) * 2, FIELD(isar0, 20));	/* ATOMICS */
	EXPECT_EQ(hwcap2(16), FIELD(isar0, 60));	/* RNG */
	EXPECT_EQ(0, FIELD(isar0, 56));			/* TLB: not for programs */
	EXPECT_EQ(hwcap(30), FIELD(isar1, 4) || FIELD(isar1, 8));	/* PACA */
	EXPECT_EQ(hwcap(13), FIELD(isar1, 12));		/* JSCVT */
	EXPECT_EQ(hwcap2(17), FIELD(pfr1, 0));		/* BTI */
	EXPECT_EQ(0x11, pfr0 & 0xff);			/* EL1 and EL0 are AArch64, no more */
	/* the interrupt controller: not for programs */
	EXPECT_EQ(0, FIELD(pfr0, 24));
	EXPECT_EQ(hwcap(22), FIELD(pfr0, 32));		/* SVE */
	EXPECT_EQ(6, MRS(s3_0_c0_c5_0));
	EXPECT_EQ(0x111ff000000, MRS(s3_0_c0_c7_0));
	EXPECT_EQ(0, MRS(s3_0_c0_c7_1));
}

TEST(the_main_id_register_is_that_of_cpuinfo)
{
	unsigned long part = 0;
	char line[200];
	FILE *f = fopen("/proc/cpuinfo", "r");

	ASSERT_TRUE(f);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "CPU part : %lx", &part) == 1)
			break;
	EXPECT_EQ(part, MRS(midr_el1) >> 4 & 0xfff);
	EXPECT_EQ(0x80000000, MRS(mpidr_el1));
	EXPECT_EQ(0, MRS(revidr_el1));
}

TEST(reading_into_the_zero_register_is_fine)
{
	__asm__ volatile("mrs xzr, midr_el1");
	EXPECT_EQ(0, MRS(s3_0_c0_c2_0));	/* known, and nothing in it for programs */
}

static siginfo_t caught;

static void note_fault(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	caught = *info;
	((ucontext_t *)context)->uc_mcontext.pc += 4;
	/* BTYPE: what follows is no target either */
	((ucontext_t *)context)->uc_mcontext.pstate &= ~0xc00ul;
}

static void expect(int sig)
{
	struct sigaction act = { .sa_sigaction = note_fault, .sa_flags = SA_SIGINFO };

	sigaction(sig, &act, NULL);
	memset(&caught, 0, sizeof(caught));
}

TEST(other_registers_are_undefined)
{
	expect(SIGILL);
	__asm__ volatile("mrs x0, s3_0_c0_c0_1" ::: "x0");
	EXPECT_EQ(SIGILL, caught.si_signo);
	EXPECT_EQ(ILL_ILLOPC, caught.si_code);
	memset(&caught, 0, sizeof(caught));
	__asm__ volatile("mrs x0, s3_0_c0_c1_0" ::: "x0");
	EXPECT_EQ(SIGILL, caught.si_signo);
	memset(&caught, 0, sizeof(caught));
	__asm__ volatile("mrs x0, sctlr_el1" ::: "x0");
	EXPECT_EQ(SIGILL, caught.si_signo);
}

/* --- pointer authentication */
#define SIGN(name, word)                                                                          \
	static uint64_t name(uint64_t p)                                                          \
	{                                                                                         \
		register uint64_t x0 __asm__("x0") = p;                                           \
		register uint64_t x1 __asm__("x1") = 42;                                          \
		__asm__ volatile(".inst " #word : "+r"(x0) : "r"(x1));                            \
		return x0;                                                                        \
	}
SIGN(pacia, 0xdac10020)
SIGN(pacib, 0xdac10420)
SIGN(pacda, 0xdac10820)
SIGN(pacdb, 0xdac10c20)
SIGN(autia, 0xdac11020)
SIGN(autib, 0xdac11420)

static uint64_t pacga(uint64_t p)
{
	register uint64_t x0 __asm__("x0") = p, x1 __asm__("x1") = p, x2 __asm__("x2") = 42;

	__asm__ volatile(".inst 0x9ac23020" : "+r"(x0) : "r"(x1), "r"(x2));
	return x0;
}

/* Signatures of a few addresses by all five keys: alike only under the same keys. */
static void sign_all(uint64_t s[5][NR])
{
	for (uint64_t i = 0; i < NR; i++) {
		uint64_t p = 0x400000 + i * 0x1230;

		s[0][i] = pacia(p);
		s[1][i] = pacib(p);
		s[2][i] = pacda(p);
		s[3][i] = pacdb(p);
		s[4][i] = pacga(p);
	}
}

/* The set of keys that differ. */
static int changed(uint64_t a[5][NR])
{
	uint64_t b[5][NR];
	int set = 0;

	sign_all(b);
	for (int k = 0; k < 5; k++)
		set |= memcmp(a[k], b[k], sizeof(b[k])) ? 1 << k : 0;
	return set;
}

TEST(addresses_are_signed_and_checked)
{
	EXPECT_EQ(1, hwcap(30));
	EXPECT_EQ(1, hwcap(31));
	for (uint64_t i = 0; i < NR; i++) {
		uint64_t p = 0x400000 + i * 0x1230;

		EXPECT_EQ(p, autia(pacia(p)));
		EXPECT_EQ(p, autib(pacib(p)));
		EXPECT_EQ(p, pacia(p) & 0xffffffffffff);
	}
}

static uint64_t shared_sigs[5][NR];
static volatile int thread_changed;

static void *in_thread(void *arg)
{
	(void)arg;
	thread_changed = changed(shared_sigs);
	return NULL;
}

TEST(keys_are_the_process_s_through_switches_threads_and_fork)
{
	pthread_t t;
	int status;

	sign_all(shared_sigs);
	for (int i = 0; i < 50; i++) {
		usleep(100);
		sched_yield();
		ASSERT_EQ(0, changed(shared_sigs));
	}
	ASSERT_EQ(0, pthread_create(&t, NULL, in_thread, NULL));
	pthread_join(t, NULL);
	EXPECT_EQ(0, thread_changed);
	if (fork() == 0)
		_exit(changed(shared_sigs));
	wait(&status);
	EXPECT_EQ(0, status);
}

TEST(keys_are_reset_one_by_one)
{
	for (int k = IA; k <= GA; k <<= 1) {
		sign_all(shared_sigs);
		ASSERT_EQ(0, prctl(PR_PAC_RESET_KEYS, k, 0, 0, 0));
		EXPECT_EQ(k, changed(shared_sigs));
		usleep(1000);
		EXPECT_EQ(k, changed(shared_sigs));
	}
	sign_all(shared_sigs);
	ASSERT_EQ(0, prctl(PR_PAC_RESET_KEYS, 0, 0, 0, 0));
	EXPECT_EQ(31, changed(shared_sigs));
	EXPECT_ERRNO(EINVAL, prctl(PR_PAC_RESET_KEYS, 32, 0, 0, 0));
	EXPECT_ERRNO(EINVAL, prctl(PR_PAC_RESET_KEYS, 1, 1, 0, 0));
}

TEST(keys_can_be_switched_off)
{
	EXPECT_EQ(15, prctl(PR_PAC_GET_ENABLED_KEYS, 0, 0, 0, 0));
	ASSERT_EQ(0, prctl(PR_PAC_SET_ENABLED_KEYS, IA | DB, 0, 0, 0));
	EXPECT_EQ(IB | DA, prctl(PR_PAC_GET_ENABLED_KEYS, 0, 0, 0, 0));
	for (int i = 0; i < 20; i++) {
		int signs = 0;

		for (uint64_t p = 0x400000; p < 0x400400; p += 16)
			signs |= (pacia(p) != p ? IA : 0) | (pacib(p) != p ? IB : 0) |
				 (pacda(p) != p ? DA : 0) | (pacdb(p) != p ? DB : 0);
		ASSERT_EQ(IB | DA, signs);
		usleep(200);
	}
	if (fork() == 0)
		_exit(prctl(PR_PAC_GET_ENABLED_KEYS, 0, 0, 0, 0));
	int status;
	wait(&status);
	EXPECT_EQ((IB | DA) << 8, status);
	ASSERT_EQ(0, prctl(PR_PAC_SET_ENABLED_KEYS, IA, IA, 0, 0));
	EXPECT_EQ(IA | IB | DA, prctl(PR_PAC_GET_ENABLED_KEYS, 0, 0, 0, 0));
	EXPECT_ERRNO(EINVAL, prctl(PR_PAC_SET_ENABLED_KEYS, GA, 0, 0, 0));
	EXPECT_ERRNO(EINVAL, prctl(PR_PAC_SET_ENABLED_KEYS, IA, IB, 0, 0));
	EXPECT_ERRNO(EINVAL, prctl(PR_PAC_SET_ENABLED_KEYS, IA, IA, 1, 0));
	EXPECT_ERRNO(EINVAL, prctl(PR_PAC_GET_ENABLED_KEYS, 1, 0, 0, 0));
}

TEST(a_forged_pointer_kills)
{
	int status;

	if (fork() == 0) {
		uint64_t good = pacia((uint64_t)&status);

		for (uint64_t bit = 48; bit < 55; bit++)
			*(volatile int *)autia(good ^ 1ul << bit);
		_exit(0);
	}
	wait(&status);
	EXPECT_TRUE(WIFSIGNALED(status) &&
		    (WTERMSIG(status) == SIGSEGV || WTERMSIG(status) == SIGILL));
}

/* --- programs made here */
struct program {
	Elf64_Ehdr eh;
	Elf64_Phdr ph[2];
	uint32_t note[8];
	uint32_t code[8];
};

static int run_program(int type, int bti, const uint32_t *code, size_t n)
{
	struct program p = {
		.eh = { .e_ident = { 0x7f, 'E', 'L', 'F', 2, 1, 1 },
			.e_type = type,
			.e_machine = EM_AARCH64,
			.e_version = 1,
			.e_phoff = 64,
			.e_ehsize = 64,
			.e_phentsize = 56,
			.e_phnum = 2 },
		.note = { 4, 16, 5, 0x554e47, 0xc0000000, 4, bti, 0 },
	};
	uint64_t base = type == ET_EXEC ? 0x400000 : 0;
	static int serial;
	char path[64];
	int fd, status;

	p.eh.e_entry = base + offsetof(struct program, code);
	p.ph[0] = (Elf64_Phdr){ PT_LOAD, PF_R | PF_X, 0, base, base, sizeof(p), sizeof(p), 4096 };
	p.ph[1] = (Elf64_Phdr){ 0x6474e553,
				PF_R,
				offsetof(struct program, note),
				base + offsetof(struct program, note),
				0,
				32,
				32,
				8 };
	memcpy(p.code, code, n);
	snprintf(path, sizeof(path), "/tmp/program%d.%d", getpid(), serial++);
	fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0755);
	if (write(fd, &p, sizeof(p)) != sizeof(p))
		return -1;
	close(fd);
	if (fork() == 0) {
		execl(path, path, NULL);
		_exit(99);
	}
	wait(&status);
	unlink(path);
	return status;
}

TEST(exec_draws_new_keys)
{
	/* mov x0, #0x400000; mov x1, #0; pacia x0, x1; lsr x0, x0, #48; mov x8, #93; svc #0 */
	static const uint32_t code[] = { 0xd2a00800, 0xd2800001, 0xdac10020,
					 0xd370fc00, 0xd2800ba8, 0xd4000001 };
	int first = run_program(ET_EXEC, 0, code, sizeof(code)), other = 0;

	EXPECT_TRUE(WIFEXITED(first));
	for (int i = 0; i < 8; i++)
		other += run_program(ET_EXEC, 0, code, sizeof(code)) != first;
	EXPECT_TRUE(other >= 4);
}

/* --- branch target identification */
TEST(programs_with_the_note_are_guarded)
{
	/* adr x1, 1f; blr x1; nop; 1: mov x0, #7; mov x8, #93; svc #0 */
	static const uint32_t bad[] = { 0x10000061, 0xd63f0020, 0xd503201f,
					0xd28000e0, 0xd2800ba8, 0xd4000001 };
	/* the same with 1: bti c */
	static const uint32_t good[] = { 0x10000061, 0xd63f0020, 0xd503201f, 0xd503245f,
					 0xd28000e0, 0xd2800ba8, 0xd4000001 };

	EXPECT_EQ(1, hwcap2(17));
	for (int type = ET_EXEC; type <= ET_DYN; type++) {
		EXPECT_EQ(7 << 8, run_program(type, 0, bad, sizeof(bad)));
		EXPECT_EQ(SIGILL, run_program(type, 1, bad, sizeof(bad)) & 0x7f);
		EXPECT_EQ(7 << 8, run_program(type, 1, good, sizeof(good)));
		/* the note says PAC only */
		EXPECT_EQ(7 << 8, run_program(type, 2, bad, sizeof(bad)));
	}
}

#define NOP   0xd503201f
#define BTI_C 0xd503245f
#define BTI_J 0xd503249f
#define RET   0xd65f03c0

static uint32_t *guarded_page(uint32_t first)
{
	uint32_t *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	p[0] = first;
	p[1] = RET;
	__builtin___clear_cache((char *)p, (char *)(p + 2));
	ASSERT_EQ(0, mprotect(p, 4096, PROT_READ | PROT_EXEC | PROT_BTI));
	return p;
}

static void call(uint32_t *p)
{
	memset(&caught, 0, sizeof(caught));
	((void (*)(void))p)();
}

TEST(a_call_must_hit_a_landing_pad)
{
	uint32_t *plain = guarded_page(NOP), *c = guarded_page(BTI_C), *j = guarded_page(BTI_J);

	expect(SIGILL);
	call(c);
	EXPECT_EQ(0, caught.si_signo);
	call(plain);
	EXPECT_EQ(SIGILL, caught.si_signo);
	EXPECT_EQ(ILL_ILLOPC, caught.si_code);
	EXPECT_TRUE(caught.si_addr == plain);
	call(j);
	EXPECT_EQ(SIGILL, caught.si_signo);
	plain = guarded_page(NOP);	/* a fresh one: QEMU keeps what it made of code that ran */
	EXPECT_EQ(0, mprotect(plain, 4096, PROT_READ | PROT_EXEC));
	call(plain);
	EXPECT_EQ(0, caught.si_signo);
}

TEST(mmap_takes_the_flag_as_well)
{
	int fd = open("/tmp/code", O_CREAT | O_RDWR | O_TRUNC, 0700);
	uint32_t words[] = { NOP, RET }, *p;

	ASSERT_EQ(sizeof(words), write(fd, words, sizeof(words)));
	p = mmap(NULL, 4096, PROT_READ | PROT_EXEC | PROT_BTI, MAP_PRIVATE, fd, 0);
	ASSERT_TRUE(p != MAP_FAILED);
	expect(SIGILL);
	call(p);
	EXPECT_EQ(SIGILL, caught.si_signo);
}

TEST(a_guarded_handler_begins_with_a_landing_pad)
{
	int status;

	for (int good = 0; good < 2; good++) {
		if (fork() == 0) {
			signal(SIGUSR1, (void (*)(int))guarded_page(good ? BTI_C : NOP));
			raise(SIGUSR1);
			_exit(5);
		}
		wait(&status);
		EXPECT_EQ(good ? 5 << 8 : SIGILL, status & 0xff7f);
	}
}

MAIN
