# SPDX-License-Identifier: MIT
"""The rest of the system: its services, its log, its own view of the network."""
import re
import socket
import time

from machine import check, eventually, test

@test
def netcheck_is_content(m):
    out = m.ssh('netcheck')
    check(out.returncode == 0, out.stdout.decode())


@test
def services_start_again(m):
    old = m.ssh('pidof syslogd').stdout.strip()
    check(old and m.ssh(f'kill -9 {old.decode()}').returncode == 0)
    for _ in range(60):
        time.sleep(0.5)
        new = m.ssh('pidof syslogd').stdout.strip()
        if new and new != old:
            return
    raise AssertionError(f'syslogd was {old}, is {new}')


@test
def the_log_tells_of_logins(m):
    check(b'Pubkey auth succeeded' in m.ssh('cat /var/log/messages').stdout)


@test
def the_log_goes_to_a_collector_when_one_is_named(m):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as collector:
        collector.bind(('127.0.0.1', 0))
        collector.settimeout(10)
        try:
            restart_syslogd(m, f'echo 10.0.2.2:{collector.getsockname()[1]} >/etc/syslog.remote', '-R')
            m.sh('logger -t story -p local3.err once upon a time')
            while b'story' not in (got := collector.recv(2000)):
                pass
        finally:
            restart_syslogd(m, 'rm /etc/syslog.remote', '/var/log/messages -s 200 -b 4$')
        check(re.fullmatch(rb'<155>.*story: once upon a time\n?', got), got)
        check('story: once upon a time' in m.sh('cat /var/log/messages'))		# and here


def restart_syslogd(m, change, words):
    """And wait for it: a service that ends often starts again after a while only."""
    m.sh(f'{change}; rm -f /run/service-syslogd; sv restart /etc/service/syslogd || true')
    eventually(lambda: m.ssh(f'pgrep -f "^syslogd.*{words}"').returncode == 0, 'syslogd', seconds=60)


@test
def a_telnet_session(m):
    m.sh('pidof telnetd || telnetd -p 23 -l /bin/sh')
    with socket.create_connection(('127.0.0.1', m.ports[23]), 20) as s:
        text = Telnet(s)
        text.until(rb'# $')
        s.sendall(b'tty; stty size\r\n')
        text.until(rb'/dev/pts/\d+\r\n33 99\r\n')
        s.sendall(b'sleep 1000\r\n')
        time.sleep(1)
        s.sendall(b'\x03')
        s.sendall(b'echo status $?\r\n')
        text.until(rb'status 130\r\n')
        s.sendall(b'exit\r\n')
        check(text.until(None) is not None)
    eventually(lambda: m.ssh('ps | grep -q "[s]leep 1000"').returncode == 1, 'the end of the session')


class Telnet:
    """A terminal at the near end of a telnet connection: agrees to what telnetd asks for, tells its size (RFC 854, 1073)."""
    IAC, WILL, DO, SB, SE, NAWS = 255, 251, 253, 250, 240, 31

    def __init__(self, s):
        self.socket, self.raw, self.text, self.ended = s, b'', b'', False
        s.sendall(bytes([self.IAC, self.WILL, self.NAWS, self.IAC, self.SB, self.NAWS, 0, 99, 0, 33, self.IAC, self.SE]))

    def until(self, pattern):
        """What came up to `pattern`; None: to the end of the connection."""
        self.socket.settimeout(20)
        while not (self.ended if pattern is None else re.search(pattern, self.text)):
            data = self.socket.recv(65536)
            self.ended = not data
            check(data or pattern is None, f'no {pattern!r} in {self.text[-400:]!r}')
            self.raw += data
            self.take()
        seen, self.text = self.text, b''
        return seen

    def take(self):
        while self.raw:
            if self.raw[0] != self.IAC:
                plain = self.raw.split(b'\xff', 1)[0]
                self.text, self.raw = self.text + plain, self.raw[len(plain):]
            elif len(self.raw) >= 3 and self.raw[1] != self.SB:
                self.raw = self.raw[3:]
            elif (end := self.raw.find(bytes([self.IAC, self.SE]))) >= 0 and self.raw[1] == self.SB:
                self.raw = self.raw[end + 2:]
            else:
                return
