build-kasan/mm/iter.o: mm/iter.c build-kasan/gen/config.h mm/iter.h \
 kernel/lib/compiler.h kernel/lib/types.h kernel/uapi.h \
 arch/arm64/include/arch/page.h arch/arm64/include/arch/thread.h \
 arch/arm64/include/arch/atomic.h arch/arm64/include/arch/uaccess.h \
 kernel/lib/string.h
build-kasan/gen/config.h:
mm/iter.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
kernel/uapi.h:
arch/arm64/include/arch/page.h:
arch/arm64/include/arch/thread.h:
arch/arm64/include/arch/atomic.h:
arch/arm64/include/arch/uaccess.h:
kernel/lib/string.h:
