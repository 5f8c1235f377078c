build-kasan/compat/timers.o: compat/timers.c build-kasan/gen/config.h \
 compat/abi/time.h kernel/lib/compiler.h kernel/lib/types.h \
 compat/syscalls.h compat/user.h arch/arm64/include/arch/uaccess.h \
 kernel/uapi.h mm/slab.h mm/page.h arch/arm64/include/arch/mmu.h \
 arch/arm64/include/arch/atomic.h arch/arm64/include/arch/page.h \
 arch/arm64/include/arch/pte.h kernel/lib/list.h \
 build-kasan/gen/syscalls.h kernel/ptimer.h
build-kasan/gen/config.h:
compat/abi/time.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
compat/syscalls.h:
compat/user.h:
arch/arm64/include/arch/uaccess.h:
kernel/uapi.h:
mm/slab.h:
mm/page.h:
arch/arm64/include/arch/mmu.h:
arch/arm64/include/arch/atomic.h:
arch/arm64/include/arch/page.h:
arch/arm64/include/arch/pte.h:
kernel/lib/list.h:
build-kasan/gen/syscalls.h:
kernel/ptimer.h:
