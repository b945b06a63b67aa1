/* journal_format.c: the journal's own lines, written and read.
 *
 * SPDX-License-Identifier: MIT */
#include "persist/journal_format.h"

#include <inttypes.h>

#include "base/number.h"
#include "resp/writer.h"

static const char ORIGIN[] = "#TL:O ", FRAME[] = "#TL:F ", TIME[] = "#TS:", OURS[] = "#TL:";

/* ---- written ---------------------------------------------------------------------------------------------------- */

bool journal_put_origin(struct bytes *out, const struct journal_origin *o)
{
    return bytes_append_format(out, "%s%s %" PRId64 " %d\r\n", ORIGIN, o->replid, o->offset, o->db);
}

bool journal_put_select(struct bytes *out, int db)
{
    char text[NUMBER_INT_MAX];
    struct slice words[] = {slice_text("SELECT"), slice_of(text, number_format_int(text, db))};
    return resp_write_request(out, 2, words);
}

bool journal_put_time(struct bytes *out, int64_t unix_s)
{
    return bytes_append_format(out, "%s%" PRId64 "\r\n", TIME, unix_s);
}

size_t journal_begin_frame(char *line, const struct journal_frame *f)
{
    const int64_t numbers[] = {f->size, f->offset, f->synced};
    size_t size = sizeof FRAME - 1;
    memcpy(line, FRAME, size);
    for (int i = 0; i < 3; i++) {
        size += number_format_int(line + size, numbers[i]);
        line[size++] = ' ';
    }
    return size;
}

size_t journal_end_frame(char *line, size_t size, uint64_t crc)
{
    for (int shift = 60; shift >= 0; shift -= 4) line[size++] = "0123456789abcdef"[crc >> shift & 15];
    line[size++] = '\r';
    line[size++] = '\n';
    return size;
}

/* ---- read ------------------------------------------------------------------------------------------------------- */

static bool begins(struct slice line, const char *text)
{
    size_t size = strlen(text);
    return line.size >= size && memcmp(line.data, text, size) == 0;
}

/* Takes the next word off the front. */
static struct slice next_word(struct slice *text)
{
    const char *space = text->size > 0 ? memchr(text->data, ' ', text->size) : NULL;
    size_t size = space ? (size_t)(space - text->data) : text->size;
    struct slice word = slice_of(text->data, size);
    size_t skip = space ? size + 1 : size;
    *text = slice_of(text->data + skip, text->size - skip);
    return word;
}

static bool parse_origin(struct slice rest, struct journal_origin *o)
{
    struct slice replid = next_word(&rest), offset = next_word(&rest), db = next_word(&rest);
    int64_t number;
    if (replid.size != JOURNAL_REPLID_SIZE || rest.size > 0) return false;
    for (size_t i = 0; i < replid.size; i++)
        if (replid.data[i] < '!' || replid.data[i] > '~') return false;
    memcpy(o->replid, replid.data, replid.size);
    o->replid[replid.size] = '\0';
    if (!number_parse_int(db, &number) || number < 0 || number > INT32_MAX) return false;
    o->db = (int)number;
    return number_parse_int(offset, &o->offset) && o->offset >= 0;
}

static bool parse_hex(struct slice word, uint64_t *value)
{
    *value = 0;
    for (size_t i = 0; i < word.size; i++) {
        char c = word.data[i];
        int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
        if (digit < 0) return false;
        *value = *value << 4 | (unsigned)digit;
    }
    return word.size == 16;
}

static bool parse_frame(struct slice line, struct journal_frame *f)
{
    struct slice rest = slice_of(line.data + sizeof FRAME - 1, line.size - (sizeof FRAME - 1));
    struct slice size = next_word(&rest), offset = next_word(&rest), synced = next_word(&rest),
                 crc = next_word(&rest);
    f->covered = line.size - crc.size;
    return rest.size == 0 && number_parse_int(size, &f->size) && f->size > 0 &&
           number_parse_int(offset, &f->offset) && f->offset >= 0 && number_parse_int(synced, &f->synced) &&
           f->synced >= -1 && parse_hex(crc, &f->crc);
}

/* A frame's line but for its mark. Taken for anybody's comment, what it covers would be somebody else's requests. */
static bool like_frame(struct slice line, struct journal_frame *f)
{
    return line.size > sizeof FRAME - 1 && parse_frame(line, f);
}

enum journal_line journal_parse_line(struct slice line, struct journal_origin *origin,
                                     struct journal_frame *frame, int64_t *time_s)
{
    if (line.size > 0 && memchr(line.data, '\0', line.size)) return JOURNAL_LINE_BAD;
    if (begins(line, TIME)) {
        struct slice number = slice_of(line.data + sizeof TIME - 1, line.size - (sizeof TIME - 1));
        return number_parse_int(number, time_s) ? JOURNAL_LINE_TIME : JOURNAL_LINE_OTHER;
    }
    if (!begins(line, OURS)) return like_frame(line, frame) ? JOURNAL_LINE_BAD : JOURNAL_LINE_OTHER;
    if (begins(line, ORIGIN) &&
        parse_origin(slice_of(line.data + sizeof ORIGIN - 1, line.size - (sizeof ORIGIN - 1)), origin))
        return JOURNAL_LINE_ORIGIN;
    return begins(line, FRAME) && parse_frame(line, frame) ? JOURNAL_LINE_FRAME : JOURNAL_LINE_BAD;
}
