/* reply.c: what is the same about errors whoever listens: texts made from a format, counting. */
#include "command/reply.h"

#include <stdarg.h>
#include <stdio.h>

enum { ERROR_TEXT_MAX = 512 };

/* A text without a code of its own counts as ERR, as in Redis. */
void reply_note_error(struct reply *r, struct slice text)
{
    size_t size = 0;
    r->errors++;
    while (size < text.size && size <= REPLY_CODE_MAX && text.data[size] != ' ') size++;
    struct slice code =
        size < text.size && size <= REPLY_CODE_MAX ? slice_of(text.data, size) : slice_text("ERR");
    memcpy(r->error_code, code.data, code.size);
    r->error_code[code.size] = '\0';
}

void reply_error_format(struct reply *r, const char *format, ...)
{
    char text[ERROR_TEXT_MAX];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (size < 0) size = 0;
    if (size >= ERROR_TEXT_MAX) size = ERROR_TEXT_MAX - 1;
    /* an error is one line on the wire, whatever a client put into its arguments */
    for (int i = 0; i < size; i++)
        if (text[i] == '\r' || text[i] == '\n') text[i] = ' ';
    reply_error_slice(r, slice_of(text, (size_t)size));
}
