/* reply.c: the one part of answering that is the same whoever listens: error texts made from a format. */
#include "command/reply.h"

#include <stdarg.h>
#include <stdio.h>

enum { ERROR_TEXT_MAX = 512 };

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
