/* SPDX-License-Identifier: MIT */
/* agent.c - the guest's end of `scripts/run -x`: runs one command and carries its stdin, stdout,
 * stderr and status over the console, which is the only channel every kernel has.
 * scripts/lib/agent.py is the other end.
 *
 * How: frames  magic[2] type seq:16 len:16 payload crc32:32  (little endian, crc from type to
 * payload). Frames that carry something (C G I E from the host, O R X to it) are numbered from 0 in
 * each direction and accepted only in order. A says "I have everything below seq" and how many
 * bytes of stdin fit; N says the same and asks for the rest again. Kernel text may stand between
 * frames or destroy one: the receiver looks for the next magic and asks again. Only the host has a
 * retransmission timer: under icount the guest's timers run ahead of the world.
 *
 * Also serves as PID 1 (init=/sbin/agent), then mounts what is there to mount. Takes its command
 * from /etc/agent.cmd if that exists (nothing is then read from the host: deterministic runs). */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define MAGIC0		 0x9e
#define MAGIC1_FROM_HOST 0xc4
#define MAGIC1_TO_HOST	 0xc5
#define HEADER		 7
#define MAX_PAYLOAD	 4096
#define MAX_FRAME	 (HEADER + MAX_PAYLOAD + 4)
#define TX_SLOTS	 16	/* frames sent and not yet acknowledged */
#define STDIN_ROOM	 65536

static int tty;

/* --- frames out */
static struct { uint8_t bytes[MAX_FRAME]; size_t len; } tx[TX_SLOTS];
static uint16_t tx_next, tx_acked;

static uint32_t crc_table[256];

static void init_crc(void)
{
	for (uint32_t i = 0; i < 256; i++) {
		crc_table[i] = i;
		for (int k = 0; k < 8; k++)
			crc_table[i] = crc_table[i] >> 1 ^ (crc_table[i] & 1 ? 0xedb88320 : 0);
	}
}

static uint32_t crc32_of(const uint8_t *p, size_t n)
{
	uint32_t crc = ~0u;

	while (n--)
		crc = crc >> 8 ^ crc_table[(crc ^ *p++) & 255];
	return ~crc;
}

static void write_all(int fd, const uint8_t *p, size_t n)
{
	while (n) {
		ssize_t did = write(fd, p, n);

		if (did > 0) {
			p += did;
			n -= did;
		} else if (errno == EAGAIN) {
			poll(&(struct pollfd){ fd, POLLOUT, 0 }, 1, -1);
		} else if (errno != EINTR) {
			return;
		}
	}
}

static size_t build_frame(uint8_t *f, char type, uint16_t seq, const void *payload, uint16_t len)
{
	uint32_t crc;

	f[0] = MAGIC0;
	f[1] = MAGIC1_TO_HOST;
	f[2] = type;
	memcpy(f + 3, &seq, 2);
	memcpy(f + 5, &len, 2);
	memcpy(f + HEADER, payload, len);
	crc = crc32_of(f + 2, HEADER - 2 + len);
	memcpy(f + HEADER + len, &crc, 4);
	return HEADER + len + 4;
}

static int tx_full(void)
{
	return (uint16_t)(tx_next - tx_acked) == TX_SLOTS;
}

static void send_frame(char type, const void *payload, uint16_t len)
{
	int slot = tx_next % TX_SLOTS;

	tx[slot].len = build_frame(tx[slot].bytes, type, tx_next++, payload, len);
	write_all(tty, tx[slot].bytes, tx[slot].len);
}

static void resend_from(uint16_t seq)
{
	for (; seq != tx_next; seq++)
		write_all(tty, tx[seq % TX_SLOTS].bytes, tx[seq % TX_SLOTS].len);
}

/* --- frames in */
static uint8_t rx[2 * MAX_FRAME];
static size_t rx_len;
static uint16_t rx_next;

static uint8_t stdin_buf[STDIN_ROOM];
static size_t stdin_len;
static int stdin_file = -1;	/* what comes before the host's frames: /etc/agent.stdin */
static int stdin_eof;
static char *command;
static size_t command_len;
static int go;		/* the command is complete */

static void send_ack(char type)
{
	uint8_t frame[HEADER + 8];
	uint32_t room = stdin_file < 0 ? STDIN_ROOM - stdin_len : 0;

	write_all(tty, frame, build_frame(frame, type, rx_next, &room, 4));
}

/* A frame that carries something, in order; 0 when there is no room for it. */
static int accept_frame(char type, const uint8_t *payload, uint16_t len)
{
	if (type == 'I' && len > STDIN_ROOM - stdin_len)
		return 0;
	if (type == 'C') {
		command = realloc(command, command_len + len + 1);
		memcpy(command + command_len, payload, len);
		command_len += len;
		command[command_len] = '\0';
	} else if (type == 'G') {
		go = 1;
	} else if (type == 'I') {
		memcpy(stdin_buf + stdin_len, payload, len);
		stdin_len += len;
	} else if (type == 'E') {
		stdin_eof = 1;
	}
	return 1;
}

static void handle_frame(char type, uint16_t seq, const uint8_t *payload, uint16_t len)
{
	if (type == 'A' || type == 'N') {
		if ((uint16_t)(seq - tx_acked) <= TX_SLOTS)
			tx_acked = seq;
		if (type == 'N') {
			resend_from(tx_acked);
			send_ack('A');
		}
	} else if (seq == rx_next) {
		rx_next += accept_frame(type, payload, len);
		send_ack('A');
	} else {
		send_ack((int16_t)(seq - rx_next) > 0 ? 'N' : 'A');
	}
}

/* Take one frame from the front of rx; 0 when it is not all there yet. */
static size_t parse_frame(const uint8_t *p, size_t n)
{
	uint16_t seq, len;
	uint32_t crc;

	if (p[0] != MAGIC0 || (n > 1 && p[1] != MAGIC1_FROM_HOST))
		return 1;
	if (n < HEADER)
		return 0;
	memcpy(&seq, p + 3, 2);
	memcpy(&len, p + 5, 2);
	if (len > MAX_PAYLOAD)
		return 1;
	if (n < HEADER + len + 4u)
		return 0;
	memcpy(&crc, p + HEADER + len, 4);
	if (crc != crc32_of(p + 2, HEADER - 2 + len)) {
		send_ack('N');
		return 1;
	}
	handle_frame(p[2], seq, p + HEADER, len);
	return HEADER + len + 4u;
}

static void receive(void)
{
	ssize_t n = read(tty, rx + rx_len, sizeof(rx) - rx_len);
	size_t pos = 0, took;

	if (n <= 0)
		return;
	rx_len += n;
	while (pos < rx_len && (took = parse_frame(rx + pos, rx_len - pos)))
		pos += took;
	rx_len -= pos;
	memmove(rx, rx + pos, rx_len);
}

/* --- the command */
static int child_died[2];

static void on_sigchld(int sig)
{
	int saved = errno;

	(void)sig;
	if (write(child_died[1], "", 1) < 0)
		errno = saved;
	errno = saved;
}

static pid_t start(const char *cmd, int fds[3])
{
	int in[2], out[2], err[2];
	pid_t pid;

	if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC))
		return -1;
	pid = fork();
	if (pid == 0) {
		setsid();
		dup2(in[0], 0);
		dup2(out[1], 1);
		dup2(err[1], 2);
		signal(SIGPIPE, SIG_DFL);
		execl("/bin/sh", "sh", "-c", cmd, (char *)NULL);
		dprintf(2, "/bin/sh: %s\n", strerror(errno));
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	close(err[1]);
	fcntl(in[1], F_SETFL, O_NONBLOCK);
	fcntl(out[0], F_SETFL, O_NONBLOCK);
	fcntl(err[0], F_SETFL, O_NONBLOCK);
	fds[0] = in[1];
	fds[1] = out[0];
	fds[2] = err[0];
	return pid;
}

/* Pass on one piece of output; 0 when there is none now, closes at the end of file. */
static int forward(int *fd, char type)
{
	static uint8_t buf[MAX_PAYLOAD];
	ssize_t n;

	if (*fd < 0 || tx_full())
		return 0;
	n = read(*fd, buf, sizeof(buf));
	if (n > 0) {
		send_frame(type, buf, n);
		return 1;
	}
	if (n == 0) {
		close(*fd);
		*fd = -1;
	}
	return 0;
}

static void refill_from_file(void)
{
	ssize_t n = read(stdin_file, stdin_buf, sizeof(stdin_buf));

	stdin_len = n > 0 ? n : 0;
	if (n <= 0) {
		close(stdin_file);
		stdin_file = -1;
		send_ack('A');
	}
}

static void feed_stdin(int *fd)
{
	ssize_t n;

	if (stdin_file >= 0 && !stdin_len)
		refill_from_file();
	n = stdin_len ? write(*fd, stdin_buf, stdin_len) : 0;

	if (n > 0) {
		int was_tight = STDIN_ROOM - stdin_len < 2 * MAX_PAYLOAD;

		stdin_len -= n;
		memmove(stdin_buf, stdin_buf + n, stdin_len);
		if (was_tight)
			send_ack('A');
	}
	if (n < 0 && errno != EAGAIN && errno != EINTR) {	/* nobody reads: swallow the rest */
		stdin_len = 0;
		send_ack('A');
	}
	if (stdin_eof && !stdin_len && stdin_file < 0) {
		close(*fd);
		*fd = -1;
	}
}

static int wait_for(pid_t pid, int *status)
{
	int st, found = 0;
	char c[64];
	pid_t p;

	while (read(child_died[0], c, sizeof(c)) > 0)
		;
	while ((p = waitpid(-1, &st, WNOHANG)) > 0) {
		if (p == pid) {
			*status = st;
			found = 1;
		}
	}
	return found;
}

static int run_command(void)
{
	int fds[3], status = 0, done = 0;
	pid_t pid = start(command, fds);

	if (pid < 0)
		return 126 << 8;
	while (!done) {
		struct pollfd p[] = {
			{ tty, POLLIN, 0 },
			{ child_died[0], POLLIN, 0 },
			{ tx_full() ? -1 : fds[1], POLLIN, 0 },
			{ tx_full() ? -1 : fds[2], POLLIN, 0 },
			{ stdin_len || stdin_eof || stdin_file >= 0 ? fds[0] : -1, POLLOUT, 0 },
		};

		poll(p, 5, -1);
		if (p[0].revents)
			receive();
		if (p[2].revents)
			forward(&fds[1], 'O');
		if (p[3].revents)
			forward(&fds[2], 'R');
		if (p[4].revents)
			feed_stdin(&fds[0]);
		if (p[1].revents)
			done = wait_for(pid, &status);
	}
	for (;;) {						/* what it left in the pipes */
		if (tx_full())
			receive();
		else if (!forward(&fds[1], 'O') && !forward(&fds[2], 'R'))
			return status;
	}
}

/* --- the machine */
static void mount_all(void)
{
	static const struct { const char *fs, *dir, *opts; } mounts[] = {
		{ "proc", "/proc", "" },	 { "sysfs", "/sys", "" },
		{ "devtmpfs", "/dev", "" },	 { "devpts", "/dev/pts", "ptmxmode=666" },
		{ "tmpfs", "/dev/shm", "" },	 { "tmpfs", "/tmp", "" },
		{ "tmpfs", "/run", "" },
	};

	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		mkdir(mounts[i].dir, 0755);
		mount(mounts[i].fs, mounts[i].dir, mounts[i].fs, 0, mounts[i].opts);
	}
	(void)!symlink("/proc/self/fd", "/dev/fd");
	(void)!symlink("/proc/self/fd/0", "/dev/stdin");
	(void)!symlink("/proc/self/fd/1", "/dev/stdout");
	(void)!symlink("/proc/self/fd/2", "/dev/stderr");
}

/* Linux keeps its virtio drivers in modules; they are numbered in load order. */
static void load_modules(void)
{
	struct dirent **names;
	char path[300];
	int fd, n = scandir("/lib/modules/boot", &names, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "/lib/modules/boot/%s", names[i]->d_name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		syscall(SYS_finit_module, fd, "", 0);
		close(fd);
	}
}

static void open_console(void)
{
	struct termios t;

	tty = open("/dev/ttyAMA0", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (tty < 0)
		tty = open("/dev/console", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (tty < 0)
		tty = 0;
	if (tcgetattr(tty, &t) == 0) {
		cfmakeraw(&t);
		t.c_cflag |= CLOCAL | CREAD;
		tcsetattr(tty, TCSANOW, &t);
	}
}

static int read_command_file(void)
{
	int fd = open("/etc/agent.cmd", O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		return 0;
	command = calloc(1, st.st_size + 1);
	if (read(fd, command, st.st_size) != st.st_size)
		return 0;
	close(fd);
	go = stdin_eof = 1;
	return 1;
}

int main(void)
{
	int status, from_file;

	if (getpid() == 1) {
		mount_all();
		load_modules();
	}
	setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
	setenv("HOME", "/root", 1);
	setenv("TERM", "dumb", 1);
	signal(SIGPIPE, SIG_IGN);
	if (pipe2(child_died, O_CLOEXEC | O_NONBLOCK))
		return 1;
	sigaction(SIGCHLD, &(struct sigaction){ .sa_handler = on_sigchld, .sa_flags = SA_RESTART },
		  NULL);
	init_crc();
	open_console();
	from_file = read_command_file();
	stdin_file = open("/etc/agent.stdin", O_RDONLY | O_CLOEXEC);
	unlink("/etc/agent.stdin");
	if (!from_file)
		send_ack('N');
	while (!go)
		receive();

	status = run_command();
	sync();
	while (tx_full())
		receive();
	send_frame('X', &status, 4);
	for (int i = 0; i < 20 && !from_file && tx_acked != tx_next; i++)
		if (poll(&(struct pollfd){ tty, POLLIN, 0 }, 1, 100) > 0)
			receive();
	tcdrain(tty);
	reboot(RB_POWER_OFF);
	return 0;
}
