# SPDX-License-Identifier: MIT
"""The machine as a client: TLS out, names, time, downloads, packets; servers of the tests' own on this host or in the machine."""
import contextlib
import http.server
import os
import re
import socket
import socketserver
import ssl
import struct
import threading
import time

from machine import NAME, check, eventually, sha, test

HOST = '10.0.2.2'		# this host, as QEMU's user network shows it


@contextlib.contextmanager
def serving(server):
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def site(body, context=None):
    """A web server that answers everything with `body`."""
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header('Content-Length', str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
    server.handle_error = lambda *_: None
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    return server


@test
def tls_out_believes_its_own_authority_only(m):
    def context(name):
        c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        c.load_cert_chain(m.overlay / f'etc/test/{name}.crt', m.overlay / f'etc/test/{name}.key')
        return c
    body = os.urandom(1 << 20)
    with serving(site(body, context('server'))) as port, serving(site(body, context('forged'))) as forged:
        curl = 'curl -sS --max-time 30 --cacert /etc/test/ca.crt'
        m.sh('mkdir -p /run/test')
        m.sh(f'{curl} --resolve {NAME}:{port}:{HOST} -o /run/test/got https://{NAME}:{port}/')
        check(m.sh('sha256sum /run/test/got').split()[0] == sha(body))
        check(m.sh(f'{curl} --resolve other.test:{port}:{HOST} https://other.test:{port}/ 2>/dev/null; echo $?') == '60\n')
        check(m.sh(f'{curl} --resolve {NAME}:{forged}:{HOST} https://{NAME}:{forged}/ 2>/dev/null; echo $?') == '60\n')
        check('Verify return code: 0 (ok)' in m.sh(f'openssl s_client -connect {HOST}:{port} -servername {NAME} -CAfile /etc/test/ca.crt -verify_hostname {NAME} </dev/null 2>&1'))
        out = m.sh(f'openssl s_client -connect {HOST}:{forged} -servername {NAME} -CAfile /etc/test/ca.crt -verify_return_error </dev/null 2>&1; echo status $?')
        check('certificate verify failed' in out and out.endswith('status 1\n'), out)


@test
def tls_out_to_a_server_in_the_machine(m):
    m.proxies()
    here = '127.0.0.1'
    check(m.sh(f'curl -sS --cacert /etc/test/ca.crt --resolve {NAME}:443:{here} https://{NAME}/how') == 'TLSv1.3 HTTP/1.1 .\n')
    check(m.sh(f'curl -sS --cacert /etc/test/ca.crt --resolve {NAME}:8444:{here} https://{NAME}:8444/ 2>/dev/null; echo $?') == '60\n')
    m.sh('openssl s_server -accept 127.0.0.1:4433 -cert /etc/test/server.crt -key /etc/test/server.key -www -quiet >/dev/null 2>&1 & echo $! >/run/s_server.pid')
    try:
        eventually(lambda: m.ssh('netstat -tln | grep -q 127.0.0.1:4433').returncode == 0, 's_server')
        check('TLSv1.3' in m.sh(f'curl -sS --cacert /etc/test/ca.crt --resolve {NAME}:4433:{here} https://{NAME}:4433/'))
    finally:
        m.sh('kill $(cat /run/s_server.pid)')


@test
def downloads_by_wget_and_nc(m):
    body = os.urandom(2 << 20)
    with serving(site(body)) as port:
        check(m.sh(f'wget -q -O - http://{HOST}:{port}/x | sha256sum').split()[0] == sha(body))
        check(m.sh(f'printf "GET / HTTP/1.0\\r\\n\\r\\n" | nc {HOST} {port} | tail -c {len(body)} | sha256sum').split()[0] == sha(body))
    check(m.sh('wget -q -O - http://127.0.0.1:1/; echo $?') == '1\n')


# ---- names

RECORDS = {('one.test', 1): socket.inet_aton('192.0.2.1'), ('one.test', 28): socket.inet_pton(socket.AF_INET6, '2001:db8::1'), ('back.test', 1): socket.inet_aton(HOST),
           ('4.3.2.1.in-addr.arpa', 12): b'\x07reverse\x04test\0'}


class Names(socketserver.BaseRequestHandler):
    """RECORDS, and www.test as another name of one.test (RFC 1035)."""

    def handle(self):
        query, s = self.request
        at, labels = 12, []
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode().lower())
            at += 1 + query[at]
        name, kind = '.'.join(labels), struct.unpack('>H', query[at + 1:at + 3])[0]
        answers = b''
        if name == 'www.test':
            answers += b'\xc0\x0c' + struct.pack('>HHIH', 5, 1, 60, 10) + b'\x03one\x04test\0'
            name, count = 'one.test', 1
        else:
            count = 0
        known = any(n == name for n, _ in RECORDS)
        if (name, kind) in RECORDS:
            data = RECORDS[name, kind]
            owner = b'\xc0\x0c' if not answers else b'\x03one\x04test\0'
            answers += owner + struct.pack('>HHIH', kind, 1, 60, len(data)) + data
            count += 1
        flags = 0x8180 if known else 0x8183
        s.sendto(query[:2] + struct.pack('>HHHHH', flags, 1, count, 0, 0) + query[12:at + 5] + answers, self.client_address)


@contextlib.contextmanager
def relayed(m, server, port):
    """A datagram server of ours at 127.0.0.1:port of the machine: those programs ask well-known ports only."""
    with serving(server) as ours:
        m.sh(f'udpsvd 127.0.0.1 {port} nc -u -w 5 {HOST} {ours} >/dev/null 2>&1 & echo $! >/run/relay-{port}.pid; sleep 0.5')
        try:
            yield
        finally:
            m.sh(f'kill $(cat /run/relay-{port}.pid)')


@test
def names_through_the_resolver(m):
    m.sh('cp /etc/resolv.conf /run/resolv.conf; echo nameserver 127.0.0.1 >/etc/resolv.conf')
    try:
        with relayed(m, socketserver.ThreadingUDPServer(('127.0.0.1', 0), Names), 53), serving(site(b'by name')) as port:
            out = m.sh('nslookup one.test 2>&1')
            check('192.0.2.1' in out and '2001:db8::1' in out, out)
            check('192.0.2.1' in m.sh('nslookup -type=a www.test 2>&1'))
            check('reverse.test' in m.sh('nslookup 1.2.3.4 2>&1'))
            check('NXDOMAIN' in m.sh('nslookup nothing.test 2>&1; true'))
            check(m.sh(f'wget -q -O - http://back.test:{port}/') == 'by name')
            check(m.sh(f'curl -sS http://back.test:{port}/') == 'by name')
            check(m.sh(f'curl -sS http://nothing.test:{port}/ 2>/dev/null; echo $?') == '6\n')
            check(m.sh('ping -c 1 -W 5 back.test').startswith('PING back.test (10.0.2.2)'))
    finally:
        m.sh('cat /run/resolv.conf >/etc/resolv.conf')


# ---- time

class Clock(socketserver.BaseRequestHandler):
    """SNTP (RFC 4330), `ahead` seconds ahead of this host."""

    def handle(self):
        query, s = self.request
        now = int((time.time() + 2208988800 + self.server.ahead) * (1 << 32))
        stamp = struct.pack('>Q', now)
        s.sendto(struct.pack('>BBBbII4s', 0x24, 2, 4, -20, 0, 0, b'TEST') + stamp + query[40:48] + stamp + stamp, self.client_address)


@test
def the_clock_is_set_by_ntp(m):
    server = socketserver.ThreadingUDPServer(('127.0.0.1', 0), Clock)
    with relayed(m, server, 123):
        for server.ahead in 3600, 0:
            m.sh('timeout 60 ntpd -n -q -p 127.0.0.1')
            off = float(m.sh('date +%s.%N')) - time.time() - server.ahead
            check(abs(off) < 2, f'{off} s off')


# ---- packets

@test
def tcpdump_reads_back_what_it_captured(m):
    m.sh('tcpdump -i lo -U -w /run/lo.pcap "icmp or tcp port 80" 2>/run/tcpdump.err & echo $! >/run/tcpdump.pid')
    eventually(lambda: 'listening on lo' in m.sh('cat /run/tcpdump.err'), 'tcpdump')
    m.sh('ping -c 3 -i 0.2 127.0.0.1; wget -q -O /dev/null http://127.0.0.1/; sleep 1; kill -INT $(cat /run/tcpdump.pid); sleep 1')
    told = m.sh('cat /run/tcpdump.err')
    text = m.sh('tcpdump -nn -r /run/lo.pcap 2>/dev/null')
    check(len(re.findall(r'ICMP echo request', text)) == 3 and len(re.findall(r'ICMP echo reply', text)) == 3, text)
    check(all(w in text for w in ('Flags [S]', 'Flags [S.]', 'GET / HTTP/1.1', 'Flags [F.]')), text)
    packets = int(re.search(r'(\d+) packets captured', told)[1])
    check(packets == text.count('\n') and '0 packets dropped by kernel' in told, told)


@test
def paths_and_listeners(m):
    out = m.sh('traceroute -n -w 2 127.0.0.1; traceroute -n -w 2 -q 1 -m 2 10.0.2.2')
    check(re.search(r'^ 1  127\.0\.0\.1  [\d.]+ ms  [\d.]+ ms  [\d.]+ ms$', out, re.M), out)
    out = m.sh('netstat -tlnp; netstat -rn; netstat -i; ifconfig lo; ip addr show lo')
    check(re.search(r'^tcp +0 +0 0\.0\.0\.0:80 +0\.0\.0\.0:\* +LISTEN +\d+/', out, re.M), out)
    check(re.search(r'^0\.0\.0\.0 +10\.0\.2\.2 +0\.0\.0\.0 +UG ', out, re.M), out)
    check(re.search(r'inet addr:127\.0\.0\.1  Mask:255\.0\.0\.0', out) and re.search(r'inet 127\.0\.0\.1/8 scope host lo', out), out)
