build-kasan/kernel/lib/cpio.o: kernel/lib/cpio.c build-kasan/gen/config.h \
 kernel/lib/cpio.h kernel/lib/compiler.h kernel/lib/types.h \
 kernel/lib/string.h
build-kasan/gen/config.h:
kernel/lib/cpio.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
kernel/lib/string.h:
