# SPDX-License-Identifier: MIT
"""selftests/ratchet: figures that may only get better. Lines "name value" below the comment; `scripts/check --ratchet-up` raises them.

	tests.RING	at least so many tests pass in this ring of make check
	lines.total	at least so many per cent of the lines of host-compiled sources are reached by unit tests
	linux.ROW	instructions of this row of the benchmark on Linux, the better of both ways to boot it
	ratio.ROW	ours are at most this many times those; ratio.mean is the geometric mean of all rows
"""
import math
import pathlib
import re

FILE = pathlib.Path(__file__).resolve().parents[2] / 'selftests/ratchet'
SLACK_ROW, SLACK_MEAN = 1.3, 1.05	# where threads meet moves a row by a quarter from build to build, the mean hardly


def load():
    lines = FILE.read_text().splitlines() if FILE.exists() else []
    return {line.split()[0]: float(line.split()[1]) for line in lines if line and not line.startswith('#')}


def key(ring):
    return 'tests.' + re.sub(r'\W+', '-', ring)


def is_worse(name, value, kept):
    """None, or what to say."""
    if name not in kept:
        return None
    if name.startswith('ratio.'):
        return f'{name} is {value:.3f}, at most {kept[name]:.3f} was kept' if value > kept[name] else None
    return f'{name} is {value:g}, at least {kept[name]:g} was kept' if value < kept[name] else None


def raise_to(values):
    """Keeps the better of what is there and what is measured, in the file's own order. The mean begins anew when rows came in."""
    kept = load()
    if any(name.startswith('ratio.') and name not in kept for name in values):
        kept.pop('ratio.mean', None)
    for name, value in values.items():
        if name.startswith('ratio.'):
            value = math.ceil(value * (SLACK_MEAN if name == 'ratio.mean' else SLACK_ROW) * 1000) / 1000
            kept[name] = min(value, kept.get(name, math.inf))
        elif name.startswith('lines.'):	# a file that grows moves the share a little
            kept[name] = max(math.floor(value - 1), kept.get(name, 0))
        elif name.startswith('linux.'):
            kept[name] = value
        else:
            kept[name] = max(value, kept.get(name, 0))
    head = [line for line in FILE.read_text().splitlines() if line.startswith('#')] if FILE.exists() else []
    FILE.write_text('\n'.join(head + [f'{name} {value:g}' if not name.startswith('linux.') else f'{name} {value:.1f}'
                                      for name, value in sorted(kept.items())]) + '\n')


def geometric_mean(ratios):
    return math.exp(sum(map(math.log, ratios)) / len(ratios))
