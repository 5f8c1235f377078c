# SPDX-License-Identifier: MIT
# What the recipes beside this file share: a private apt that knows arm64 and sources without touching the host's, the
# cache, and "only when the recipe changed". A recipe is a program that sources this file, says what it makes and how:
#
#	. "$(dirname "$0")/lib.sh"
#	recipe musl sysroot/musl		name, result below the cache; returns when it has to be made
#	fetch_source busybox			-> ./src   (unpacked and patched, in a scratch directory)
#	fetch_binary musl-dev			-> ./pkg   (unpacked)
#	finish FILE_OR_DIRECTORY		becomes the result
#
# Prints the path of the result on stdout; progress on stderr.
set -e -o pipefail
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
CACHE=${ASHLAR_CACHE:-$HOME/.cache/ashlar}
JOBS=${JOBS:-$(nproc)}
export LC_ALL=C SOURCE_DATE_EPOCH=1767225600

say() { echo "[$NAME] $*" >&2; }

# One recipe at a time per result, in a scratch directory that goes away; done already: print and leave.
recipe() {
	NAME=$1 RESULT=$CACHE/$2
	# shellcheck disable=SC2155
	local hash=$(cat "$0" "$HERE/lib.sh" "${@:3}" | sha256sum)
	RECIPE_HASH=${hash%% *}
	mkdir -p "$CACHE/recipes"
	exec 8>"$CACHE/recipes/$NAME.lock"
	flock 8
	if [ -e "$RESULT" ] && [ "$(cat "$CACHE/recipes/$NAME" 2>/dev/null)" = "$RECIPE_HASH" ]; then
		echo "$RESULT"
		exit 0
	fi
	say "making $RESULT"
	WORK=$(mktemp -d "$CACHE/work-$NAME.XXXXXX")
	trap 'rm -rf "$WORK"' EXIT
	trap 'exit 1' INT TERM HUP
	cd "$WORK"
}

finish() {
	rm -rf "$RESULT"
	mkdir -p "$(dirname "$RESULT")"
	mv "$1" "$RESULT"
	echo "$RECIPE_HASH" >"$CACHE/recipes/$NAME"
	say "done"
	echo "$RESULT"
}

# --- apt, privately: arm64 packages and sources from the mirrors that the host uses
APT_DIR=$CACHE/apt
apt_private() { APT_CONFIG=$APT_DIR/apt.conf "$@"; }

apt_setup() {
	exec 9>"$CACHE/apt.lock"
	flock 9
	if [ ! -e "$APT_DIR/ready" ] || [ -n "$(find "$APT_DIR/ready" -mtime +7)" ]; then
		say "package lists"
		mkdir -p "$APT_DIR"/{state/lists/partial,cache/archives/partial,empty}
		: >"$APT_DIR/status"
		apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' 'Origin: Debian' |
			sort -u -k2,2 | awk '{ print "deb", $0; print "deb-src", $0 }' >"$APT_DIR/sources.list"
		cat >"$APT_DIR/apt.conf" <<-END
			APT::Architecture "arm64"; APT::Architectures { "arm64"; };
			APT::Sandbox::User "root"; APT::Install-Recommends "false";
			Dir::State "$APT_DIR/state"; Dir::State::status "$APT_DIR/status"; Dir::Cache "$APT_DIR/cache";
			Dir::Etc::sourcelist "$APT_DIR/sources.list"; Dir::Etc::sourceparts "$APT_DIR/empty";
			Dir::Etc::preferencesparts "$APT_DIR/empty"; Acquire::Retries "3";
		END
		apt_private apt-get update -qq >&2
		touch "$APT_DIR/ready"
	fi
	exec 9>&-
}

# Newest version first; a mirror may list one that it does not have.
fetch_source() {
	local name=$1 version
	"$HERE/../need" dpkg-source "unpacking Debian source packages" dpkg-dev
	apt_setup
	for version in $(apt_private apt-cache showsrc "$name" | sed -n 's/^Version: //p' | sort -Vru); do
		rm -rf dl && mkdir dl
		if (cd dl && apt_private apt-get source -qq --download-only "$name=$version" >&2 2>/dev/null); then
			say "source $name $version"
			dpkg-source --no-check -x dl/*.dsc src >/dev/null 2>&1
			rm -rf dl
			return
		fi
		say "source $name $version is not on the mirror, trying an older one"
	done
	say "no source of $name" && return 1
}

fetch_binary() {
	apt_setup
	mkdir -p dl pkg
	say "package $*"
	(cd dl && apt_private apt-get download -qq "$@" >&2)
	for deb in dl/*.deb; do
		dpkg-deb -x "$deb" pkg
	done
	rm -rf dl
}
