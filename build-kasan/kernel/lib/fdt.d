build-kasan/kernel/lib/fdt.o: kernel/lib/fdt.c build-kasan/gen/config.h \
 kernel/lib/fdt.h kernel/lib/compiler.h kernel/lib/types.h \
 kernel/lib/string.h kernel/uapi.h
build-kasan/gen/config.h:
kernel/lib/fdt.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
kernel/lib/string.h:
kernel/uapi.h:
