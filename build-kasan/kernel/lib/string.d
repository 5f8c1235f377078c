build-kasan/kernel/lib/string.o: kernel/lib/string.c \
 build-kasan/gen/config.h kernel/lib/string.h kernel/lib/compiler.h \
 kernel/lib/types.h kernel/uapi.h
build-kasan/gen/config.h:
kernel/lib/string.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
kernel/uapi.h:
