# SPDX-License-Identifier: MIT
# The kernel: configuration, flags, objects, two-step link. Not recursive: every Kbuild is included here, so make knows
# all objects at once and an incremental build is exact. Besides header dependencies (-MMD) three stamps say when to
# rebuild: gen/config.h (configuration), .flags (compiler and flags), .objects (what is linked).

$(if $(shell command -v $(PY)),,$(shell scripts/need $(PY) "the build's own scripts"))

# --- tools: gcc by default, `make CC=clang` for clang with GNU binutils, `make LLVM=1` for clang and lld
CROSS_COMPILE ?= aarch64-linux-gnu-
ifdef LLVM
CC := clang
LD := ld.lld
OBJCOPY := llvm-objcopy
NM := llvm-nm
else
ifeq ($(origin CC),default)
CC := $(CROSS_COMPILE)gcc
endif
CC := $(or $(CC),$(CROSS_COMPILE)gcc)
LD := $(CROSS_COMPILE)ld
OBJCOPY := $(CROSS_COMPILE)objcopy
NM := $(CROSS_COMPILE)nm
endif
ifeq ($(shell command -v $(firstword $(CC)) && command -v $(LD)),)
$(shell scripts/need $(firstword $(CC)),$(LD) "the kernel's compiler" $(if $(findstring clang,$(CC)),clang lld llvm binutils-aarch64-linux-gnu,gcc-aarch64-linux-gnu))
endif
IS_CLANG := $(findstring clang,$(notdir $(CC)))
CCACHE ?= $(shell command -v ccache)

ifeq ($(V),)
Q := @
say = @printf '  %-7s %s\n' $(1) $(2);
else
Q :=
say =
endif

# --- configuration: Kconfig's defaults, then $(O)/.config, then CONFIG_X=y on make's command line
CONFIG_FILE := $(O)/.config
$(shell mkdir -p $(O)/gen)
config_error := $(shell $(PY) scripts/kconfig.py Kconfig $(CONFIG_FILE) $(O)/gen \
	$(foreach v,$(filter CONFIG_%,$(.VARIABLES)),$(if $(filter command line,$(origin $(v))),$(v)=$($(v)))) 2>&1)
$(if $(config_error),$(error $(config_error)))
include $(O)/gen/config.mk

# --- flags
WARN := -Wall -Wextra -Werror -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wvla -Wundef \
	-Wno-unused-parameter
CODE := -std=gnu11 -O2 -g -ffreestanding -nostdinc -fno-pie -mgeneral-regs-only -mno-outline-atomics \
	-mbranch-protection=standard -fno-strict-aliasing -fno-common -fno-delete-null-pointer-checks -fwrapv \
	-fno-omit-frame-pointer -fno-asynchronous-unwind-tables -fno-unwind-tables -Ulinux -Uunix \
	-ffile-prefix-map=$(CACHE)/src=ext
INC := -I. -Iarch/arm64/include -I$(O) -include $(O)/gen/config.h
EXT_INC := -DZ_SOLO -isystem kernel/lib/ext/include -isystem $(CACHE)/src/libfdt -isystem $(CACHE)/src/zlib -isystem $(CACHE)/src/lz4

ifdef IS_CLANG
CODE += --target=aarch64-linux-gnu
WARN += -Wno-gnu-variable-sized-type-not-at-end -Wno-address-of-packed-member
else
CODE += -fconserve-stack -fno-allow-store-data-races
endif
CODE += $(if $(CONFIG_STACKPROTECTOR),-fstack-protector-strong -mstack-protector-guard=global,-fno-stack-protector)
CODE += $(if $(CONFIG_KASAN)$(CONFIG_UBSAN),,-Wframe-larger-than=2048)

comma := ,
# UBSAN traps: a BRK, whose address the panic names; no run time of its own. Sanitizers see our code; not the code they themselves run on (NOSAN_x.o := y in a Kbuild).
SAN := $(if $(CONFIG_KASAN),-fsanitize=kernel-address $(if $(IS_CLANG),-mllvm -asan-instrumentation-with-call-threshold=0 \
	-mllvm -asan-globals=0 -mllvm -asan-stack=0,--param asan-instrumentation-with-call-threshold=0 \
	--param asan-globals=0 --param asan-stack=0)) \
	$(if $(CONFIG_UBSAN),$(subst $() ,$(comma),-fsanitize=bounds shift null object-size unreachable bool enum alignment) \
		$(if $(IS_CLANG),-fsanitize-trap=undefined,-fsanitize-undefined-trap-on-error))

CFLAGS := $(CODE) $(WARN) $(INC) $(EXT_INC)
AFLAGS := $(filter-out -std=% -f% -W%,$(CODE)) -D__ASSEMBLER__ $(INC)
LDFLAGS := -pie -Bsymbolic --no-dynamic-linker -z notext -z noexecstack -z max-page-size=65536 -z norelro --build-id=none \
	$(if $(LLVM),--apply-dynamic-relocs,--no-warn-rwx-segments)

# --- objects: Kbuild names the trees; every Kbuild in them lists its directory's objects
dirs-y :=
include Kbuild
objs :=
small-objs :=
vdso-objs :=
# CFLAGS_x.o and NOSAN_x.o of a Kbuild are about its own directory's x.o: they become CFLAGS_dir/x.o. Names alone are not unique.
own = $(foreach k,CFLAGS NOSAN,$(foreach v,$(filter $(k)_%,$(.VARIABLES)),$(if $(findstring /,$(v)),,\
	$(eval $(k)_$(1)/$(v:$(k)_%=%) := $($(v)))$(eval undefine $(v)))))
define collect
obj-y :=
obj- :=
small-y :=
small- :=
vdso-y :=
include $(1)/Kbuild
$$(call own,$(1))
objs += $$(addprefix $(O)/$(1)/,$$(obj-y) $$(small-y))
small-objs += $$(addprefix $(O)/$(1)/,$$(small-y))
vdso-objs += $$(addprefix $(O)/$(1)/,$$(vdso-y))
endef
kbuilds := $(sort $(shell find $(wildcard $(dirs-y)) -name Kbuild))
$(foreach k,$(kbuilds),$(eval $(call collect,$(patsubst %/,%,$(dir $(k))))))
ext-objs := $(addprefix $(O)/ext/libfdt/,$(libfdt-y)) $(addprefix $(O)/ext/zlib/,$(zlib-y))
all-objs := $(sort $(objs)) $(ext-objs)

# --- stamps and generated sources. $(call stamp,FILE,TEXT) rewrites FILE only when TEXT differs.
stamp = $(shell mkdir -p $(dir $(1)))$(if $(filter x$(subst $() ,^,$(strip $(2))),x$(subst $() ,^,$(strip $(file <$(1))))),,\
	$(file >$(1),$(strip $(2))))
$(call stamp,$(O)/.flags,$(CC) $(CFLAGS) $(SAN) $(AFLAGS) $(LD) $(LDFLAGS) \
	small: $(small-objs) $(foreach v,$(filter CFLAGS_% NOSAN_%,$(.VARIABLES)),$(v)=$($(v))))
$(call stamp,$(O)/.objects,$(all-objs) | $(vdso-objs))

gen := $(O)/gen/version.h
ifneq ($(wildcard compat/syscalls.def),)
gen += $(O)/gen/syscalls.h $(O)/gen/syscall_table.h
$(O)/gen/syscalls.h $(O)/gen/syscall_table.h &: compat/syscalls.def scripts/syscalls.py
	$(call say,GEN,$(O)/gen/syscalls.h)
	$(Q)$(PY) scripts/syscalls.py --out $(O)/gen --docs docs/SYSCALLS.md $<
endif
$(O)/gen/version.h: VERSION scripts/version.sh
	$(Q)scripts/version.sh <VERSION >$@
ext-src := $(O)/ext/libfdt.stamp $(O)/ext/zlib.stamp $(O)/ext/lz4.stamp
# Gone with the cache folder: they are fetched again.
$(foreach l,libfdt zlib lz4,$(if $(wildcard $(CACHE)/src/$(l)),,$(shell rm -f $(O)/ext/$(l).stamp)))
$(ext-src): $(O)/ext/%.stamp: scripts/packages/% scripts/packages/lib.sh
	@mkdir -p $(@D)
	$(Q)scripts/packages/$* >/dev/null
	@touch $@

# --- compiling
obj-dirs := $(sort $(dir $(all-objs) $(vdso-objs)))
$(obj-dirs):
	@mkdir -p $@
$(small-objs): SIZE := -Os
$(all-objs) $(vdso-objs): $(O)/.flags | $(gen) $(ext-src) $(obj-dirs)

object = $(@:$(O)/%=%)
flags-for = $(SIZE) $(CFLAGS_$(object)) $(if $(NOSAN_$(object)),,$(SAN))
$(O)/%.o: %.c
	$(call say,CC,$<)
	$(Q)$(CCACHE) $(CC) $(CFLAGS) $(flags-for) -MMD -MP -c -o $@ $<
$(O)/%.o: %.S
	$(call say,AS,$<)
	$(Q)$(CCACHE) $(CC) $(AFLAGS) $(CFLAGS_$(object)) -MMD -MP -c -o $@ $<
EXT_CFLAGS := $(CODE) -Os -w -DZ_SOLO -isystem kernel/lib/ext/include -I. -Iarch/arm64/include -include $(O)/gen/config.h
define ext-rule
$(O)/ext/$(1)/%.o: $(O)/ext/$(1).stamp
	$$(call say,CC,$(1)/$$*.c)
	$$(Q)$$(CCACHE) $$(CC) $$(EXT_CFLAGS) -I$(CACHE)/src/$(1) -MMD -MP -c -o $$@ $(CACHE)/src/$(1)/$$*.c
endef
$(eval $(call ext-rule,libfdt))
$(eval $(call ext-rule,zlib))

# --- the vDSO: a shared object of its own, embedded by whichever .S says .incbin "gen/vdso.so" (and lists it in vdso-user-y)
ifneq ($(vdso-objs),)
VDSO_LDFLAGS := -shared -soname linux-vdso.so.1 --hash-style=both -Bsymbolic -z max-page-size=4096 -z noexecstack \
	--build-id=none --no-undefined
$(vdso-objs): CODE := $(filter-out -fno-pie,$(CODE)) -fPIC
$(vdso-objs): SAN :=
$(O)/gen/vdso.so: $(vdso-objs) $(vdso-lds) $(O)/.objects
	$(call say,VDSO,$@)
	$(Q)$(LD) $(VDSO_LDFLAGS) -T $(vdso-lds) -o $@ $(vdso-objs)
	$(Q)$(OBJCOPY) -S $@
$(addprefix $(O)/,$(vdso-user-y)): $(O)/gen/vdso.so
endif

# --- linking
LDS := $(O)/kernel.ld
$(LDS): arch/arm64/kernel.ld $(O)/.flags | $(gen)
	$(Q)$(CC) $(AFLAGS) -E -P -x assembler-with-cpp -MMD -MP -MT $@ -MF $@.d -o $@ $<
$(O)/vmlinux: $(all-objs) $(LDS) scripts/link.sh scripts/symtab.py scripts/relocs.py $(O)/.objects
	$(call say,LINK,$@)
	$(Q)CC="$(CC) $(AFLAGS)" LD="$(LD) $(LDFLAGS) -T $(LDS)" NM="$(NM)" scripts/link.sh $@ $(all-objs)
$(O)/Image: $(O)/vmlinux
	$(call say,IMAGE,$@)
	$(Q)$(OBJCOPY) -O binary -R .rela.dyn $< $@

-include $(patsubst %.o,%.d,$(all-objs) $(vdso-objs)) $(LDS).d
