# SPDX-License-Identifier: MIT
# Targets beside the kernel itself. Lines that begin with "#:" are `make help`.

.PHONY: help
help:
	@sed -n 's/^#: \?//p' scripts/targets.mk

#: Building
#:   make               the kernel: build/Image, and build/vmlinux with symbols
#:     CC=clang LLVM=1  with clang and GNU binutils; with clang and lld
#:     O=DIR V=1 -j2    in DIR instead of build/; showing commands; two at a time
#:     CONFIG_X=y       with an option switched, e.g. make O=build/san CONFIG_KASAN=y CONFIG_UBSAN=y
#:   make menuconfig    change options; make defconfig: back to the defaults (no tool needed for those)
#:   make clean         remove what was built; make distclean: the configuration too
.PHONY: menuconfig defconfig clean distclean
menuconfig:
	@scripts/need kconfig-mconf "the menu of make menuconfig" kconfig-frontends
	@KCONFIG_CONFIG=$(CONFIG_FILE) kconfig-mconf Kconfig
defconfig:
	@rm -f $(CONFIG_FILE) && echo "defaults: no $(CONFIG_FILE)"
clean:
	@test ! -d $(O) || find $(O) -mindepth 1 -maxdepth 1 ! -name .config -exec rm -rf {} +
distclean:
	@rm -rf $(O)

#:
#: Running (scripts/run -h has all options; R= passes them, e.g. make run R="--smp 4 --net user")
#:   make run           a shell in the machine; Ctrl-A X leaves. Its disk for /data is kept between runs; DATA=8G grows it, DATA=no goes without
#:   make run-linux     the same root file system on Debian's Linux
#:   make debug         stopped at the first instruction, waiting for gdb; make gdb: that gdb, with ps, vm, handles, locks, bt PID
.PHONY: run run-linux debug gdb
data-words = $(if $(DATA),$(if $(filter no,$(DATA)),--no-data,--data-size $(DATA)))
run: $(O)/Image
	@O=$(O) scripts/run $(data-words) $(R)
run-linux:
	@scripts/run --linux $(data-words) $(R)
debug: $(O)/Image
	@echo "in another terminal: make gdb"
	@O=$(O) scripts/run --qemu-arg=-S --qemu-arg=-gdb --qemu-arg=tcp:127.0.0.1:1234 --append nokaslr $(R)
gdb:
	@scripts/need gdb-multiarch "debugging arm64 kernels" gdb-multiarch
	@gdb-multiarch -q $(O)/vmlinux -x scripts/gdb/ashlar.py -ex 'target remote :1234'

#:
#: Testing
#:   make check         what every commit must pass, in rings; ends with "N passed, N failed"; scripts/check RING...: some
#:   make check-full    the same on more compilers, CPUs, interrupt controllers, with sanitizers, and on Linux
#:   make unit          kernel sources on the host, with ASan and UBSan; T=NAME: one
#:   make cov           which lines of these the tests reach; at least 90 % of each file
#:   make abi           ABI tests in the machine; T="futex pipe": some; on Linux: selftests/run --linux
#:   make fuzz          fuzz every parser for S=30 seconds each; T=NAME: one
#:   make lint          layers, file sizes, ABI against the headers, mutable globals, formatting, sparse,
#:                      clang's thread-safety analysis, clang-tidy; files that did not change are not looked at again
#:   make bench         instructions per operation beside Linux's; T="getpid pipe_rw_1": some
.PHONY: check check-full unit cov abi fuzz lint bench
check check-full:
	@scripts/check $(if $(filter check-full,$@),--full) --jobs $(JOBS)
unit:
	@O=$(O) scripts/hosttest unit $(T)
cov:
	@O=$(O) scripts/hosttest cov
abi: $(O)/Image
	@O=$(O) selftests/run $(T)
S ?= 30
fuzz:
	@O=$(O) scripts/hosttest fuzz $(T) --seconds $(S)
bench: $(O)/Image
	@O=$(O) scripts/bench $(T)
lint:
	@scripts/check_layers.py
	@scripts/need clang-format "the layout of C files" clang-format
	@scripts/check_format.py
	@! test -e docs/SYSCALLS.md || $(PY) scripts/syscalls.py --check --docs docs/SYSCALLS.md compat/syscalls.def
	@scripts/need aarch64-linux-gnu-gcc "the headers of arm64" gcc-aarch64-linux-gnu
	@scripts/check_abi.py >$(O)/abi.log || { cat $(O)/abi.log; exit 1; }
	@scripts/need sparse,clang,clang-tidy "make lint" sparse clang clang-tidy
	@$(MAKE) -s -j$(JOBS) O=$(O) lint-sources
JOBS ?= $(shell nproc)

# The kernel's own sources through clang's analysis, sparse and clang-tidy (.clang-tidy), with the kernel's flags.
.PHONY: lint-sources
lint-c := $(wildcard $(filter-out compat/vdso/%,$(patsubst $(O)/%.o,%.c,$(filter-out $(O)/ext/%,$(all-objs)))))
lint-flags := --target=aarch64-linux-gnu $(filter-out -fconserve-stack -fno-allow-store-data-races,$(CFLAGS)) \
	-Wno-gnu-variable-sized-type-not-at-end
lint-sources: $(O)/Image $(lint-c:%.c=$(O)/lint/%.ok)
	@scripts/check_globals.py $(O)
$(O)/lint/%.ok: $(O)/%.o .clang-tidy
	@mkdir -p $(@D)
	@clang $(lint-flags) -Wthread-safety -fsyntax-only $*.c
	@! sparse --arch=aarch64 -D__aarch64__ -Wno-decl -Wno-transparent-union $(INC) $(EXT_INC) -ffreestanding -nostdinc -std=gnu11 \
		$*.c 2>&1 | grep -E 'error:|warning:'
	@clang-tidy --quiet $*.c -- $(lint-flags) -Wno-everything -Xclang -analyzer-config -Xclang max-nodes=$(LINT_NODES) 2>/dev/null
	@touch $@
# How many states of a function clang's analyzer looks at. Its time is proportional to it; clang's own default is 225000 (check-full).
LINT_NODES ?= 75000
