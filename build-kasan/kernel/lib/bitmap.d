build-kasan/kernel/lib/bitmap.o: kernel/lib/bitmap.c \
 build-kasan/gen/config.h kernel/lib/bitmap.h kernel/lib/compiler.h \
 kernel/lib/types.h
build-kasan/gen/config.h:
kernel/lib/bitmap.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
