# SPDX-License-Identifier: MIT
"""Secure shell: stock Dropbear and OpenSSH's sftp-server, used by this host's ssh, scp and sftp."""
import concurrent.futures
import fcntl
import http.client
import os
import pathlib
import pty
import re
import select
import signal
import socket
import struct
import subprocess
import termios
import time

from machine import check, free_port, full, sha, test

@test
def commands_streams_and_status(m):
    check(m.ssh('exit 42').returncode == 42)
    data = os.urandom(1 << 20)
    out = m.ssh('cat; echo err >&2', input=data)
    check(out.stdout == data and out.stderr == b'err\n', len(out.stdout))


@test
def a_wrong_key_is_refused(m):
    other = f'{m.scratch.name}/other'
    subprocess.run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', other], check=True)
    words = ['ssh', '-i', other, '-o', 'IdentitiesOnly=yes', '-o', 'IdentityAgent=none', *m.ssh_words('-p', str(m.ssh_port))[2:], 'root@127.0.0.1', 'true']
    out = subprocess.run(words, capture_output=True, timeout=60)
    check(out.returncode == 255 and b'ermission denied' in out.stderr, out)


@test
def scp_both_ways(m):
    data, there, back = os.urandom(3 << 20), f'{m.scratch.name}/there', f'{m.scratch.name}/back'
    pathlib.Path(there).write_bytes(data)
    words = m.ssh_words('-P', str(m.ssh_port), '-O')
    check(subprocess.run(['scp', *words, there, 'root@127.0.0.1:/tmp/copy'], capture_output=True, timeout=120).returncode == 0)
    check(m.ssh('sha256sum /tmp/copy').stdout.split()[0].decode() == sha(data))
    check(subprocess.run(['scp', *words, 'root@127.0.0.1:/tmp/copy', back], capture_output=True, timeout=120).returncode == 0)
    check(pathlib.Path(back).read_bytes() == data)


@test
def sftp_both_ways(m):
    data, there, back = os.urandom(3 << 20), f'{m.scratch.name}/s-there', f'{m.scratch.name}/s-back'
    pathlib.Path(there).write_bytes(data)
    batch = f'put {there} /tmp/sftp\nls -l /tmp\nget /tmp/sftp {back}\nrm /tmp/sftp\n'
    out = subprocess.run(['sftp', *m.ssh_words('-P', str(m.ssh_port)), '-b', '-', 'root@127.0.0.1'], input=batch.encode(), capture_output=True, timeout=120)
    check(out.returncode == 0 and pathlib.Path(back).read_bytes() == data, out.stderr)


def read_until(fd, pattern, seconds=30):
    text, deadline = b'', time.monotonic() + seconds
    while time.monotonic() < deadline:
        if select.select([fd], [], [], 0.2)[0]:
            try:
                text += os.read(fd, 65536)
            except OSError:
                break
            if re.search(pattern, text):
                return text
    raise AssertionError(f'no {pattern!r} in {text[-400:]!r}')


@test
def a_terminal_with_job_control_and_resize(m):
    pid, fd = pty.fork()
    if pid == 0:
        os.execvp('ssh', ['ssh', '-tt', *m.ssh_words('-p', str(m.ssh_port)), 'root@127.0.0.1'])
    try:
        fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack('HHHH', 24, 80, 0, 0))
        read_until(fd, rb'# $')
        os.write(fd, b'tty; stty size\n')
        read_until(fd, rb'/dev/pts/\d+\r\n24 80\r\n')
        fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack('HHHH', 40, 132, 0, 0))
        os.kill(pid, signal.SIGWINCH)
        time.sleep(1)
        os.write(fd, b'stty size\n')
        read_until(fd, rb'40 132\r\n')
        os.write(fd, b'sleep 1000\n')
        time.sleep(1)
        os.write(fd, b'\x1a')
        read_until(fd, rb'Stopped')
        os.write(fd, b'bg; jobs; fg\n')
        time.sleep(1)
        os.write(fd, b'\x03')
        os.write(fd, b'echo status $?\n')
        read_until(fd, rb'status 130')
        os.write(fd, b'exit 7\n')
        check(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7)
        pid = 0
    finally:
        if pid:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        os.close(fd)


@test
def port_forwarding_both_ways(m):
    near, far = free_port(), 7777
    with socket.create_server(('127.0.0.1', 0)) as listener:
        words = ['ssh', '-N', *m.ssh_words('-p', str(m.ssh_port)), '-L', f'{near}:127.0.0.1:80', '-R', f'{far}:127.0.0.1:{listener.getsockname()[1]}', 'root@127.0.0.1']
        tunnel = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            for _ in range(60):
                try:
                    c = http.client.HTTPConnection('127.0.0.1', near, timeout=10)
                    status = m.get('/', connection=c)[0]
                    break
                except (OSError, http.client.HTTPException):
                    time.sleep(0.5)
            check(status == 200)
            asking = subprocess.Popen(['ssh', *m.ssh_words('-p', str(m.ssh_port)), 'root@127.0.0.1', f'echo hello | nc -w 10 127.0.0.1 {far}'],
                                      stdout=subprocess.PIPE)
            listener.settimeout(60)
            peer, _ = listener.accept()
            check(peer.recv(100) == b'hello\n')
            peer.sendall(b'world')
            peer.close()
            check(asking.communicate(timeout=60)[0] == b'world')
        finally:
            tunnel.kill()
            tunnel.wait()


@test
def ten_sessions_at_once(m):
    sessions(m, 10)


@test
def a_password_is_asked_for_and_checked(m):
    m.sh('mkdir -p /run/test; grep -q "^user:[^x]" /etc/passwd || echo user:correct-horse | chpasswd -c sha512; [ -s /run/password.pid ] || dropbear -R -p 2200 -P /run/password.pid')
    answer = pathlib.Path(m.scratch.name, 'answer')
    for password, right in ('correct-horse', True), ('wrong', False), ('', False):
        answer.write_text(f'#!/bin/sh\necho "{password}"\n')
        answer.chmod(0o700)
        words = ['ssh', '-p', str(m.ports[2200]), '-o', 'PreferredAuthentications=password', '-o', 'PubkeyAuthentication=no', '-o', 'NumberOfPasswordPrompts=1',
                 *[w if w != 'BatchMode=yes' else 'BatchMode=no' for w in m.ssh_words()[2:]], 'user@127.0.0.1', 'id -un']
        out = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, timeout=60,
                             env=os.environ | {'SSH_ASKPASS': str(answer), 'SSH_ASKPASS_REQUIRE': 'force'})
        check((out.returncode == 0 and out.stdout == b'user\n') if right else (out.returncode == 255 and b'ermission denied' in out.stderr), f'{password}: {out}')


@test
def the_machine_logs_into_itself(m):
    m.sh('mkdir -p /root/.ssh; rm -f /run/id; dropbearkey -t ed25519 -f /run/id | grep ^ssh- >>/root/.ssh/authorized_keys')
    check(m.sh('dbclient -y -i /run/id 127.0.0.1 "echo inside; exit 5" 2>/dev/null; echo $?') == 'inside\n5\n')
    m.sh('printf "#!/bin/sh\\nexec dbclient -y \\"\\$@\\"\\n" >/run/dbclient-y; chmod 755 /run/dbclient-y; head -c 1000000 /dev/urandom >/run/a; '
         'scp -S /run/dbclient-y -i /run/id /run/a root@127.0.0.1:/run/b </dev/null; cmp /run/a /run/b && rm /run/a /run/b', timeout=40)


def sessions(m, n):
    with concurrent.futures.ThreadPoolExecutor(5) as pool:		# Dropbear admits five that have not logged in yet
        started = list(pool.map(lambda i: start_session(m, i), range(n)))
    for i, s in enumerate(started):
        s.stdin.write(b'go\n')
        s.stdin.close()
    for i, s in enumerate(started):
        check(s.stdout.read() == f'end {i}\n'.encode() and s.wait(60) == 0, f'session {i}')


def start_session(m, i):
    """A session that stays until it is told to go."""
    words = ['ssh', *m.ssh_words('-p', str(m.ssh_port)), 'root@127.0.0.1', f'echo begin; read word; echo end {i}']
    s = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    check(s.stdout.readline() == b'begin\n', f'session {i} does not begin')
    return s


@full
def fifty_sessions_at_once(m):
    sessions(m, 50)
