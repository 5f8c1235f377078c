# SPDX-License-Identifier: MIT
"""The machine under test, and what every test uses. A test is a function of the machine, marked @test; @full ones are left to --full."""
import fcntl
import hashlib
import http.client
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / 'scripts/lib'))
import server		# noqa: E402
from paths import OUT, compile_static, need, package	# noqa: E402

BOOT_SECONDS = 90
BIG = 100 << 20
NAME = 'ashlar.test'			# in the certificate of the machine's web server
PORTS = {22: 'secure shell', 23: 'telnet', 80: 'the site', 443: 'TLS', 2200: 'secure shell with passwords', 8080: 'reverse proxy', 8081: 'workers', 9000: 'stream proxy'}
PROGRAMS = {'curl': '', 'openssl': 'bin/openssl', 'tcpdump': ''}		# of scripts/packages, and where in the result

TESTS = []


def test(f):
    f.full = False
    TESTS.append(f)
    return f


def full(f):
    test(f).full = True
    return f


def check(condition, what=''):
    if not condition:
        raise AssertionError(what)


def sha(data):
    return hashlib.sha256(data).hexdigest()


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def openssl(*words, **kw):
    subprocess.run(['openssl', *map(str, words)], check=True, capture_output=True, **kw)


def make_certificates(where):
    """An authority of the tests' own, a certificate by it for the machine; and an authority that nobody trusts, with one for the same name."""
    for authority, name in ('ca', 'server'), ('stranger', 'forged'):
        openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '3650', '-subj', f'/CN=Test {authority}',
                '-keyout', where / f'{authority}.key', '-out', where / f'{authority}.crt')
        openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', f'/CN={NAME}', '-addext', f'subjectAltName=DNS:{NAME}',
                '-keyout', where / f'{name}.key', '-out', where / f'{name}.csr')
        openssl('x509', '-req', '-in', where / f'{name}.csr', '-CA', where / f'{authority}.crt', '-CAkey', where / f'{authority}.key', '-CAcreateserial',
                '-copy_extensions', 'copy', '-days', '3650', '-out', where / f'{name}.crt')


def lay(source, target):
    """A copy, where there is none of that date."""
    if not target.exists() or source.stat().st_mtime_ns != target.stat().st_mtime_ns:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)


def make_overlay():
    """What the tests have in the machine: programs, certificates, and configurations of a second and a third nginx."""
    top = OUT / 'selftests/net'
    overlay, certificates = top / 'overlay', top / 'overlay/etc/test'
    certificates.mkdir(parents=True, exist_ok=True)
    with open(top / 'lock', 'w') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (certificates / 'forged.crt').exists():
            make_certificates(certificates)
        for config in (TOP / 'selftests/net/conf').iterdir():
            lay(config, certificates / config.name)
        for name, inside in PROGRAMS.items():
            package_path = package(name)
            lay(package_path / inside if inside else package_path, overlay / 'usr/bin' / name)
        lay(compile_static([TOP / 'selftests/net/idle.c'], top / 'idle'), overlay / 'usr/bin/idle')
    return overlay


class Machine:
    """One run of scripts/run without -x; its console goes to a file."""

    def __init__(self, opts):
        need('openssl', 'certificates', 'openssl')
        self.overlay = make_overlay()
        self.authority = self.overlay / 'etc/test/ca.crt'
        self.ports = {guest: free_port() for guest in PORTS}
        self.ssh_port, self.web_port = self.ports[22], self.ports[80]
        self.scratch = tempfile.TemporaryDirectory(prefix='net-')
        self.key, _ = server.keys()
        self.console = open(f'{self.scratch.name}/console', 'w+b')
        words = ['scripts/run', '--no-data', '--smp', str(opts.smp), '--mem', '4G' if opts.full else '1G', '--overlay', str(self.overlay),
                 *[w for guest, host in self.ports.items() for w in ('--hostfwd', f'tcp:{host}-:{guest}')],
                 *[w for o in opts.overlay for w in ('--overlay', o)],
                 *(['--linux'] if opts.linux else []), *(['--kernel', opts.kernel] if opts.kernel else [])]
        stdin_read, self.stdin = os.pipe()
        self.process = subprocess.Popen(words, cwd=TOP, stdin=stdin_read, stdout=self.console, stderr=subprocess.STDOUT)
        os.close(stdin_read)
        self.command = ' '.join(words)

    def wait_until_up(self, seconds=BOOT_SECONDS):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                return False
            try:
                if self.get('/')[0] == 200 and self.ssh('true').returncode == 0:
                    return True
            except (OSError, http.client.HTTPException, subprocess.TimeoutExpired):
                pass
            time.sleep(0.5)
        return False

    def get(self, path, headers=None, connection=None, port=80):
        c = connection or http.client.HTTPConnection('127.0.0.1', self.ports[port], timeout=60)
        c.request('GET', path, headers=headers or {})
        answer = c.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()

    def ssh_words(self, *more):
        return ['-i', str(self.key), '-o', 'StrictHostKeyChecking=no', '-o', f'UserKnownHostsFile={self.scratch.name}/known', '-o', 'LogLevel=ERROR',
                '-o', 'BatchMode=yes', '-o', 'ConnectTimeout=20', *more]

    def ssh(self, command, **kw):
        kw.setdefault('timeout', 120)
        return subprocess.run(['ssh', *self.ssh_words('-p', str(self.ssh_port)), 'root@127.0.0.1', command], capture_output=True, **kw)

    def sh(self, command, **kw):
        """The command's output; it must succeed."""
        out = self.ssh(command, **kw)
        check(out.returncode == 0, f'{command}: status {out.returncode}, {out.stdout[-600:]} {out.stderr[-600:]}')
        return out.stdout.decode(errors='replace')

    def proxies(self):
        """Start the second and the third nginx (conf/) and a busybox httpd, once."""
        self.sh('[ -s /run/front.pid ] || { /usr/sbin/nginx -c /etc/test/back.conf && httpd -p 127.0.0.1:8002 -h /srv/www && /usr/sbin/nginx -c /etc/test/front.conf; }')

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.scratch.cleanup()

    def last_words(self):
        self.console.seek(0)
        return self.console.read()[-4000:].decode(errors='replace')


def eventually(condition, what, seconds=20, step=0.25):
    """What condition() gives once it is true."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if got := condition():
            return got
        time.sleep(step)
    raise AssertionError(f'{what}: not after {seconds} s')
