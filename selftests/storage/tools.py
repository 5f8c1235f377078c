# SPDX-License-Identifier: MIT
"""Stock tools in the machine: a disk is partitioned, formatted, filled, grown, looked at and checked there; what they print is what they print on Linux."""
import pathlib
import shutil
import tempfile

from machine import MOUNT, Image, clean, ext_image, guest, options, package, test

# A tree of some thousand files in /tmp/tree; the hash of a tree.
MAKE = '''
    mkdir -p /tmp/tree && cd /tmp/tree; for d in $(seq 1 20); do mkdir -p a$d/b; for f in $(seq 1 50); do echo "$d $f" > a$d/f$f; echo "$f" > a$d/b/g$f; done; ln -s f1 a$d/l; ln a$d/f2 a$d/h; done
    dd if=/dev/urandom of=big bs=1k count=5000 2>/dev/null; cd /
    hash() { (cd $1; find . ! -path './lost+found*' -type f -exec stat -c '%n %a %h %Y %s' {} + | sort | sha256sum; find . -type l -exec readlink {} +
        find . -type f ! -path './lost+found*' | sort | xargs cat) | sha256sum; }
'''

SCRIPT = MAKE + r'''
    export PATH=/t:$PATH; d=/dev/vda; quiet() { "$@" > /tmp/out 2>&1 || { echo "failed: $*"; tail -n 5 /tmp/out; }; }
    printf 'g\nn\n\n\n+150M\nn\n\n\n+60M\nw\n' > /tmp/f; quiet fdisk $d < /tmp/f; quiet sfdisk --part-label $d 1 'root fs'; quiet sfdisk --part-label $d 2 efi; quiet sfdisk --part-uuid $d 1 11111111-2222-3333-4444-555555555555
    quiet sfdisk --part-uuid $d 2 aaaaaaaa-2222-3333-4444-555555555555; quiet sfdisk --disk-id $d bbbbbbbb-2222-3333-4444-555555555555; fdisk -l $d | grep -v '^$'; sfdisk -d $d; sfdisk -V $d
    quiet mke2fs -t ext4 -L 'my root' -U 99999999-2222-3333-4444-555555555555 ${d}1 100M; quiet mkfs.vfat -i 12345678 -n EFISYS ${d}2; /etc/disk-links; (cd /dev/disk; ls -l by-uuid by-label by-part* | sed 's/.* \(.*\) -> /\1 -> /')
    blkid -p -o export ${d}1 | sort; blkid -p -o export ${d}2 | sort; lsblk -b -n -o NAME,SIZE,TYPE,FSTYPE,LABEL,PARTLABEL $d; lsblk -r -n -o NAME,MAJ:MIN,RO,RM,TYPE $d; wipefs ${d}1 | tr -s ' '
    mkdir -p /m /v; mount -t ext4 LABEL='my root' /m; mount -t vfat ${d}2 /v; findmnt -n -o SOURCE,FSTYPE /m; findmnt -n -o SOURCE,FSTYPE /v; df -k /m | tail -1 | awk '{ print $2, $6 }'
    quiet rsync -aH /tmp/tree/ /m/rsynced; rsync -aHni --delete /tmp/tree/ /m/rsynced | wc -l; echo changed > /m/rsynced/a3/f7; rsync -aHi --checksum /tmp/tree/ /m/rsynced; mkdir /m/untar; (cd /tmp/tree; tar cf - .) | tar xf - -C /m/untar
    want=$(hash /tmp/tree); [ "$want" = "$(hash /m/rsynced)" ] && echo rsync equal; [ "$want" = "$(hash /m/untar)" ] && echo tar equal; cp /tmp/tree/big /v/big; cmp /tmp/tree/big /v/big && echo vfat equal
    umount /m /v; quiet fsck.vfat -n ${d}2; quiet e2fsck -fp ${d}1; quiet resize2fs ${d}1 140M; quiet tune2fs -L grown -c 7 ${d}1; dumpe2fs -h ${d}1 2>/dev/null | grep -E '^(Filesystem volume|Block count|Maximum mount|Filesystem state)'; e2fsck -fn ${d}1 >/dev/null 2>&1 && echo clean
    debugfs -R 'cat rsynced/a3/f7' ${d}1 2>/dev/null; mount -t ext4 ${d}1 /m; [ "$want" = "$(hash /m/untar)" ] && echo still equal; df -k /m | tail -1 | awk '{ print ($2 > 120000) }'
    cd /m
    /t/sqlite3 db 'CREATE TABLE t(x); INSERT INTO t VALUES(1),(2); PRAGMA integrity_check; SELECT sum(x) FROM t'; cd /; umount /m; e2fsck -fn ${d}1 >/dev/null 2>&1 && echo clean
'''


@test
def stock_tools_in_the_machine():
    seen = []
    with tempfile.TemporaryDirectory() as name:
        tools = pathlib.Path(name, 't')
        tools.mkdir()
        for p in 'util-linux', 'dosfstools':
            for f in package(p).iterdir():
                shutil.copy(f, tools)
        for f in 'mke2fs', 'e2fsck', 'resize2fs', 'tune2fs', 'debugfs', 'dumpe2fs':
            shutil.copy(package('e2fsprogs') / f, tools)
        shutil.copy(package('rsync'), tools / 'rsync')
        shutil.copy(package('sqlite') / 'sqlite3', tools)
        was = options.linux
        for linux in ([True] if was else [False, True]):
            disk = Image(256)
            options.linux = linux
            try:
                seen.append(guest(SCRIPT, '--disk', f'{disk}', '--smp', '2', '--mem', '1G', '--overlay', name, timeout=300).splitlines())
            finally:
                options.linux = was
            disk.tool('sfdisk', '-V', '@')
    said = '\n'.join(seen[0])
    for word in 'rsync equal', 'tar equal', 'vfat equal', 'still equal', '9999-2222-3333-4444-555555555555 -> ../../vda1':
        assert word in said, said
    assert said.count('\nclean') == 2 and 'failed:' not in said, said
    if len(seen) == 2:
        wrong = [(o, t) for o, t in zip(*seen) if o != t]
        assert not wrong and len(seen[0]) == len(seen[1]), '\n'.join(f'ours {o!r}, Linux {t!r}' for o, t in wrong) + f'\n{said}'


# What is written is read again and compared; then the reads alone. One line each: direction, depth, engine, its error.
FIO = '''
    cd /m; for rw in write randwrite read randread; do for depth in 1 32; do for e in psync sync mmap posixaio; do
        case $rw in *write) verify=--verify=crc32c;; *) verify=;; esac
        echo $rw $depth $e $(fio --name=t --filename=/m/$e --size=8M --bsrange=4k-32k --rw=$rw --iodepth=$depth --ioengine=$e $verify --verify_fatal=1 --minimal 2>/tmp/err | tail -n 1 | cut -d';' -f5)
    done; done; done; cd /; umount /m
'''


@test
def fio_writes_and_reads():
    disk = ext_image(128)
    out = guest(MOUNT + FIO, '--disk', disk, '--smp', '2', '--overlay', package('fio'), timeout=300).splitlines()
    assert len(out) == 32 and all(line.split()[3:] == ['0'] for line in out), '\n'.join(out)
    clean(disk)
