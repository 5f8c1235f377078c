build-kasan/arch/arm64/bootmap.o: arch/arm64/bootmap.c \
 build-kasan/gen/config.h arch/arm64/early.h \
 arch/arm64/include/arch/pte.h arch/arm64/include/arch/page.h \
 kernel/lib/compiler.h kernel/lib/types.h \
 arch/arm64/include/arch/barrier.h arch/arm64/include/arch/cpu.h \
 arch/arm64/include/arch/mmu.h arch/arm64/include/arch/atomic.h \
 kernel/lib/string.h
build-kasan/gen/config.h:
arch/arm64/early.h:
arch/arm64/include/arch/pte.h:
arch/arm64/include/arch/page.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
arch/arm64/include/arch/barrier.h:
arch/arm64/include/arch/cpu.h:
arch/arm64/include/arch/mmu.h:
arch/arm64/include/arch/atomic.h:
kernel/lib/string.h:
