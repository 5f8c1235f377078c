build-kasan/kernel/lib/fmt.o: kernel/lib/fmt.c build-kasan/gen/config.h \
 kernel/lib/fmt.h kernel/lib/compiler.h kernel/lib/types.h \
 kernel/lib/string.h kernel/uapi.h
build-kasan/gen/config.h:
kernel/lib/fmt.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
kernel/lib/string.h:
kernel/uapi.h:
