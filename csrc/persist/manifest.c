/* manifest.c: the list of a journal's files, read and written.
 *
 * SPDX-License-Identifier: MIT */
#include "persist/manifest.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/crc64.h"
#include "base/number.h"

enum { SEAL_SIZE = 34 /* bytes of the seal, its end of line included */ };

static const char seal_mark[] = "#TL:M ";

void manifest_init(struct manifest *m, struct memory *memory) { *m = (struct manifest){.memory = memory}; }

void manifest_free(struct manifest *m)
{
    memory_free(m->memory, m->files, m->capacity * sizeof *m->files);
    manifest_init(m, m->memory);
}

static bool reserve(struct manifest *m, size_t count)
{
    if (count <= m->capacity) return true;
    size_t capacity = m->capacity ? 2 * m->capacity : 4;
    if (capacity < count) capacity = count;
    struct manifest_file *files =
        memory_resize(m->memory, m->files, m->capacity * sizeof *files, capacity * sizeof *files);
    if (!files) return false;
    m->files = files;
    m->capacity = capacity;
    return true;
}

bool manifest_copy(struct manifest *to, const struct manifest *from)
{
    if (!reserve(to, from->count)) return false;
    if (from->count > 0) memcpy(to->files, from->files, from->count * sizeof *from->files);
    to->count = from->count;
    return true;
}

bool manifest_add(struct manifest *m, enum manifest_type type, int64_t seq, const char *name)
{
    if (!reserve(m, m->count + 1)) return false;
    struct manifest_file *file = &m->files[m->count++];
    *file = (struct manifest_file){.seq = seq, .type = type};
    text_copy(file->name, sizeof file->name, name);
    return true;
}

void manifest_retire(struct manifest *m)
{
    for (size_t i = 0; i < m->count; i++) m->files[i].type = MANIFEST_HISTORY;
}

void manifest_forget(struct manifest *m)
{
    size_t kept = 0;
    for (size_t i = 0; i < m->count; i++)
        if (m->files[i].type != MANIFEST_HISTORY) m->files[kept++] = m->files[i];
    m->count = kept;
}

const struct manifest_file *manifest_base(const struct manifest *m)
{
    for (size_t i = 0; i < m->count; i++)
        if (m->files[i].type == MANIFEST_BASE) return &m->files[i];
    return NULL;
}

const struct manifest_file *manifest_last(const struct manifest *m)
{
    const struct manifest_file *last = NULL;
    for (size_t i = 0; i < m->count; i++)
        if (m->files[i].type == MANIFEST_INCR) last = &m->files[i];
    return last;
}

size_t manifest_increments(const struct manifest *m)
{
    size_t count = 0;
    for (size_t i = 0; i < m->count; i++) count += m->files[i].type == MANIFEST_INCR;
    return count;
}

int64_t manifest_highest(const struct manifest *m)
{
    int64_t highest = 0;
    for (size_t i = 0; i < m->count; i++)
        if (m->files[i].seq > highest) highest = m->files[i].seq;
    return highest;
}

/* ---- written ---------------------------------------------------------------------------------------------------- */

static bool is_plain(const char *name)
{
    for (const char *c = name; *c != '\0'; c++)
        if (*c <= ' ' || *c > '~' || *c == '"' || *c == '\\' || *c == '\'') return false;
    return name[0] != '\0';
}

static void put_name(struct bytes *out, const char *name)
{
    if (is_plain(name)) {
        bytes_append_text(out, name);
        return;
    }
    bytes_append_char(out, '"');
    for (const char *c = name; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\')
            bytes_append_format(out, "\\%c", *c);
        else if (*c >= ' ' && *c <= '~')
            bytes_append_char(out, *c);
        else
            bytes_append_format(out, "\\x%02x", (unsigned)(unsigned char)*c);
    }
    bytes_append_char(out, '"');
}

static void put_files(const struct manifest *m, enum manifest_type type, struct bytes *out)
{
    for (size_t i = 0; i < m->count; i++) {
        const struct manifest_file *file = &m->files[i];
        if (file->type != type) continue;
        bytes_append_text(out, "file ");
        put_name(out, file->name);
        bytes_append_format(out, " seq %" PRId64 " type %c\n", file->seq, (char)file->type);
    }
}

/* The line that goes before this text. */
static void make_seal(char seal[SEAL_SIZE + 1], struct slice text)
{
    snprintf(seal, SEAL_SIZE + 1, "%s%010" PRIu32 " %016" PRIx64 "\n", seal_mark, (uint32_t)text.size,
             crc64(0, text.data, text.size));
}

bool manifest_write(const struct manifest *m, struct bytes *out)
{
    char seal[SEAL_SIZE + 1];
    size_t start = out->size;
    make_seal(seal, slice_of("", 0)); /* its place */
    bytes_append(out, seal, SEAL_SIZE);
    put_files(m, MANIFEST_BASE, out);
    put_files(m, MANIFEST_HISTORY, out);
    put_files(m, MANIFEST_INCR, out);
    if (out->failed) return false;
    char *place = out->data + start;
    make_seal(seal, slice_of(place + SEAL_SIZE, out->size - start - SEAL_SIZE));
    memcpy(place, seal, SEAL_SIZE);
    return true;
}

/* ---- read ------------------------------------------------------------------------------------------------------- */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/* A quoted word from behind its quote on, into `word` (room for MANIFEST_LINE_MAX). False: it has no end. */
static bool unquote(struct slice *line, char *word, size_t *size)
{
    for (size_t i = 0; i < line->size; i++) {
        char c = line->data[i];
        size_t left = line->size - i;
        if (c == '"') {
            *line = slice_of(line->data + i + 1, left - 1);
            return line->size == 0 || line->data[0] == ' ';
        }
        if (c == '\\' && left > 3 && line->data[i + 1] == 'x' && hex_digit(line->data[i + 2]) >= 0 &&
            hex_digit(line->data[i + 3]) >= 0) {
            c = (char)(hex_digit(line->data[i + 2]) << 4 | hex_digit(line->data[i + 3]));
            i += 3;
        } else if (c == '\\' && left > 1) {
            c = line->data[++i];
        }
        word[(*size)++] = c;
    }
    return false;
}

/* The next word of a line, 0: there is none, -1: a quote is not closed. */
static int next_word(struct slice *line, char *word, size_t *size)
{
    *size = 0;
    while (line->size > 0 && line->data[0] == ' ') *line = slice_of(line->data + 1, line->size - 1);
    if (line->size == 0) return 0;
    if (line->data[0] == '"') {
        *line = slice_of(line->data + 1, line->size - 1);
        return unquote(line, word, size) ? 1 : -1;
    }
    while (*size < line->size && line->data[*size] != ' ') {
        word[*size] = line->data[*size];
        ++*size;
    }
    *line = slice_of(line->data + *size, line->size - *size);
    return 1;
}

/* A name is one of a file in the journal's directory. */
static bool set_name(struct manifest_file *file, struct slice value)
{
    if (value.size == 0 || value.size > MANIFEST_NAME_MAX || value.data[0] == '.') return false;
    for (size_t i = 0; i < value.size; i++)
        if (value.data[i] == '/' || (unsigned char)value.data[i] < ' ' || value.data[i] == 0x7f) return false;
    memcpy(file->name, value.data, value.size);
    file->name[value.size] = '\0';
    return true;
}

static bool set_field(struct manifest_file *file, struct slice name, struct slice value)
{
    if (slice_is_word(name, "file")) return set_name(file, value);
    if (slice_is_word(name, "seq")) return number_parse_int(value, &file->seq) && file->seq > 0;
    if (!slice_is_word(name, "type")) return true; /* what later versions may say */
    if (value.size != 1) return false;
    file->type = (enum manifest_type)value.data[0];
    return true;
}

static bool parse_line(struct slice line, struct manifest_file *file)
{
    char name[MANIFEST_LINE_MAX], value[MANIFEST_LINE_MAX];
    size_t name_size, value_size;
    int more;
    *file = (struct manifest_file){0};
    while ((more = next_word(&line, name, &name_size)) > 0) {
        if (next_word(&line, value, &value_size) <= 0) return false;
        if (!set_field(file, slice_of(name, name_size), slice_of(value, value_size))) return false;
    }
    return more == 0 && file->name[0] != '\0' && file->seq > 0 && file->type != 0;
}

static const char *accept(struct manifest *m, const struct manifest_file *file)
{
    if (!memchr("bih", (char)file->type, 3)) return "Unknown AOF file type";
    const struct manifest_file *last = manifest_last(m);
    if (file->type == MANIFEST_BASE && manifest_base(m)) return "Found duplicate base file information";
    if (file->type == MANIFEST_INCR && last && file->seq <= last->seq)
        return "Found a non-monotonic sequence number";
    return manifest_add(m, file->type, file->seq, file->name) ? NULL : "out of memory";
}

/* Whether the text has a seal that is not its own. */
static bool seal_broken(struct slice text)
{
    char seal[SEAL_SIZE + 1];
    if (text.size < sizeof seal_mark - 1 || memcmp(text.data, seal_mark, sizeof seal_mark - 1) != 0)
        return false;
    if (text.size < SEAL_SIZE) return true;
    make_seal(seal, slice_of(text.data + SEAL_SIZE, text.size - SEAL_SIZE));
    return memcmp(text.data, seal, SEAL_SIZE) != 0;
}

const char *manifest_parse(struct manifest *m, struct slice text, int *line)
{
    struct manifest_file file;
    const char *wrong = NULL;
    *line = 1;
    if (seal_broken(text))
        return "what follows is not what was written with this line (changed by hand? take it out)";
    *line = 0;
    while (text.size > 0 && !wrong) {
        const char *end = memchr(text.data, '\n', text.size);
        size_t size = end ? (size_t)(end - text.data) : text.size;
        struct slice content = slice_of(text.data, size);
        ++*line;
        if (!end) return "the last line has no end";
        text = slice_of(text.data + size + 1, text.size - size - 1);
        if (size >= MANIFEST_LINE_MAX) return "The AOF manifest file contains too long line";
        if (size > 0 && content.data[size - 1] == '\r') content.size--;
        if (content.size > 0 && content.data[0] == '#') continue;
        wrong = parse_line(content, &file)
                    ? accept(m, &file)
                    : "Invalid AOF manifest file format: this is no 'file … seq … type …'";
    }
    if (!wrong && m->count == 0) wrong = "Found an empty AOF manifest";
    return wrong;
}
