# SPDX-License-Identifier: MIT
"""Which lines of the kernel sources the unit tests reach: gcov's counts of all test programs added up. What counts is what can run
on the host at all: .c files that are modules of a test, and the headers whose functions they alone hold."""
import json
import pathlib
import re
import subprocess

FLOOR = 90		# per cent of each file
FLAGS = ['--coverage', '-O0', '-DCOVERAGE']
HEADERS = re.compile(r'kernel/lib/\w+\.h|arch/arm64/include/arch/pte\.h')


def counts(objects, top):
    """{file: {line: times}} of what these objects were compiled from."""
    found = {}
    for obj in objects:
        if not obj.with_suffix('.gcda').exists():
            continue
        text = subprocess.run(['gcov', '--json-format', '--stdout', obj], cwd=top, capture_output=True, text=True).stdout
        for line in text.splitlines():
            for file in json.loads(line)['files']:
                path = pathlib.Path(file['file'])
                name = str(path.relative_to(top) if path.is_absolute() and path.is_relative_to(top) else path)
                if name.startswith(('selftests/', '/', 'build')) or name.endswith('.h') and not HEADERS.fullmatch(name):
                    continue
                if name.endswith('.c') and obj.name != name.replace('/', '-') + '.o':
                    continue	# a driver of which a test includes a part: not one that runs on the host
                lines = found.setdefault(name, {})
                for entry in file['lines']:
                    lines[entry['line_number']] = lines.get(entry['line_number'], 0) + entry['count']
    return found


def ranges(numbers):
    """12 13 14 20 -> 12-14, 20"""
    runs = []
    for n in sorted(numbers):
        if runs and n == runs[-1][1] + 1:
            runs[-1][1] = n
        else:
            runs.append([n, n])
    return ', '.join(str(a) if a == b else f'{a}-{b}' for a, b in runs)


def report(found):
    """Prints the table; (files that pass, files below the floor, per cent of all lines)."""
    below = all_lines = all_reached = 0
    for name, lines in sorted(found.items()):
        reached = sum(n > 0 for n in lines.values())
        share = 100 * reached / len(lines)
        all_lines, all_reached = all_lines + len(lines), all_reached + reached
        below += share < FLOOR
        missed = ranges(n for n, times in lines.items() if not times)
        print(f'{"FAIL" if share < FLOOR else "    "} {name:28} {share:5.1f} % of {len(lines):4} lines' + (f'   not {missed}' if missed else ''))
    total = 100 * all_reached / all_lines if all_lines else 0
    print(f'total {total:.1f} % of {all_lines} lines')
    return len(found) - below, below, total
