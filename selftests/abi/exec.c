/* SPDX-License-Identifier: MIT */
/* execve(2), execveat(2), getauxval(3): which files run, what survives, what the new program finds
 * on its stack. The program is its own helper: "exec --arg N", "--argc", "--env" and so on say what
 * the new image sees. */
#include "../harness.h"

#include <elf.h>
#include <limits.h>
#include <poll.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/times.h>

#define SELF "/selftests/exec"

static char *no_env[] = { NULL };

static char *scratch(const char *name)
{
	static char path[4][100];
	static int i;
	char *p = path[i++ & 3];

	snprintf(p, 100, "/tmp/exec.%d.%s", getpid(), name);
	return p;
}

static char *make_file(const char *name, const char *text, size_t len, int mode)
{
	char *path = scratch(name);
	int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);

	write(fd, text, len);
	fchmod(fd, mode);
	close(fd);
	return path;
}

static char *make_script(const char *name, const char *text)
{
	return make_file(name, text, strlen(text), 0755);
}

/* A child becomes @path; what it prints, and its status in *status. */
static char *output_of(const char *path, char *const argv[], char *const envp[], int *status)
{
	static char out[8192];
	int p[2], n = 0, r;
	pid_t pid;

	pipe(p);
	pid = IN_CHILD({
		dup2(p[1], 1);
		close(p[0]);
		close(p[1]);
		execve(path, argv, envp);
		_exit(200 + (errno == ENOEXEC));
	});
	close(p[1]);
	while ((r = read(p[0], out + n, sizeof(out) - 1 - n)) > 0)
		n += r;
	close(p[0]);
	out[n] = 0;
	r = exit_status(pid);
	if (status)
		*status = r;
	return out;
}

static char *copy_of_self(char *path, int mode)
{
	int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600), self = open(SELF, O_RDONLY), n;
	char buf[4096];

	while ((n = read(self, buf, sizeof(buf))) > 0)
		write(fd, buf, n);
	fchmod(fd, mode);
	close(fd);
	close(self);
	return path;
}

#define ARGV(...) ((char *[]){ __VA_ARGS__, NULL })
/* exec in a child only for its error, so that success does no harm */
#define EXEC_ERRNO(error, path)                                                                   \
	do {                                                                                      \
		const char *path_ = (path);                                                       \
		exit_status(IN_CHILD({ EXPECT_ERRNO(error, execve(path_, ARGV("x"), no_env)); }));  \
	} while (0)

/* --- arguments and environment */
TEST(arguments_and_environment_arrive)
{
	EXPECT_STREQ("a\n\nc d\n",
		     output_of(SELF, ARGV("me", "--args", "a", "", "c d"), no_env, NULL));
	EXPECT_STREQ("X=1\nY\n", output_of(SELF, ARGV("me", "--env"), ARGV("X=1", "Y"), NULL));
}

TEST(an_empty_argv_becomes_one_empty_string)
{
	/* Linux since 5.18 */
	EXPECT_STREQ("1 <>\n", output_of(SELF, (char *[]){ NULL }, ARGV("SHOW_ARGC=1"), NULL));
	EXPECT_STREQ("1 <>\n", output_of(SELF, NULL, ARGV("SHOW_ARGC=1"), NULL));
}

TEST(one_string_may_have_128_kib)
{
	char *big = malloc(131072 + 1);

	memset(big, 'x', 131072);
	big[131071] = 0;
	EXPECT_STREQ("131071\n", output_of(SELF, ARGV("me", "--len", big), no_env, NULL));
	big[131071] = 'x';
	big[131072] = 0;
	EXPECT_EQ(0, exit_status(IN_CHILD({
			  EXPECT_ERRNO(E2BIG, execve(SELF, ARGV("me", "--len", big), no_env));
		  })));
}

TEST(pointers_to_strings_count_for_the_limit)
{
	char **argv = calloc(250001, sizeof(*argv));
	int i;

	for (i = 0; i < 180000; i++)
		argv[i] = i == 1 ? "--argc" : "a";		/* 1.8 MB of 2 MB */
	EXPECT_STREQ("180000\n", output_of(SELF, argv, no_env, NULL));
	for (; i < 250000; i++)
		argv[i] = "a";
	EXPECT_EQ(9, exit_status(IN_CHILD({
		EXPECT_ERRNO(E2BIG, execve(SELF, argv, no_env));
		_exit(9);
	})));
}

TEST(all_strings_may_have_a_quarter_of_the_stack_limit)
{
	char *big = malloc(100001), *argv[40] = { "me", "--argc" };

	memset(big, 'x', 100000);
	big[100000] = 0;
	for (int i = 2; i < 18; i++)
		argv[i] = big;
	EXPECT_STREQ("18\n", output_of(SELF, argv, no_env, NULL));	/* 1.6 MB of 2 MB */
	for (int i = 18; i < 24; i++)
		argv[i] = big;
	EXPECT_EQ(0, exit_status(IN_CHILD({ EXPECT_ERRNO(E2BIG, execve(SELF, argv, no_env)); })));
}

TEST(bad_pointers_are_efault)
{
	EXPECT_EQ(0, exit_status(IN_CHILD({
		EXPECT_ERRNO(EFAULT, execve((char *)8, ARGV("x"), no_env));
		EXPECT_ERRNO(EFAULT, execve(SELF, (char **)8, no_env));
		EXPECT_ERRNO(EFAULT, execve(SELF, ARGV("x"), (char **)8));
		EXPECT_ERRNO(EFAULT, execve(SELF, ARGV((char *)8), no_env));
	})));
}

/* --- which files */
TEST(what_is_not_a_program_is_enoexec)
{
	EXEC_ERRNO(ENOEXEC, make_file("text", "hello, world\n", 13, 0755));
	EXEC_ERRNO(ENOEXEC, make_file("empty", "", 0, 0755));
	EXEC_ERRNO(ENOEXEC, make_file("short", "\177ELF", 4, 0755));
}

TEST(an_elf_for_another_machine_is_enoexec)
{
	char buf[4096];
	int fd = open(SELF, O_RDONLY);
	Elf64_Ehdr *eh = (void *)buf;

	ASSERT_EQ(sizeof(buf), read(fd, buf, sizeof(buf)));
	eh->e_machine = EM_X86_64;
	EXEC_ERRNO(ENOEXEC, make_file("x86", buf, sizeof(buf), 0755));
	eh->e_machine = EM_AARCH64;
	eh->e_type = ET_REL;
	EXEC_ERRNO(ENOEXEC, make_file("rel", buf, sizeof(buf), 0755));
	eh->e_type = ET_EXEC;
	eh->e_phentsize = 1;
	EXEC_ERRNO(ENOEXEC, make_file("phent", buf, sizeof(buf), 0755));
}

TEST(what_may_not_be_executed_is_eacces)
{
	EXEC_ERRNO(EACCES, make_file("noexec", "#!/bin/true\n", 12, 0644));
	EXEC_ERRNO(EACCES, "/tmp");
	EXEC_ERRNO(EACCES, "/dev/null");
	EXEC_ERRNO(ENOENT, "/tmp/no/such");
	EXEC_ERRNO(ENOENT, "");
	EXEC_ERRNO(ENOTDIR, SELF "/x");
}

TEST(a_noexec_mount_is_eacces)
{
	EXEC_ERRNO(EACCES, "/proc/self/status");
}

TEST(who_may_execute_need_not_read)
{
	char *path = copy_of_self(scratch("secret"), 0711);

	EXPECT_EQ(7, exit_status(IN_CHILD({
		setuid(1234);
		EXPECT_ERRNO(EACCES, open(path, O_RDONLY));
		execve(path, ARGV("me", "--exit", "7"), no_env);
	})));
	unlink(path);
}

TEST(a_file_open_for_writing_is_etxtbsy)
{
	char *path = make_script("busy", "#!/bin/true\n");
	int fd = open(path, O_WRONLY);

	EXEC_ERRNO(ETXTBSY, path);
	close(fd);
	EXPECT_EQ(0, exit_status(IN_CHILD({ execve(path, ARGV("x"), no_env); _exit(1); })));
}

TEST(a_running_program_cannot_be_written)
{
	char *path = copy_of_self("/tmp/exec.copy", 0755);
	int p[2];
	char c;
	pid_t pid;

	pipe(p);
	pid = IN_CHILD({ dup2(p[1], 1); execve(path, ARGV("me", "--hang"), no_env); });
	read(p[0], &c, 1);
	EXPECT_ERRNO(ETXTBSY, open(path, O_WRONLY));
	EXPECT_ERRNO(ETXTBSY, open(path, O_RDONLY | O_TRUNC));
	EXPECT_ERRNO(ETXTBSY, truncate(path, 0));
	kill(pid, SIGKILL);
	exit_status(pid);
	EXPECT_TRUE(open(path, O_WRONLY) >= 0);
}

/* --- scripts */
TEST(a_script_names_its_interpreter)
{
	char *path = make_script("s1", "#!" SELF " --args\n"), want[200];

	snprintf(want, sizeof(want), "%s\nx y\n", path);
	EXPECT_STREQ(want, output_of(path, ARGV("ignored", "x y"), no_env, NULL));
}

TEST(a_script_line_has_one_optional_argument)
{
	char *path = make_script("s2", "#! \t" SELF "  --args  a b \t \n"), want[200];

	/* the rest of the line is one argument, its trailing blanks gone */
	snprintf(want, sizeof(want), "--args  a b\n%s\nq\n", path);
	EXPECT_STREQ(want, output_of(path, ARGV("z", "q"), ARGV("SHOW_ARGS=1"), NULL));
}

TEST(a_script_line_needs_no_newline)
{
	int st;

	output_of(make_script("s4", "#!/bin/true"), ARGV("z"), no_env, &st);
	EXPECT_EQ(0, st);
}

TEST(an_interpreter_may_be_a_script)
{
	char *inner = make_script("in", "#!" SELF " --args\n"), *outer, line[200], want[300];

	snprintf(line, sizeof(line), "#!%s opt\n", inner);
	outer = make_script("out", line);
	snprintf(want, sizeof(want), "%s\nopt\n%s\nlast\n", inner, outer);
	EXPECT_STREQ(want, output_of(outer, ARGV("z", "last"), no_env, NULL));
}

TEST(a_script_that_interprets_itself_is_eloop)
{
	char *path = scratch("loop"), line[200];

	snprintf(line, sizeof(line), "#!%s\n", path);
	EXEC_ERRNO(ELOOP, make_script("loop", line));
}

TEST(five_interpreters_deep_is_the_limit)
{
	char line[200], *path = SELF;

	for (int i = 0; i < 5; i++) {
		char name[] = { 'd', '0' + i, 0 };

		snprintf(line, sizeof(line), "#!%s\n", path);
		path = make_script(name, line);
	}
	EXPECT_EQ(0, exit_status(IN_CHILD({
			  execve(path, ARGV("x"), ARGV("SHOW_ARGC=1"));
			  _exit(errno);
		  })));
	snprintf(line, sizeof(line), "#!%s\n", path);
	EXEC_ERRNO(ELOOP, make_script("d5", line));
}

TEST(a_script_without_interpreter_is_enoexec)
{
	EXEC_ERRNO(ENOEXEC, make_script("n1", "#!\n"));
	EXEC_ERRNO(ENOEXEC, make_script("n2", "#!   \n"));
	EXEC_ERRNO(ENOENT, make_script("n3", "#!/no/such/file\n"));
	EXEC_ERRNO(EACCES, make_script("n4", "#!/tmp\n"));
}

TEST(an_interpreter_name_must_fit_in_256_bytes)
{
	char line[400];

	memset(line, 'a', sizeof(line));
	memcpy(line, "#!/", 3);
	line[398] = '\n';
	line[399] = 0;
	EXEC_ERRNO(ENOEXEC, make_script("long", line));
}

/* --- what survives */
TEST(close_on_exec_closes_the_others_stay)
{
	int a = fcntl(1, F_DUPFD, 50), b = fcntl(1, F_DUPFD_CLOEXEC, 60);
	char text[20], *want = text;

	snprintf(text, sizeof(text), "%d\n", a);
	ASSERT_TRUE(b > a);
	EXPECT_STREQ(want, output_of(SELF, ARGV("me", "--fds", "50", "70"), no_env, NULL));
}

TEST(a_shared_table_is_unshared_before_close_on_exec)
{
	int fd = fcntl(1, F_DUPFD_CLOEXEC, 60);
	pid_t pid = vfork();

	if (pid == 0) {
		execve(SELF, ARGV("me", "--exit", "0"), no_env);
		_exit(1);
	}
	EXPECT_EQ(0, exit_status(pid));
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
}

TEST(handlers_become_default_ignored_stays_ignored)
{
	on_signal(SIGUSR1, 0);
	signal(SIGUSR2, SIG_IGN);
	EXPECT_STREQ("USR1 default\nUSR2 ignored\n",
		     output_of(SELF, ARGV("me", "--signals"), no_env, NULL));
}

TEST(mask_and_pending_signals_stay)
{
	EXPECT_EQ(3, exit_status(IN_CHILD({
		sigset_t set;

		sigemptyset(&set);
		sigaddset(&set, SIGUSR1);
		sigprocmask(SIG_BLOCK, &set, NULL);
		raise(SIGUSR1);
		execve(SELF, ARGV("me", "--pending"), no_env);
	})));
}

TEST(the_alternate_stack_is_gone)
{
	static char stack[16384];

	EXPECT_EQ(SS_DISABLE, exit_status(IN_CHILD({
		sigaltstack(&(stack_t){ .ss_sp = stack, .ss_size = sizeof(stack) }, NULL);
		execve(SELF, ARGV("me", "--altstack"), no_env);
	})));
}

TEST(pid_parent_directory_umask_and_alarm_stay)
{
	char want[200];

	umask(027);
	chdir("/tmp");
	EXPECT_EQ(0, exit_status(IN_CHILD({
		alarm(77);
		snprintf(want, sizeof(want), "%d %d /tmp 027 77", getpid(), getppid());
		execve(SELF, ARGV("me", "--same", want), no_env);
	})));
}

TEST(mappings_are_gone)
{
	void *m = mmap((void *)0x5500000000, 4096, PROT_READ,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	ASSERT_EQ(0x5500000000, (long)m);
	EXPECT_EQ(0, exit_status(IN_CHILD(
			     { execve(SELF, ARGV("me", "--unmapped", "5500000000"), no_env); })));
}

TEST(comm_is_the_base_name_of_the_file)
{
	EXPECT_STREQ("exec\n", output_of(SELF, ARGV("other", "--comm"), no_env, NULL));
}

TEST(children_stay_children)
{
	EXPECT_EQ(0, exit_status(IN_CHILD({
		char pid[20];

		snprintf(pid, sizeof(pid), "%d", IN_CHILD({ _exit(0); }));
		execve(SELF, ARGV("me", "--wait", pid), no_env);
	})));
}

/* --- threads */
TEST(exec_ends_the_other_threads)
{
	EXPECT_EQ(4, exit_status(IN_CHILD({
		IN_THREAD({ for (;;) pause(); });
		IN_THREAD({ for (;;) ; });
		sleep_ms(5);
		execve(SELF, ARGV("me", "--exit", "4"), no_env);
	})));
}

TEST(exec_by_another_thread_takes_the_leaders_pid)
{
	int st;
	char want[20];
	pid_t pid = IN_CHILD({
		IN_THREAD({
			snprintf(want, sizeof(want), "%d", getpid());
			execve(SELF, ARGV("me", "--pid", want), no_env);
		});
		for (;;)
			pause();
	});

	EXPECT_EQ(pid, waitpid(pid, &st, 0));
	EXPECT_EQ(0, st);
}

TEST(exec_after_the_leaders_exit)
{
	int st;
	char want[20];
	pid_t pid = IN_CHILD({
		IN_THREAD({
			sleep_ms(10);
			snprintf(want, sizeof(want), "%d", getpid());
			execve(SELF, ARGV("me", "--pid", want), no_env);
		});
		syscall(SYS_exit, 0);
	});

	EXPECT_EQ(pid, waitpid(pid, &st, 0));
	EXPECT_EQ(0, st);
}

TEST(a_failed_exec_leaves_the_threads_alone)
{
	int p[2];
	char c = 0;

	pipe(p);
	EXPECT_EQ(0, exit_status(IN_CHILD({
		IN_THREAD({ read(p[0], &c, 1); });
		EXPECT_ERRNO(ENOENT, execve("/no/such", ARGV("x"), no_env));
		write(p[1], "x", 1);
	})));
}

/* --- set-id */
TEST(set_user_id_changes_the_effective_user)
{
	char *path = copy_of_self("/exec.suid", 0700);	/* /tmp may be nosuid */

	chown(path, 555, 666);
	chmod(path, 06755);
	EXPECT_EQ(0, exit_status(IN_CHILD({
		setgid(1235);
		setuid(1234);
		execve(path, ARGV("me", "--ids"), no_env);
		_exit(99);
	})));
	unlink(path);
}

/* --- auxiliary vector */
TEST(the_auxiliary_vector_describes_the_image)
{
	extern const char __ehdr_start[] __attribute__((weak));
	const Elf64_Ehdr *eh = (const void *)__ehdr_start;

	EXPECT_EQ(4096, getauxval(AT_PAGESZ));
	EXPECT_EQ(sizeof(Elf64_Phdr), getauxval(AT_PHENT));
	EXPECT_EQ(eh->e_phnum, getauxval(AT_PHNUM));
	EXPECT_EQ((long)__ehdr_start + eh->e_phoff, getauxval(AT_PHDR));
	EXPECT_EQ(eh->e_entry, getauxval(AT_ENTRY));
	EXPECT_EQ(0, getauxval(AT_BASE));
	EXPECT_EQ(0, getauxval(AT_FLAGS));
	EXPECT_EQ(100, getauxval(AT_CLKTCK));
	EXPECT_EQ(0, getauxval(AT_SECURE));
	EXPECT_EQ(getuid(), getauxval(AT_UID));
	EXPECT_EQ(geteuid(), getauxval(AT_EUID));
	EXPECT_EQ(getgid(), getauxval(AT_GID));
	EXPECT_EQ(getegid(), getauxval(AT_EGID));
	EXPECT_STREQ("aarch64", (char *)getauxval(AT_PLATFORM));
	EXPECT_STREQ(SELF, (char *)getauxval(AT_EXECFN));
	EXPECT_TRUE(getauxval(AT_SYSINFO_EHDR) != 0);
	EXPECT_EQ(3, getauxval(AT_HWCAP) & 3);		/* fp, asimd */
	EXPECT_TRUE(getauxval(AT_MINSIGSTKSZ) >= 4096);
}

TEST(at_random_is_sixteen_bytes_new_each_time)
{
	const unsigned char *r = (void *)getauxval(AT_RANDOM);
	char mine[40] = "", *theirs;

	for (int i = 0; i < 16; i++)
		sprintf(mine + 2 * i, "%02x", r[i]);
	theirs = output_of(SELF, ARGV("me", "--random"), no_env, NULL);
	EXPECT_EQ(33, strlen(theirs));
	EXPECT_TRUE(strncmp(mine, theirs, 32) != 0);
}

TEST(the_stack_is_aligned_and_begins_with_argc)
{
	EXPECT_EQ(0, exit_status(IN_CHILD(
			     { execve(SELF, ARGV("me", "--stack", "b", "c"), ARGV("E=1")); })));
}

TEST(the_layout_is_random)
{
	char a[100];

	strcpy(a, output_of(SELF, ARGV("me", "--layout"), no_env, NULL));
	EXPECT_TRUE(strcmp(a, output_of(SELF, ARGV("me", "--layout"), no_env, NULL)) != 0);
}

/* --- execveat */
TEST(execveat_takes_a_directory_or_an_empty_path)
{
	int dir = open("/selftests", O_PATH), fd = open(SELF, O_RDONLY), path = open(SELF, O_PATH);

	EXPECT_EQ(5, exit_status(IN_CHILD({
			  syscall(SYS_execveat, dir, "exec", ARGV("me", "--exit", "5"), no_env, 0);
		  })));
	EXPECT_EQ(6, exit_status(IN_CHILD({
			  syscall(SYS_execveat, fd, "", ARGV("me", "--exit", "6"), no_env,
				  AT_EMPTY_PATH);
		  })));
	EXPECT_EQ(7, exit_status(IN_CHILD({
			  syscall(SYS_execveat, path, "", ARGV("me", "--exit", "7"), no_env,
				  AT_EMPTY_PATH);
		  })));
	EXPECT_EQ(8, exit_status(IN_CHILD({ fexecve(fd, ARGV("me", "--exit", "8"), no_env); })));
	EXPECT_EQ(9, exit_status(IN_CHILD({
			  syscall(SYS_execveat, -1, SELF, ARGV("me", "--exit", "9"), no_env, 0);
		  })));
}

TEST(execveat_errors)
{
	char *link = scratch("link");

	symlink(SELF, link);
	EXPECT_EQ(0, exit_status(IN_CHILD({
		int fd = open(SELF, O_RDONLY);

		EXPECT_ERRNO(EINVAL,
			     syscall(SYS_execveat, AT_FDCWD, SELF, ARGV("x"), no_env, 0x20000));
		EXPECT_ERRNO(ELOOP, syscall(SYS_execveat, AT_FDCWD, link, ARGV("x"), no_env,
					    AT_SYMLINK_NOFOLLOW));
		EXPECT_ERRNO(ENOENT, syscall(SYS_execveat, fd, "", ARGV("x"), no_env, 0));
		EXPECT_ERRNO(ENOTDIR, syscall(SYS_execveat, fd, "x", ARGV("x"), no_env, 0));
		EXPECT_ERRNO(EBADF, syscall(SYS_execveat, 999, "x", ARGV("x"), no_env, 0));
	})));
}

TEST(execveat_of_a_script_on_a_cloexec_descriptor_is_enoent)
{
	int fd = open(make_script("fe", "#!" SELF " --args\n"), O_RDONLY);

	fcntl(fd, F_SETFD, FD_CLOEXEC);
	EXPECT_EQ(9, exit_status(IN_CHILD({
			  EXPECT_ERRNO(ENOENT, syscall(SYS_execveat, fd, "", ARGV("x"), no_env,
						       AT_EMPTY_PATH));
			  _exit(9);
		  })));
}

TEST(a_script_below_a_descriptor_is_named_through_it)
{
	int p[2], dir, n;
	char out[200], want[200], *slash, *path = make_script("fb", "#!" SELF " --args\n");

	slash = strrchr(path, '/');
	*slash = 0;
	dir = open(path, O_RDONLY | O_DIRECTORY);
	pipe(p);
	EXPECT_EQ(0, exit_status(IN_CHILD({
		dup2(p[1], 1);
		syscall(SYS_execveat, dir, slash + 1, ARGV("x", "y"), no_env, 0);
	})));
	n = read(p[0], out, sizeof(out) - 1);
	out[n < 0 ? 0 : n] = 0;
	snprintf(want, sizeof(want), "/dev/fd/%d/%s", dir, slash + 1);
	EXPECT_TRUE(strstr(out, want));
	fcntl(dir, F_SETFD, FD_CLOEXEC);
	EXPECT_EQ(9, exit_status(IN_CHILD({
		EXPECT_ERRNO(ENOENT, syscall(SYS_execveat, dir, slash + 1, ARGV("x"), no_env, 0));
		_exit(9);
	})));
}

TEST(execveat_of_a_memfd)
{
	int self = open(SELF, O_RDONLY), fd = syscall(SYS_memfd_create, "prog", 1 /* CLOEXEC */), n;
	char buf[4096];

	while ((n = read(self, buf, sizeof(buf))) > 0)
		write(fd, buf, n);
	EXPECT_EQ(3, exit_status(IN_CHILD({
			  syscall(SYS_execveat, fd, "", ARGV("me", "--exit", "3"), no_env,
				  AT_EMPTY_PATH);
		  })));
}

/* --- the helper */
static int helper(int argc, char **argv, char **envp)
{
	const char *what = argv[1];
	stack_t ss;
	sigset_t set;
	struct sigaction sa;
	char buf[200], name[16];
	uid_t r, e, s;
	unsigned char vec;

	if (!strcmp(what, "--args")) {
		for (int i = 2; i < argc; i++)
			puts(argv[i]);
	} else if (!strcmp(what, "--argc")) {
		printf("%d\n", argc);
	} else if (!strcmp(what, "--env")) {
		for (; *envp; envp++)
			puts(*envp);
	} else if (!strcmp(what, "--len")) {
		printf("%zu\n", strlen(argv[2]));
	} else if (!strcmp(what, "--hang")) {
		write(1, "x", 1);
		for (;;)
			pause();
	} else if (!strcmp(what, "--exit")) {
		return atoi(argv[2]);
	} else if (!strcmp(what, "--fds")) {
		for (int i = atoi(argv[2]); i < atoi(argv[3]); i++)
			if (fcntl(i, F_GETFD) >= 0)
				printf("%d\n", i);
	} else if (!strcmp(what, "--signals")) {
		sigaction(SIGUSR1, NULL, &sa);
		printf("USR1 %s\n", sa.sa_handler == SIG_DFL ? "default" : "not default");
		sigaction(SIGUSR2, NULL, &sa);
		printf("USR2 %s\n", sa.sa_handler == SIG_IGN ? "ignored" : "not ignored");
	} else if (!strcmp(what, "--pending")) {
		sigpending(&set);
		r = sigismember(&set, SIGUSR1);
		sigprocmask(SIG_BLOCK, NULL, &set);
		return r + 2 * sigismember(&set, SIGUSR1);
	} else if (!strcmp(what, "--altstack")) {
		sigaltstack(NULL, &ss);
		return ss.ss_flags;
	} else if (!strcmp(what, "--same")) {
		int mask = umask(0), pid, ppid, left, mask2;
		char cwd[100], cwd2[100];

		if (sscanf(argv[2], "%d %d %s %o %d", &pid, &ppid, cwd, &mask2, &left) != 5)
			return 1;
		int now = alarm(0);

		return !(pid == getpid() && ppid == getppid() &&
			 !strcmp(cwd, getcwd(cwd2, sizeof(cwd2))) && mask == mask2 && now <= left &&
			 now > left - 20);
	} else if (!strcmp(what, "--unmapped")) {
		return !(mincore((void *)strtoul(argv[2], NULL, 16), 4096, &vec) < 0 &&
			 errno == ENOMEM);
	} else if (!strcmp(what, "--comm")) {
		prctl(PR_GET_NAME, name);
		puts(name);
	} else if (!strcmp(what, "--wait")) {
		return waitpid(atoi(argv[2]), NULL, 0) != atoi(argv[2]);
	} else if (!strcmp(what, "--pid")) {
		return getpid() != atoi(argv[2]) || gettid() != getpid();
	} else if (!strcmp(what, "--ids")) {
		getresuid(&r, &e, &s);
		if (r != 1234 || e != 555 || s != 555)
			return 1;
		getresgid(&r, &e, &s);
		if (r != 1235 || e != 666 || s != 666)
			return 2;
		return getauxval(AT_SECURE) != 1 || getauxval(AT_EUID) != 555 ||
		       getauxval(AT_UID) != 1234;
	} else if (!strcmp(what, "--random")) {
		for (int i = 0; i < 16; i++)
			printf("%02x", ((unsigned char *)getauxval(AT_RANDOM))[i]);
		puts("");
	} else if (!strcmp(what, "--stack")) {
		long *sp = (long *)argv - 1;

		if (*sp != argc || ((uintptr_t)sp & 15) || argv[argc] || envp != argv + argc + 1 ||
		    strcmp(envp[0], "E=1") || envp[1])
			return 1;
		return (void *)argv[0] < (void *)envp;
	} else if (!strcmp(what, "--layout")) {
		printf("%p %p %p\n", (void *)buf,
		       mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), sbrk(0));
	} else {
		return 99;
	}
	return 0;
}

int main(int argc, char **argv)
{
	extern char **environ;
	int status;

	if (getenv("SHOW_ARGC")) {
		printf("%d <%s>\n", argc, argv[0] ? argv[0] : "(null)");
		return 0;
	}
	if (getenv("SHOW_ARGS")) {
		for (int i = 1; i < argc; i++)
			puts(argv[i]);
		return 0;
	}
	if (argc > 1 && !strncmp(argv[1], "--", 2)) {
		status = helper(argc, argv, environ);
		fflush(stdout);
		return status;
	}
	status = harness_main(argc, argv);
	system("rm -f /tmp/exec.*");
	return status;
}
