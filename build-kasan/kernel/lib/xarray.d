build-kasan/kernel/lib/xarray.o: kernel/lib/xarray.c \
 build-kasan/gen/config.h kernel/lib/xarray.h kernel/lib/compiler.h \
 kernel/lib/types.h
build-kasan/gen/config.h:
kernel/lib/xarray.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
