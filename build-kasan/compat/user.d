build-kasan/compat/user.o: compat/user.c build-kasan/gen/config.h \
 compat/user.h arch/arm64/include/arch/uaccess.h kernel/lib/compiler.h \
 kernel/lib/types.h kernel/uapi.h mm/slab.h mm/page.h \
 arch/arm64/include/arch/mmu.h arch/arm64/include/arch/atomic.h \
 arch/arm64/include/arch/page.h arch/arm64/include/arch/pte.h \
 kernel/lib/list.h kernel/lib/string.h
build-kasan/gen/config.h:
compat/user.h:
arch/arm64/include/arch/uaccess.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
kernel/uapi.h:
mm/slab.h:
mm/page.h:
arch/arm64/include/arch/mmu.h:
arch/arm64/include/arch/atomic.h:
arch/arm64/include/arch/page.h:
arch/arm64/include/arch/pte.h:
kernel/lib/list.h:
kernel/lib/string.h:
