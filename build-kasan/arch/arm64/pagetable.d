build-kasan/arch/arm64/pagetable.o: arch/arm64/pagetable.c \
 build-kasan/gen/config.h arch/arm64/include/arch/mmu.h \
 arch/arm64/include/arch/atomic.h kernel/lib/compiler.h \
 kernel/lib/types.h arch/arm64/include/arch/page.h \
 arch/arm64/include/arch/pte.h arch/arm64/asid.h \
 arch/arm64/include/arch/percpu.h arch/arm64/cpu_int.h arch/arm64/early.h \
 arch/arm64/include/arch/barrier.h arch/arm64/include/arch/cpu.h \
 arch/arm64/include/arch/irqflags.h kernel/spinlock.h \
 arch/arm64/include/arch/thread.h kernel/lockrank.h kernel/uapi.h \
 mm/page.h kernel/lib/list.h
build-kasan/gen/config.h:
arch/arm64/include/arch/mmu.h:
arch/arm64/include/arch/atomic.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
arch/arm64/include/arch/page.h:
arch/arm64/include/arch/pte.h:
arch/arm64/asid.h:
arch/arm64/include/arch/percpu.h:
arch/arm64/cpu_int.h:
arch/arm64/early.h:
arch/arm64/include/arch/barrier.h:
arch/arm64/include/arch/cpu.h:
arch/arm64/include/arch/irqflags.h:
kernel/spinlock.h:
arch/arm64/include/arch/thread.h:
kernel/lockrank.h:
kernel/uapi.h:
mm/page.h:
kernel/lib/list.h:
