#!/bin/bash
# SPDX-License-Identifier: MIT
# Link vmlinux with its own symbol table inside: link.sh OUT OBJECT...   (CC, LD, NM and their flags in the environment)
# The table changes the layout it describes, so link again until it no longer changes: two links when all text lies
# before the table, three otherwise.
set -e
out=$1; shift
tmp=$out.tmp
trap 'rm -f "$tmp" "$tmp".*' EXIT
python3 scripts/symtab.py </dev/null >"$tmp.S"
for try in 1 2 3 4; do
	$CC -c -o "$tmp.o" "$tmp.S"
	$LD -o "$tmp" "$@" "$tmp.o"
	$NM -n "$tmp" | python3 scripts/symtab.py >"$tmp.new.S"
	if cmp -s "$tmp.S" "$tmp.new.S"; then
		mv "$tmp" "$out"
		exit 0
	fi
	mv "$tmp.new.S" "$tmp.S"
done
echo "link.sh: the symbol table does not settle" >&2
exit 1
