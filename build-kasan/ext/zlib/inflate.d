build-kasan/ext/zlib/inflate.o: /root/.cache/ashlar/src/zlib/inflate.c \
 build-kasan/gen/config.h /root/.cache/ashlar/src/zlib/zutil.h \
 /root/.cache/ashlar/src/zlib/zlib.h /root/.cache/ashlar/src/zlib/zconf.h \
 /root/.cache/ashlar/src/zlib/inftrees.h \
 /root/.cache/ashlar/src/zlib/inflate.h \
 /root/.cache/ashlar/src/zlib/inffast.h \
 /root/.cache/ashlar/src/zlib/inffixed.h
build-kasan/gen/config.h:
/root/.cache/ashlar/src/zlib/zutil.h:
/root/.cache/ashlar/src/zlib/zlib.h:
/root/.cache/ashlar/src/zlib/zconf.h:
/root/.cache/ashlar/src/zlib/inftrees.h:
/root/.cache/ashlar/src/zlib/inflate.h:
/root/.cache/ashlar/src/zlib/inffast.h:
/root/.cache/ashlar/src/zlib/inffixed.h:
