build-kasan/kernel/lib/rbtree.o: kernel/lib/rbtree.c \
 build-kasan/gen/config.h kernel/lib/rbtree.h kernel/lib/compiler.h \
 kernel/lib/types.h
build-kasan/gen/config.h:
kernel/lib/rbtree.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
