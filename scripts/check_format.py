#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Fail when a C file is not as clang-format would have it: check_format.py [FILE...] (all that git knows).

Indentation, blanks between words, empty lines: .clang-format decides. Where a line is broken and in which column a comment stands the
author does (clang-format has no setting for "as it is"), up to MAX columns; so does he inside of macros. Only blanks are compared.
Wider are what loses by a break: macros, tables of cases, drawings, long strings.
"""
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[1]
MAX, WIDEST = 100, 150
GAP = re.compile(r'(\s*)(\S+)')
CONTINUED = re.compile(r'\\\n')
AS_IT_IS = re.compile(r'^#define(?:.*\\\n)*.*|^\s*case .*', re.M)
# clang-format 14 takes these for something else in C: (a) & b, (u8)~c, } *p, asm("" ::), a < b, c > d, (a) - 1, (a)"b"
# Of one piece: a string, a case, a drawing, and on what ends with a backslash a macro.
WIDE = re.compile(r'"[^"]{40,}"|^\s*(case|default)\b.*:|^\s*/?\*.*(\t|   )|^#define|\\$')
INDENT, LINE = 'indentation', 'a new line is missing'
MISREAD = '&*~:<>-"'


def gaps(text):
    """{how many characters that are not blank come before: (the blanks, where they end)}"""
    found, count = {}, 0
    for m in GAP.finditer(text):
        found[count] = m[1], m.start(2)
        count += len(m[2])
    return found


def free_blocks(text):
    """Where the author decides alone: macros, tables of cases, and blocks that are arguments, which clang-format puts below the parenthesis."""
    free, begins = [(m.start(), m.end()) for m in AS_IT_IS.finditer(text)], []
    for m in re.finditer(r'[({}]', re.sub(r"'.'|/\*.*?\*/", lambda m: '_' * len(m[0]), text)):
        if m[0] == '{':
            begins.append(m.start())
        elif m[0] == '}' and begins and text[:(begin := begins.pop())].rstrip()[-1:] in '(,':
            free.append((begin, m.start() + 1))
    return free


def complaint(ours, theirs, before, after):
    """What is wrong with these blanks, if they were to be those."""
    if '\n' in ours and '\n' in theirs:
        have, want = (len(s[s.rfind('\n') + 1:].expandtabs(8)) for s in (ours, theirs))
        if have != want:
            return INDENT
        if ours.count('\n') != theirs.count('\n'):
            return 'empty line'
    elif '\n' not in ours and '\n' not in theirs:
        if bool(ours) != bool(theirs) and before not in MISREAD and after not in MISREAD:
            return 'blank too many' if ours else 'blank missing'
    elif '\n' in theirs and before == ')' and after not in '{:_':
        return LINE
    return None


def too_wide(lines):
    """["line: columns"]; the last line of a macro is one, too."""
    before = ''
    for n, line in enumerate(lines, 1):
        width = len(line.expandtabs(8))
        if width > (WIDEST if WIDE.search(line) or before.endswith('\\') else MAX):
            yield f'{n}: {width} columns'
        before = line


def check(path):
    """["line: what"] of a file."""
    source = path.read_text()
    done = subprocess.run(['clang-format', f'--style=file:{TOP}/.clang-format', path], capture_output=True, text=True, check=True)
    bad = list(too_wide(source.splitlines()))
    bad += [f'{n}: blanks at the end' for n, line in enumerate(source.splitlines(), 1) if line != line.rstrip()]
    ours, theirs = (CONTINUED.sub(' \n', text) for text in (source, done.stdout))
    have, want = gaps(ours), gaps(theirs)
    free, seen = free_blocks(source), 0
    order = sorted(have)
    for count in sorted(have.keys() | want.keys()):
        while seen + 1 < len(order) and order[seen + 1] <= count:
            seen += 1
        at = have[order[seen]][1] + count - order[seen]		# where in ours; right when the gap is not theirs alone, too
        what = complaint(have.get(count, ('', 0))[0], want.get(count, ('', 0))[0], ours[:at].rstrip()[-1:], ours[at])
        if what and not ((what in (LINE, INDENT) or ours[at] == '{') and any(b < at < e for b, e in free)):
            bad.append(f'{ours.count(chr(10), 0, at) + 1}: {what} before "{ours[at:at + 16].split(chr(10))[0]}"')
    return bad


def main():
    names = sys.argv[1:] or subprocess.run(['git', 'ls-files', '*.[ch]'], cwd=TOP, capture_output=True, text=True, check=True).stdout.split()
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for name, bad in zip(names, pool.map(lambda n: check(TOP / n), names)):
            for line in bad:
                print(f'{name}:{line}')
            failed += len(bad)
    return failed != 0


sys.exit(main())
