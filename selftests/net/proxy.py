# SPDX-License-Identifier: MIT
"""TLS and HTTP/2, reverse and stream proxy, workers, replacing the program as it runs: a second and a third nginx (conf/)."""
import concurrent.futures
import http.client
import os
import re
import socket
import ssl
import subprocess
import threading
import time

from machine import NAME, check, eventually, sha, test


def tls(m, version=None, **kw):
    context = ssl.create_default_context(cafile=str(m.authority))
    if version:
        context.minimum_version = context.maximum_version = version
    if 'alpn' in kw:
        context.set_alpn_protocols(kw.pop('alpn'))
    return context.wrap_socket(socket.create_connection(('127.0.0.1', m.ports[443]), 30), server_hostname=NAME, **kw)


def ask(s, path):
    s.sendall(f'GET {path} HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n\r\n'.encode())
    text = b''
    while piece := s.recv(65536):
        text += piece
    head, _, body = text.partition(b'\r\n\r\n')
    check(head.startswith(b'HTTP/1.1 200'), head)
    return body


@test
def tls_of_both_versions(m):
    m.proxies()
    for version, name in (ssl.TLSVersion.TLSv1_3, 'TLSv1.3'), (ssl.TLSVersion.TLSv1_2, 'TLSv1.2'):
        with tls(m, version) as s:
            check(s.version() == name)
            check(ask(s, '/how') == f'{name} HTTP/1.1 .\n'.encode())
    whole = m.get('/')[2]
    with tls(m) as s:
        check(ask(s, '/') == whole)
    with tls(m, alpn=['h2']) as s:
        check(s.selected_alpn_protocol() == 'h2')


@test
def a_wrong_name_and_a_stranger_are_noticed(m):
    m.proxies()
    for name, file in ('elsewhere.test', 'ca.crt'), (NAME, 'stranger.crt'):
        context = ssl.create_default_context(cafile=str(m.overlay / 'etc/test' / file))
        with socket.create_connection(('127.0.0.1', m.ports[443]), 30) as s:
            try:
                context.wrap_socket(s, server_hostname=name)
                check(False, f'{name} by {file} was believed')
            except ssl.SSLCertVerificationError:
                pass


def h2(m, *words):
    """This host's curl over HTTP/2."""
    return subprocess.run(['curl', '-sS', '--http2', '--cacert', str(m.authority), '--resolve', f'{NAME}:{m.ports[443]}:127.0.0.1', *words],
                          capture_output=True, timeout=120)


@test
def http2_with_many_streams(m):
    m.proxies()
    m.sh('head -c 5000000 /dev/urandom >/srv/www/five')
    want, url = m.sh('sha256sum /srv/www/five').split()[0], f'https://{NAME}:{m.ports[443]}'
    out = h2(m, '-w', '%{http_version}', f'{url}/how')
    check(out.stdout == b'TLSv1.3 HTTP/2.0 .\n2', out)
    words = [w for n in range(12) for w in ('-o', f'{m.scratch.name}/h2-{n}', f'{url}/five?{n}')]
    out = h2(m, '--parallel', '--parallel-max', '12', '-w', '%{http_version} %{num_connects}\n', *words)
    check(out.returncode == 0 and out.stdout.decode().split()[::2] == ['2'] * 12, out)
    for n in range(12):
        with open(f'{m.scratch.name}/h2-{n}', 'rb') as f:
            check(sha(f.read()) == want, n)
    m.sh('rm /srv/www/five')


@test
def a_reverse_proxy_keeps_its_connections(m):
    m.proxies()
    c, seen = http.client.HTTPConnection('127.0.0.1', m.ports[8080], timeout=30), set()
    for _ in range(100):
        status, headers, body = m.get('/', connection=c)
        check(status == 200 and b'nginx' in body)
        seen.add(headers['X-Behind'])
    check(len(seen) <= 8, f'{len(seen)} connections to what is behind')
    check(m.get('/busybox/index.html', connection=c)[0] == 200)
    check(m.get('/nothing', connection=c)[0] == 404)


@test
def files_go_up_and_down_through_the_proxy(m):
    m.proxies()
    m.sh('mkdir -p /run/test/kept; chown www-data /run/test /run/test/kept')
    data = os.urandom(8 << 20)
    for port in 8080, 9000:
        c = http.client.HTTPConnection('127.0.0.1', m.ports[port], timeout=60)
        c.request('PUT', f'/kept/{port}', body=data)
        answer = c.getresponse()
        check(answer.status == 201 and not answer.read(), f'{port}: {answer.status}')
        check(m.sh(f'sha256sum /run/test/kept/{port}').split()[0] == sha(data), port)
        check(m.get(f'/kept/{port}', connection=c)[2] == data, port)
        c.request('DELETE', f'/kept/{port}')
        check(c.getresponse().status == 204, port)


@test
def a_stream_proxy_carries_many(m):
    m.proxies()
    whole = m.get('/')[2]

    def one(_):
        c = http.client.HTTPConnection('127.0.0.1', m.ports[9000], timeout=30)
        return [m.get('/', connection=c)[2] for _ in range(5)] == [whole] * 5
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        check(all(pool.map(one, range(40))))


@test
def four_workers_share_the_requests(m):
    m.proxies()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        pids = [a[2].strip() for a in pool.map(lambda _: m.get('/pid', port=8081), range(200))]
    workers = set(m.sh('pgrep -P $(cat /run/front.pid)').split())
    check(len(workers) == 4 and {p.decode() for p in pids} == workers, f'{workers}: {[(p, pids.count(p)) for p in set(pids)]}')


@test
def the_program_is_replaced_and_no_request_is_lost(m):
    """nginx's own way: USR2 starts the new one beside the old, WINCH and QUIT end the old."""
    m.proxies()
    failed, count, stop = [], [0], threading.Event()

    def keep_asking():
        while not stop.is_set():
            try:
                if m.get('/pid', port=8081)[0] != 200:
                    failed.append('status')
            except (OSError, http.client.HTTPException) as e:
                failed.append(repr(e))
            count[0] += 1
    asking = [threading.Thread(target=keep_asking) for _ in range(3)]
    for t in asking:
        t.start()
    try:
        old = m.sh('cat /run/front.pid').strip()
        m.sh(f'kill -USR2 {old}')
        eventually(lambda: m.ssh('test -s /run/front.pid.oldbin && test -s /run/front.pid').returncode == 0, 'the new master')
        new = m.sh('cat /run/front.pid').strip()
        check(new != old)
        eventually(lambda: len(m.sh(f'pgrep -P {new}').split()) == 4, 'its workers')
        m.sh(f'kill -WINCH {old}')
        eventually(lambda: not set(m.ssh(f'pgrep -P {old}').stdout.decode().split()) - {new}, 'the end of the old workers')
        m.sh(f'kill -QUIT {old}')
        eventually(lambda: m.ssh(f'kill -0 {old}').returncode != 0, 'the end of the old master')
        m.sh(f'kill -HUP {new}')		# and the new one reloads
        time.sleep(1)
    finally:
        stop.set()
        for t in asking:
            t.join()
    check(not failed and count[0] > 20, f'{count[0]} requests, lost: {failed[:5]}')
    check(re.fullmatch(rb'\d+\n', m.get('/pid', port=8081)[2]))
