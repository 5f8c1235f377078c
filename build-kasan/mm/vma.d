build-kasan/mm/vma.o: mm/vma.c build-kasan/gen/config.h mm/vma.h \
 kernel/lib/compiler.h kernel/lib/types.h kernel/lib/list.h \
 kernel/lib/rbtree.h kernel/uapi.h
build-kasan/gen/config.h:
mm/vma.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
kernel/lib/list.h:
kernel/lib/rbtree.h:
kernel/uapi.h:
