build-kasan/arch/arm64/cpu.o: arch/arm64/cpu.c build-kasan/gen/config.h \
 arch/arm64/include/arch/cpu.h kernel/lib/compiler.h kernel/lib/types.h \
 arch/arm64/early.h arch/arm64/include/arch/pte.h \
 arch/arm64/include/arch/page.h arch/arm64/cpu_int.h \
 arch/arm64/include/arch/barrier.h arch/arm64/include/arch/mmu.h \
 arch/arm64/include/arch/atomic.h arch/arm64/include/arch/percpu.h
build-kasan/gen/config.h:
arch/arm64/include/arch/cpu.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
arch/arm64/early.h:
arch/arm64/include/arch/pte.h:
arch/arm64/include/arch/page.h:
arch/arm64/cpu_int.h:
arch/arm64/include/arch/barrier.h:
arch/arm64/include/arch/mmu.h:
arch/arm64/include/arch/atomic.h:
arch/arm64/include/arch/percpu.h:
