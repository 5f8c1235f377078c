build-kasan/mm/buddy.o: mm/buddy.c build-kasan/gen/config.h mm/buddy.h \
 mm/page.h arch/arm64/include/arch/mmu.h arch/arm64/include/arch/atomic.h \
 kernel/lib/compiler.h kernel/lib/types.h arch/arm64/include/arch/page.h \
 arch/arm64/include/arch/pte.h kernel/lib/list.h
build-kasan/gen/config.h:
mm/buddy.h:
mm/page.h:
arch/arm64/include/arch/mmu.h:
arch/arm64/include/arch/atomic.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
arch/arm64/include/arch/page.h:
arch/arm64/include/arch/pte.h:
kernel/lib/list.h:
