# SPDX-License-Identifier: MIT
# lib.sh, and Debian's arm64 programs as shipped with just the libraries that they load, as a directory to lay over the root.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

lib_of() { find pkg \( -name "$1" -o -name "$1.[0-9]*" \) ! -name '*.py' -path '*aarch64-linux-gnu*' | head -n 1; }

copy_libs() {
	local name file
	for name in $(aarch64-linux-gnu-readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'); do
		[ -e "out/lib/aarch64-linux-gnu/$name" ] && continue
		file=$(lib_of "$name")
		[ -n "$file" ] || { say "$1 needs $name, which no package here has"; exit 1; }
		cp -L "$file" "out/lib/aarch64-linux-gnu/$name"
		copy_libs "$file"
	done
}

# closure PACKAGE... -- PROGRAM...: ./out has the programs in bin and their libraries
closure() {
	local packages=() name
	while [ "$1" != -- ]; do packages+=("$1") && shift; done
	shift
	"$HERE/../need" aarch64-linux-gnu-readelf "the libraries of arm64 programs" binutils-aarch64-linux-gnu
	apt_setup
	# shellcheck disable=SC2046
	fetch_binary $(apt_private apt-get -s install "${packages[@]}" | sed -n 's/^Inst \([^ ]*\) .*/\1/p')
	mkdir -p out/bin out/lib/aarch64-linux-gnu
	for name; do
		cp "$(find pkg -type f -path "*bin/$name" | head -n 1)" out/bin/	# not a link, which leads to the host
		copy_libs "out/bin/$name"
	done
	cp -L "$(lib_of ld-linux-aarch64.so.1)" out/lib/ld-linux-aarch64.so.1
}
