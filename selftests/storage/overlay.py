# SPDX-License-Identifier: MIT
"""Overlays: the same script on both kernels, line by line."""
import pathlib
import tempfile

from erofs import erofs_tree
from machine import Image, guest, options, quick, test
from vfat import vfat_image

OVERLAY = r'''
    e() { sed 's/.*: //'; }
    layers() { # names below and above, in the file system on which we are
        mkdir -p a/dir/sub b/dir b/only u w m; echo a > a/file; echo b > b/file; echo below > b/low; echo x > a/dir/one; echo y > b/dir/two
        echo z > b/only/three; ln -s dir/one a/link; mkfifo a/pipe; mknod a/null c 1 3; echo hard > b/h1; ln b/h1 b/h2; chmod 4751 b/low
        chown 5:6 b/low; touch -d '2001-02-03 04:05:06' b/low b/dir b/only a/dir b/h1; echo text > a/dir/sub/deep; mknod a/hidden c 0 0; echo no > b/hidden
        setfattr -n user.mine -v value b/low; setfattr -n trusted.mine -v value b/low; dd if=/dev/zero of=b/big bs=1k count=300 2>/dev/null
    }
    tree() { (cd $1; find . | sort | while read f; do stat -c '%n %F %a %u %g %t,%T' "$f"; done; find . -type f | sort | xargs sha256sum); }
    O() { echo "lowerdir=$1,upperdir=$2,workdir=$3"; }
    same() { [ "$(stat -c "$1" $2)" = "$(stat -c "$1" $3)" ] && echo "same $1 $2 $3" || echo "not same $1 $2 $3"; }
    seen() {
        layers; grep overlay /proc/filesystems; mount -t overlay overlay -o $(O a:b u w) m || return
        tail -1 /proc/mounts | sed 's/,uuid=on//'; stat -f -c '%t %l %T' m; ls -la w | tail -1 | cut -c1-10
        tree m; ls -lan m | awk '{ print $1, $2, $3, $4, $5, $NF }' | grep -v '^total\|\.\.$'; stat -c '%n %h %s' m/low m/h1 m/only m/dir/sub; ls m/dir; cat m/hidden 2>&1 | e
        same %d m m/dir; same %d m m/low; same %d m/low m/file; same %d u m/low; same %d b m/low; same %i b/low m/low; same %i b/only m/only; same %i m/h1 m/h2; same %i a/dir m/dir
        cat m/file m/low m/link m/dir/two; (cd m/dir/sub; pwd; cat ../../only/three); stat -c '%y %x' m/low; echo "--- copies"
        ino=$(stat -c %i m/low); exec 5< m/low; echo more >> m/low; cat <&5; exec 5<&-; cat m/low b/low; stat -c '%n %a %u %g %s %h' m/low u/low b/low
        [ $ino = $(stat -c %i m/low) ] && echo stays; same %i m/low b/low; same %i m/low u/low; ls -i m | grep -c "$ino low"
        chmod 600 m/file; stat -c '%n %a' m/file u/file a/file b/file; touch -d '2010-11-12 13:14:15' m/h1; stat -c '%n %y %h' u/h1 b/h1 m/h1 m/h2; same %i m/h1 m/h2
        same %i m/h1 b/h1; same %i m/h2 b/h2; chown 7 m/dir/sub/deep; ls -lanR u | awk '{ print $1, $2, $3, $4, $5, $9 }' | grep -v '^total\|\.\.$\| \.$\|^d'; stat -c '%n %y' u/dir
        chown -h 9 m/link; stat -c '%F %u' u/link; readlink u/link; chown 8 m/pipe m/null; stat -c '%F %t %T %u' u/pipe u/null; setfattr -n user.other -v v m/dir/two && setfattr -x user.other m/dir/two
        setfattr -x user.mine u/low && echo copied; setfattr -x trusted.mine u/low && echo copied; setfattr -x user.none m/big 2>&1 | e; ls u; truncate -s 5000 m/big; stat -c '%n %s' u/big b/big; sha256sum < m/big
        : > m/only/three; stat -c '%n %s' m/only/three b/only/three; setfattr -n trusted.overlay.opaque -v y m/only 2>&1 | e; setfattr -n trusted.overlay.opaque -v y m/dir 2>&1 | e; ls m/only
        echo "--- names"; rm m/low; ls m/low 2>&1 | e; stat -c '%n %F %t %T %a' u/low; echo new > m/low; cat m/low; stat -c '%F %a %u %h' u/low; rm m/h1 m/h2; ls m
        mkdir m/new m/new/in; rmdir m/new 2>&1 | e; rmdir m/dir 2>&1 | e; rm -r m/dir; ls -d m/dir 2>&1 | e; stat -c '%F' u/dir; mkdir m/dir; ls -A m/dir; touch m/dir/fresh; ls m/dir; stat -c '%h' m/dir m/new
        setfattr -n trusted.overlay.opaque -v y u/dir; setfattr -x trusted.overlay.opaque u/dir && echo was opaque; setfattr -n trusted.overlay.opaque -v y u/dir
        mv m/only m/other 2>&1 | e; ls m; ls m/other m/only 2>&1 | e; mv m/new m/renamed; ls m/renamed; mv m/file m/moved; stat -c '%F' u/file; cat m/moved; ls m; cat m/file 2>&1 | e
        ln m/moved m/linked; stat -c '%h' m/moved m/linked; same %i m/moved m/linked; ln m/big m/big2; rm m/big; stat -c '%h %s' m/big2; echo back > m/file; cat m/file; rm m/file; ln m/moved m/file; stat -c '%h' m/file
        mknod m/w c 0 0 2>&1 | e; mknod m/z c 1 5; mkfifo m/f2; ln -s where m/sym; rm m/sym; ln -s there m/sym; readlink m/sym; mv m/renamed m/dir/; mv m/dir/renamed m/hidden; ls m; rmdir m/hidden/in; rmdir m/hidden; ls -A m/hidden 2>&1 | e
        echo 1 > m/t1; echo 2 > m/t2; mv m/t1 m/t2; cat m/t2; mkdir m/e1 m/e2; mv -T m/e1 m/e2; ls m; mv m/t2 m/e2 ; mv -T m/e2 m/dir 2>&1 | e; mkdir m/s; chgrp 77 m/s; chmod 2775 m/s; touch m/s/g; mkdir m/s/d; stat -c '%g %a' m/s/g m/s/d
        rm -r m/s; mkdir m/q; touch m/q/f; rm m/q/f; mkfifo m/q/f; stat -c %F m/q/f; exec 6<> m/gone; echo kept >&6; rm m/gone; echo on >&6; cat /proc/self/fd/6; exec 6>&-
        exec 7< m/dir/fresh; rm m/dir/fresh; chmod 444 /proc/self/fd/7; stat -L -c '%a %h' /proc/self/fd/7; exec 7<&-; tree m > /tmp/before; tree m | tail -12
        echo "--- again"; umount m; ls -lA w | cut -c1-10; mount -t overlay overlay -o $(O a:b u w) m; tree m > /tmp/after; cmp /tmp/before /tmp/after && echo as before; find u -type c | sort; ls -a m | sort
        umount m; echo "--- only to read"; mount -t overlay overlay -o lowerdir=u:a:b m; tail -1 /proc/mounts; tree m > /tmp/after; cmp /tmp/before /tmp/after && echo as before; (echo x > m/n) 2>&1 | e; mkdir m/n 2>&1 | e; chmod 1 m/moved 2>&1 | e
        same %i m/moved m/linked; same %d m m/moved; same %d u m/moved; mount -o remount,rw m 2>&1 | e; umount m
        mount -t overlay overlay -o lowerdir=a:b,workdir=w m; tail -1 /proc/mounts; same %i m/h1 m/h2; umount m
        echo "--- refused"; for o in lowerdir=a lowerdir= upperdir=u,workdir=w lowerdir=a,upperdir=u lowerdir=none:a lowerdir=a:a lowerdir=a,upperdir=a,workdir=w lowerdir=u/dir,upperdir=u,workdir=w lowerdir=u,upperdir=u/dir,workdir=w \
            lowerdir=a,upperdir=u,workdir=u/dir lowerdir=a,upperdir=u/dir,workdir=u lowerdir=a,upperdir=u,workdir=/tmp lowerdir=a,upperdir=none,workdir=w lowerdir=a:b,nonsense lowerdir=a:b,index=2 lowerdir=a/file:b lowerdir=:a lowerdir=a: lowerdir=a,upperdir=/sys,workdir=w
        do echo "$o"; mount -t overlay overlay -o $o m 2>&1 | e && umount m 2>/dev/null && echo mounted; done
        mkdir 'c:o' 'co,m' 's p'; echo colon > c:o/f1; echo comma > co,m/f2; echo space > 's p/f3'; mount -t overlay 'my name' -o 'lowerdir=c\:o:co\,m:s p' m; tail -1 /proc/mounts; cat m/f?; umount m
        echo "--- upon an overlay"; mkdir m2 u2 w2 m3; mount -t overlay overlay -o $(O a:b u w) m; mount -t overlay overlay -o $(O m u2 w2) m2; echo 2 >> m2/moved; cat m2/moved m/moved; rm m2/big2; ls m2 u2; same %d m2 m2/moved
        mount -t overlay overlay -o lowerdir=m2:a m3 2>&1 | e; mount -t overlay overlay -o $(O a m2/dir m2) m3 2>&1 | e; mount -t overlay overlay -o lowerdir=a,upperdir=m/dir,workdir=m/q m3 2>&1 | e; umount m2; umount m
        echo "--- many"; mkdir l1 l2 u4 w4; for i in $(seq 1 400); do echo $i > l1/n$i; echo $i > l2/n$((i + 200)); done; mount -t overlay overlay -o $(O l1:l2 u4 w4) m; ls m | wc -l; for i in $(seq 150 350); do rm m/n$i; done; ls m | wc -l
        ls m | sort -u | wc -l; rm -r m/n5*; ls m | wc -l; find u4 -type c | wc -l; rm -rf m/*; ls -A m | wc -l; umount m
        chmod 700 b/only; mount -t overlay overlay -o $(O a:b u2 w2) m; chmod 755 m; su nobody -s /bin/sh -c 'ls m/only; echo x > m/moved; cat m/low; touch m/mine; rm m/low' 2>&1 | e; umount m
    }
    mkdir -p /x
'''


def as_linux(script, disks, *words):
    """Runs it on both kernels, on disks made anew; what they print is equal."""
    seen = []
    for linux in False, True:
        was, options.linux, made = options.linux, linux, disks()
        try:
            seen.append(guest(script, *[w for d in made for w in ('--disk', d)], *words).splitlines())
        finally:
            options.linux = was
        for d in made:
            if d.path.name == 'ext4':
                d.tool('e2fsck', '-fn', '@')
    for n, (ours, theirs) in enumerate(zip(*seen)):
        assert ours == theirs, (n, seen[0][max(0, n - 3):n + 3], seen[1][max(0, n - 3):n + 3])
    assert len(seen[0]) == len(seen[1]), (seen[0][-3:], seen[1][-3:])
    return seen[0]


def ext4_image(mbytes):
    disk = Image(mbytes, 'ext4')
    disk.tool('mkfs.ext4', '-q', '@')
    return disk


@quick
def overlay_as_linux_shows_it():
    out = as_linux('exec 2>&1' + OVERLAY + 'mount -t tmpfs tmpfs /x; cd /x; seen', list)
    assert len(out) > 300 and out.count('as before') == 2, len(out)


@test
def overlay_upon_ext4():
    out = as_linux('exec 2>&1' + OVERLAY + 'mount -t ext4 /dev/vda /x; cd /x; seen; cd /; umount /x', lambda: [ext4_image(64)])
    assert len(out) > 300 and out.count('as before') == 2, len(out)


@quick
def overlay_of_other_file_systems():
    """EROFS below and tmpfs above: numbers of several file systems. vfat is good for nothing here, as on Linux."""
    with tempfile.TemporaryDirectory() as name:
        top = pathlib.Path(name, 'tree')
        top.mkdir()
        erofs_tree(top)
        erofs, fat = Image(1), vfat_image(40)
        erofs.tool('mkfs.erofs', '-zlz4', '@', str(top))
        out = as_linux('exec 2>&1' + OVERLAY + '''
            mkdir -p /e /f; mount -t erofs /dev/vda /e; mount -t vfat /dev/vdb /f; mkdir -p /f/u /f/w; mount -t tmpfs tmpfs /x; cd /x; mkdir u w m t; echo t > t/t
            for o in lowerdir=/f:t lowerdir=t,upperdir=/f/u,workdir=/f/w lowerdir=t,upperdir=u,workdir=/f/w lowerdir=t,upperdir=/e/many,workdir=/e; do mount -t overlay overlay -o $o m 2>&1 | e; done
            mount -t overlay overlay -o $(O t:/e u w) m; umount /e; (cd m; sha256sum text* noise* mixed*; ls -R many | sha256sum); for f in . text3 t many many/deeper; do same %d m m/$f; same %d u m/$f; same %d m/text4 m/$f; done
            ino=$(stat -c %i m/text7); echo x >> m/text7; [ $(stat -c %i m/text7) = $ino ] && echo stays; same %d m/text7 m/text4; ino=$(stat -c %i m/many/deeper); echo x > m/many/deeper/new; [ $(stat -c %i m/many/deeper) = $ino ] && echo stays
            same %d m/text7 m/many/deeper/new; ls m/many/deeper | wc -l; chmod 700 m/hard; stat -c '%n %h %a %s' m/hard m/text5 m/text6 m/fifo m/many; find u | sort; tree m | sha256sum; mv m/many m/few; ls m/few/deeper | wc -l; tree m | sha256sum
            umount m; mount -t overlay overlay -o $(O t u w) m; find m | sort | head -3; umount m; umount /x; umount /f
        ''', lambda: [erofs, fat])
    assert 'stays' in out, out


@test
def overlay_many_at_once():
    disk = ext4_image(200)
    out = guest('''
        mkdir -p /x; mount -t ext4 /dev/vda /x; cd /x; mkdir -p l1 l2 u w m
        for i in $(seq 1 120); do dd if=/dev/urandom of=l1/f$i bs=1k count=$i 2>/dev/null; mkdir -p l$((i % 2 + 1))/d$((i % 7))/e; echo $i > l$((i % 2 + 1))/d$((i % 7))/e/g$i; done
        mount -t overlay overlay -o lowerdir=l1:l2,upperdir=u,workdir=w m; cd m; find . -type f | sort | xargs sha256sum > ../sums
        for j in 1 2 3 4; do (
            for i in $(seq $j 4 120); do
                echo more >> f$i; chmod 640 d$((i % 7))/e/g$i; mv d$((i % 7))/e/g$i d$(((i + 1) % 7))/e/h$i; ln f$i d$((i % 7))/l$i; rm f$i; mkdir -p new/$j; echo $i > new/$j/$i
                [ $((i % 8)) = 0 ] && rm d$(((i + 1) % 7))/e/h$i && mkdir d$(((i + 1) % 7))/e/h$i
            done ) & done
        for j in 1 2 3 4; do (for i in 1 2 3 4 5 6 7 8; do for k in $(seq 1 7 120); do touch f$k; done; find . | wc -l; done > /dev/null 2>&1) & done
        for k in $(seq 1 30); do (chmod 600 d$((k % 7))/e; touch d$((k % 7))) & done; wait
        find . -type f | sort | xargs sha256sum > ../after; for i in $(seq 1 120); do [ "$(head -c $((i * 1024)) d$((i % 7))/l$i | sha256sum | cut -c1-64)" = "$(grep " ./f$i$" ../sums | cut -c1-64)" ] || echo bad $i; done
        ls new/* | grep -c '^[0-9]'; ls d?/l* | wc -l; ls -d d?/e/h* | wc -l; cd ..; umount m; echo 3 > /proc/sys/vm/drop_caches; ls w/work | grep -vc '#'
        mount -t overlay overlay -o lowerdir=l1:l2,upperdir=u,workdir=w m; cd m; find . -type f | sort | xargs sha256sum | cmp - ../after && echo as before
        cd ..; umount m; cd /; umount /x; dmesg | grep -c 'stays in the work'
    ''', '--disk', disk, '--smp', '4', timeout=300, status=1).split('\n')
    assert not [w for w in out if 'bad' in w], out
    assert out[0:3] == ['120', '120', '120'] and 'as before' in out and out[-2] == '0', out
    disk.tool('e2fsck', '-fn', '@')
