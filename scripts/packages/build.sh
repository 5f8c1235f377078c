# SPDX-License-Identifier: MIT
# lib.sh, and a way to run a build quietly.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# Runs shell commands with their output in a log, of which a failure shows the end.
build() {
	eval "$1" >"$WORK/log" 2>&1 || { tail -n 30 "$WORK/log" >&2; exit 1; }
}
