build-kasan/ext/zlib/adler32.o: /root/.cache/ashlar/src/zlib/adler32.c \
 build-kasan/gen/config.h /root/.cache/ashlar/src/zlib/zutil.h \
 /root/.cache/ashlar/src/zlib/zlib.h /root/.cache/ashlar/src/zlib/zconf.h
build-kasan/gen/config.h:
/root/.cache/ashlar/src/zlib/zutil.h:
/root/.cache/ashlar/src/zlib/zlib.h:
/root/.cache/ashlar/src/zlib/zconf.h:
