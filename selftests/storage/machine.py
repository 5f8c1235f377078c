# SPDX-License-Identifier: MIT
"""What the tests of disks and file systems share: how a test is told of, how the machine runs a script, images that are its disks."""
import argparse
import hashlib
import pathlib
import shlex
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / 'scripts/lib'))
from paths import OUT, compile_static, need, package	# noqa: E402, F401

TESTS, QUICK, boots, options = {}, set(), [], argparse.Namespace(linux=False, quick=False, ours=[])


def test(fn):
    TESTS[fn.__name__] = fn
    return fn


def quick(fn):
    QUICK.add(fn.__name__)
    return test(fn)


def guest(script, *words, timeout=120, status=0):
    """What the script printed."""
    line = ['scripts/run', '--timeout', str(timeout), *(['--linux'] if options.linux else options.ours), *map(str, words), '-x', script]
    boots.append(shlex.join(line))
    done = subprocess.run(line, cwd=TOP, capture_output=True)
    assert done.returncode == status, f'status {done.returncode}\n{done.stdout[-1500:].decode(errors="replace")}\n{done.stderr[-2500:].decode(errors="replace")}'
    return done.stdout.decode(errors='replace')


class Image:
    """A sparse file that is a disk of the guest."""

    def __init__(self, mbytes, name='disk'):
        self.dir = tempfile.TemporaryDirectory()
        self.path = pathlib.Path(self.dir.name, name)
        with open(self.path, 'wb') as f:
            f.truncate(mbytes << 20)

    def __str__(self):
        return str(self.path)

    def tool(self, *words, status=0, stdin=None):
        """A stock tool of the host; '@' stands for the image, also within a word."""
        line = [w.replace('@', str(self)) for w in words]
        done = subprocess.run(line, capture_output=True, text=True, input=stdin, env={'PATH': '/usr/sbin:/usr/bin:/sbin:/bin', 'LC_ALL': 'C'})
        assert done.returncode == status or isinstance(status, range) and done.returncode in status, f'{shlex.join(line)}: status {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-2000:]}'
        return done.stdout

    def sha256(self):
        h = hashlib.sha256()
        with open(self.path, 'rb') as f:
            while block := f.read(1 << 20):
                h.update(block)
        return h.hexdigest()


# One number for everything that can be seen of it.
HASH = '''
    cd /m; find . -path ./lost+found -prune -o -print | sort | while read f; do
        if [ -L "$f" ]; then echo "L $f $(readlink "$f")"
        elif [ -f "$f" ]; then echo "F $f $(stat -c '%a %u %g %s %h %Y' "$f") $(sha256sum < "$f")"
        else echo "O $f $(stat -c '%a %u %g %F %t %T' "$f")"; fi
    done | sha256sum; cd /
'''
MOUNT = 'mkdir -p /m && mount -t ext4 /dev/vda /m || exit 90\n'


def ext_image(mbytes, *features):
    disk = Image(mbytes)
    disk.tool('mkfs.ext4', '-q', '-F', *features, '@')
    return disk


def clean(disk):
    disk.tool('e2fsck', '-fn', '@')


def either(linux, script, disk, **more):
    was, options.linux = options.linux, linux
    try:
        return guest(MOUNT + script, '--disk', disk, timeout=200, **more)
    finally:
        options.linux = was
