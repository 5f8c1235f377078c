# SPDX-License-Identifier: MIT
"""EROFS on a virtio disk, judged by the tree it was made of and by Linux."""
import contextlib
import hashlib
import os
import pathlib
import random
import subprocess
import tempfile

from machine import Image, guest, options, quick

EROFS_KINDS = [[], ['-zlz4'], ['-zlz4hc,12'], ['-zlz4hc', '-C65536'], ['-zlz4', '-Elegacy-compress'], ['-zlz4', '-C32768', '-Elegacy-compress'], ['--chunksize=4096'],
               ['--chunksize=65536'], ['-Eforce-inode-compact'], ['-Eforce-inode-extended', '-Enoinline_data'], ['-x-1', '-T0']]


def erofs_tree(top):
    """Files of many sizes, some that compress well, badly, or not at all; names that fill blocks; links, nodes' modes, attributes."""
    rng = random.Random(7)
    words = [bytes(rng.choices(b'abcdefghijklmnopqrstuvwxyz', k=rng.randint(2, 9))) for _ in range(300)]
    for n, size in enumerate([0, 1, 31, 100, 4000, 4095, 4096, 4097, 8192, 10000, 65536, 70001, 300000, 1500000, 3000000]):
        (top / f'text{n}').write_bytes(b' '.join(rng.choices(words, k=size // 4 + 1))[:size])
        (top / f'noise{n}').write_bytes(rng.randbytes(size))
        (top / f'zeros{n}').write_bytes(bytes(size))
        (top / f'mixed{n}').write_bytes(b''.join(rng.choice([bytes(2000), rng.randbytes(1500), words[0] * 900]) for _ in range(size // 2500 + 1))[:size])
    many = top / 'many' / 'deeper'
    many.mkdir(parents=True)
    for n in range(150):
        (many / f'a name that is long enough to fill some blocks {n}').write_text(str(n))
    (top / 'link').symlink_to('many/deeper')
    (top / 'long link').symlink_to('x/' * 900)
    os.link(top / 'text5', top / 'hard')
    os.chmod(top / 'text6', 0o4751)
    os.mkfifo(top / 'fifo')
    for n in range(40):
        with contextlib.suppress(OSError):
            os.setxattr(top / f'text{n % 15}', f'user.a{n % 7}', b'value' * (n + 1))


@quick
def erofs_reads_what_mkfs_made():
    with tempfile.TemporaryDirectory() as name:
        top = pathlib.Path(name, 'tree')
        top.mkdir()
        erofs_tree(top)
        want = subprocess.run('find . -type f | LC_ALL=C sort | xargs -d "\\n" sha256sum', shell=True, cwd=top, capture_output=True, text=True).stdout
        images = []
        for words in EROFS_KINDS:
            images.append(Image(1))
            images[-1].tool('mkfs.erofs', *words, '@', str(top))
        script = 'mkdir -p /m; for d in $(ls /dev/vd? | sort); do mount -t erofs $d /m || exit 90; cd /m; ' \
                 'find . -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum;' \
                 'find . -print0 | sort -z | xargs -0 stat -c "%n %N %f %u %g %s %h %Y %i %t %T" | sha256sum; cd /; umount /m; done'
        words = [w for i in images for w in ('--disk', i)]
        seen = []
        for linux in False, True:
            was, options.linux = options.linux, linux
            try:
                seen.append(guest(script, *words, timeout=240).splitlines())
            finally:
                options.linux = was
        for n, kind in enumerate(EROFS_KINDS):
            assert seen[0][2 * n].split()[0] == hashlib.sha256(want.encode()).hexdigest(), ('the tree', kind)
            assert seen[0][2 * n + 1] == seen[1][2 * n + 1], ('Linux', kind)


@quick
def erofs_as_linux_shows_it():
    with tempfile.TemporaryDirectory() as name:
        top = pathlib.Path(name, 'tree')
        top.mkdir()
        erofs_tree(top)
        good, bad, sums = Image(1), Image(1), Image(1)
        good.tool('mkfs.erofs', '-zlz4', '@', str(top))
        sums.tool('mkfs.erofs', '@', str(top))
        with open(sums.path, 'r+b') as f:
            f.seek(1024 + 64)
            f.write(b'changed')
        script = '''
            mkdir -p /m; grep erofs /proc/filesystems; for d in /dev/vdb /dev/vdc /nothing /dev/null; do mount -t erofs $d /m 2>&1 | sed 's/.*: //'; done
            mount -t erofs -o nonsense /dev/vda /m 2>&1 | sed 's/.*: //'; mount -t erofs /dev/vda /m; grep /m /proc/mounts | cut -d' ' -f3-4 | cut -d, -f1-2
            stat -f -c '%t %s %l %b %f %c' /m; cd /m; (echo x > y) 2>&1 | sed 's/.*: //'; rm text1 2>&1 | sed 's/.*: //'; chmod 1 text1 2>&1 | sed 's/.*: //'
            touch text1 2>&1 | sed 's/.*: //'; stat -c '%n %s %b %B %o %i %h %a %X %Y %Z' text* zeros* noise* link fifo many; ls -i; readlink link; cat nothing 2>&1
            cmp text9 hard; dd if=text13 bs=7 skip=20001 count=99 2>/dev/null | sha256sum; cat link/*99 | sha256sum; mount -o remount,rw /m 2>&1 | sed 's/.*: //'
            cd /; umount /m
        '''
        seen = []
        for linux in False, True:
            was, options.linux = options.linux, linux
            try:
                seen.append(guest(script, '--disk', good, '--disk', bad, '--disk', sums).splitlines())
            finally:
                options.linux = was
        for n, (ours, theirs) in enumerate(zip(*seen)):
            assert ours == theirs, (n, seen[0][max(0, n - 3):n + 3], seen[1][max(0, n - 3):n + 3])
        assert len(seen[0]) == len(seen[1]), (seen[0][-3:], seen[1][-3:])
