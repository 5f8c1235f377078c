# SPDX-License-Identifier: MIT
# Targets beside the kernel itself.

.PHONY: help clean distclean
help:
	@sed -n 's/^#: //p' scripts/targets.mk

#: make                 the kernel: $(O)/Image (and $(O)/vmlinux with symbols); O=build unless given
#:   CC=clang  LLVM=1   compile with clang; with clang and lld
#:   O=DIR  V=1         build in DIR; show commands
#:   CONFIG_X=y         switch an option for this build, e.g. make O=build/san CONFIG_KASAN=y CONFIG_UBSAN=y
#: make menuconfig      change options (Debian package kconfig-frontends); make defconfig: back to the defaults
#: make clean           remove what was built; make distclean: the configuration too

.PHONY: menuconfig defconfig
menuconfig:
	@command -v kconfig-mconf >/dev/null || scripts/need kconfig-frontends "the menu of make menuconfig"
	@KCONFIG_CONFIG=$(CONFIG_FILE) kconfig-mconf Kconfig
defconfig:
	@rm -f $(CONFIG_FILE) && echo "defaults: no $(CONFIG_FILE)"

clean:
	@test ! -d $(O) || find $(O) -mindepth 1 -maxdepth 1 ! -name .config -exec rm -rf {} +
distclean:
	@rm -rf $(O)
