#!/bin/bash
# SPDX-License-Identifier: MIT
# Link vmlinux with tables about itself inside, of its symbols and of the words that hold addresses: link.sh OUT OBJECT...
# (CC, LD, NM and their flags in the environment). The tables change the layout they describe, so link again until they no longer change.
set -e
out=$1; shift
tmp=$out.tmp
trap 'rm -f "$tmp" "$tmp".*' EXIT
{ python3 scripts/symtab.py </dev/null; python3 scripts/relocs.py; } >"$tmp.S"
for try in 1 2 3 4 5; do
	$CC -c -o "$tmp.o" "$tmp.S"
	$LD -o "$tmp" "$@" "$tmp.o"
	{ $NM -n "$tmp" | python3 scripts/symtab.py; python3 scripts/relocs.py "$tmp"; } >"$tmp.new.S"
	if cmp -s "$tmp.S" "$tmp.new.S"; then
		mv "$tmp" "$out"
		exit 0
	fi
	mv "$tmp.new.S" "$tmp.S"
done
echo "link.sh: the tables do not settle" >&2
exit 1
