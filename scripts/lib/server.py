# SPDX-License-Identifier: MIT
"""What makes the machine a server on this host: keys made once, ports forwarded."""
import os
import shutil
import socket
import subprocess

from paths import CACHE, need, package

FORWARDS = ['tcp:2222-:22', 'tcp:8080-:80']


def is_free(forward):
    """Nobody else on this host listens there: several machines may run at once, the first gets the ports."""
    port = int(forward.removeprefix('tcp:').split('-:')[0])
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            s.bind(('127.0.0.1', port))
        except OSError:
            print(f'port {port} of this host is taken: not forwarded', flush=True)
            return False
    return True


def keys():
    """(private key to log in with, overlay directory): the key of whoever runs the machine and its host keys, both made at the first run."""
    top = CACHE / 'keys'
    key, overlay = top / 'id_ed25519', top / 'overlay'
    if not (overlay / 'etc/dropbear/dropbear_ed25519_host_key').exists():
        make_keys(top, key, overlay)
    return key, overlay


def make_keys(top, key, overlay):
    need('ssh-keygen', 'the key to log in with', 'openssh-client')
    need('qemu-aarch64-static', 'running dropbearkey', 'qemu-user-static')
    print(f'making keys in {top}', flush=True)
    shutil.rmtree(top, ignore_errors=True)
    top.mkdir(parents=True, mode=0o700)
    subprocess.run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'ashlar', '-f', key], check=True)
    ssh, dropbear = overlay / 'root/.ssh', overlay / 'etc/dropbear'
    for directory in overlay, overlay / 'root', ssh, overlay / 'etc', dropbear:
        directory.mkdir(mode=0o755 if directory.name in ('overlay', 'etc') else 0o700)
    (ssh / 'authorized_keys').write_bytes(key.with_suffix('.pub').read_bytes())
    os.chmod(ssh / 'authorized_keys', 0o600)
    for kind in 'ecdsa', 'ed25519':
        subprocess.run(['qemu-aarch64-static', '-0', 'dropbearkey', package('dropbear'), '-t', kind, '-f', dropbear / f'dropbear_{kind}_host_key'],
                       check=True, stdout=subprocess.DEVNULL)


def how_to_reach(hostfwd, key):
    """Two lines for whoever started the machine."""
    ports = {}
    for forward in hostfwd:
        host, guest = forward.removeprefix('tcp:').split('-:')
        ports[guest] = host.rpartition(':')[2]
    if '22' in ports:
        yield f'  ssh -p {ports["22"]} -i {key} root@127.0.0.1'
    if '80' in ports:
        yield f'  http://127.0.0.1:{ports["80"]}'
