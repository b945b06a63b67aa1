/* diary.c: a line more. See diary.h for what becomes of it. */
#include "node/diary.h"

#include <stdarg.h>
#include <stdio.h>

#include "node/internal.h"

enum { LINE_MAX_SIZE = 1024, DIARY_MAX = 64 * 1024 };

void diary_say(struct node *n, enum diary_level level, const char *format, ...)
{
    struct bytes *d = n->diary;
    if (!d || (int)level < n->config.loglevel) return;
    char text[LINE_MAX_SIZE];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (size < 0) return;
    for (char *c = text; *c != '\0'; c++)
        if ((unsigned char)*c < ' ') *c = '.';
    if (d->size > DIARY_MAX) return;
    bytes_append_format(d, "%lld %c %d %s\n", (long long)(n->now.wall_us / 1000), n->follow ? 'S' : 'M',
                        (int)level, text);
}
