build-kasan/ext/zlib/inffast.o: /root/.cache/ashlar/src/zlib/inffast.c \
 build-kasan/gen/config.h /root/.cache/ashlar/src/zlib/zutil.h \
 /root/.cache/ashlar/src/zlib/zlib.h /root/.cache/ashlar/src/zlib/zconf.h \
 /root/.cache/ashlar/src/zlib/inftrees.h \
 /root/.cache/ashlar/src/zlib/inflate.h \
 /root/.cache/ashlar/src/zlib/inffast.h
build-kasan/gen/config.h:
/root/.cache/ashlar/src/zlib/zutil.h:
/root/.cache/ashlar/src/zlib/zlib.h:
/root/.cache/ashlar/src/zlib/zconf.h:
/root/.cache/ashlar/src/zlib/inftrees.h:
/root/.cache/ashlar/src/zlib/inflate.h:
/root/.cache/ashlar/src/zlib/inffast.h:
