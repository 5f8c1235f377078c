# SPDX-License-Identifier: MIT
# lib.sh, and a way to run a build quietly.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# Other people's makefiles rely on make's own rules and variables, which ours switches off (-rR) for itself and everything below it.
unset MAKEFLAGS MFLAGS MAKELEVEL

# Runs shell commands with their output in a log, of which a failure shows the lines that tell of errors (jobs beside the failed one
# may have gone on for long) and the end.
build() {
	eval "$1" >"$WORK/log" 2>&1 && return
	echo "--- errors:" >&2
	grep -nE '[Ee]rror|No such|not found|Killed|\*\*\*' "$WORK/log" | grep -v '^[0-9]*:checking' | cut -c1-300 | tail -n 20 >&2
	echo "--- the end:" >&2
	tail -n 30 "$WORK/log" | cut -c1-300 >&2
	exit 1
}
