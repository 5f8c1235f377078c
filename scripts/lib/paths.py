# SPDX-License-Identifier: MIT
"""Where things are, and how what is missing gets made."""
import os
import pathlib
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
OUT = pathlib.Path(os.environ.get('O', TOP / 'build')).absolute()
CACHE = pathlib.Path(os.environ.get('ASHLAR_CACHE') or pathlib.Path.home() / '.cache/ashlar')

_packages = {}


def package(name):
    """The path of what scripts/packages/NAME makes, made first if need be."""
    if name not in _packages:
        run = subprocess.run([TOP / 'scripts/packages' / name], stdout=subprocess.PIPE, text=True)
        if run.returncode:
            sys.exit(f'scripts/packages/{name} failed')
        _packages[name] = pathlib.Path(run.stdout.split()[-1])
    return _packages[name]


def need(commands, why, *debian):
    if subprocess.run([TOP / 'scripts/need', commands, why, *debian]).returncode:
        sys.exit(f'{commands} could not be installed')


def compile_static(sources, output, cc=None, flags=()):
    """A static arm64 program, with musl unless another compiler is named; again only when a source is newer."""
    sources = [pathlib.Path(s) for s in sources]
    newest = max(s.stat().st_mtime_ns for s in sources)
    if output.exists() and output.stat().st_mtime_ns >= newest:
        return output
    tmp = OUT / 'tmp' / f'{output.name}.{os.getpid()}'		# not beside it, where others read the directory
    for directory in output.parent, tmp.parent:
        directory.mkdir(parents=True, exist_ok=True)
    c_files = [s for s in sources if s.suffix != '.h']
    cc = cc or package('musl') / 'bin/aarch64-linux-musl-gcc'
    run = subprocess.run([cc, '-std=gnu11', '-O2', '-Wall', '-Wextra', '-static', *flags, '-o', tmp, *c_files])
    if run.returncode:
        tmp.unlink(missing_ok=True)
        sys.exit(f'{output.name} does not compile')
    tmp.rename(output)
    return output
