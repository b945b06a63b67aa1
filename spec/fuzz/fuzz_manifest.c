/* fuzz_manifest.c: the lists of a journal's files, from anyone.
 *
 * The first byte says whether memory is short. What can be read names files of the journal's own directory, has one base
 * at most and increments in the order of their numbers, and is the same when it is written and read again.
 *
 * SPDX-License-Identifier: MIT */
#include "persist/manifest.h"
#include "pieces.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_file(const struct manifest_file *f)
{
    size_t size = strnlen(f->name, sizeof f->name);
    MUST(size > 0 && size <= MANIFEST_NAME_MAX);
    MUST(f->name[0] != '.' && !strchr(f->name, '/'));
    for (size_t i = 0; i < size; i++) MUST((unsigned char)f->name[i] >= ' ' && f->name[i] != 0x7f);
    MUST(f->seq > 0);
    MUST(f->type == MANIFEST_BASE || f->type == MANIFEST_INCR || f->type == MANIFEST_HISTORY);
}

static void check(const struct manifest *m)
{
    size_t bases = 0, increments = 0;
    int64_t last = 0;
    MUST(m->count > 0);
    for (size_t i = 0; i < m->count; i++) {
        const struct manifest_file *f = &m->files[i];
        check_file(f);
        bases += f->type == MANIFEST_BASE;
        if (f->type != MANIFEST_INCR) continue;
        MUST(f->seq > last);
        last = f->seq;
        increments++;
    }
    MUST(bases == (manifest_base(m) ? 1 : 0));
    MUST(increments == manifest_increments(m));
    MUST(increments == 0 || manifest_last(m)->seq == last);
}

/* The files of one type, in their order. */
static bool same_of_type(const struct manifest *a, const struct manifest *b, enum manifest_type type)
{
    size_t i = 0, k = 0;
    for (;;) {
        while (i < a->count && a->files[i].type != type) i++;
        while (k < b->count && b->files[k].type != type) k++;
        if (i == a->count || k == b->count) return i == a->count && k == b->count;
        if (a->files[i].seq != b->files[k].seq || strcmp(a->files[i].name, b->files[k].name) != 0)
            return false;
        i++;
        k++;
    }
}

static void write_and_read_again(const struct manifest *m)
{
    struct manifest again;
    struct bytes text;
    int line;
    manifest_init(&again, m->memory);
    bytes_init(&text, m->memory);
    MUST(manifest_write(m, &text));
    MUST(manifest_parse(&again, bytes_slice(&text), &line) == NULL);
    MUST(again.count == m->count);
    MUST(same_of_type(m, &again, MANIFEST_BASE));
    MUST(same_of_type(m, &again, MANIFEST_HISTORY));
    MUST(same_of_type(m, &again, MANIFEST_INCR));
    manifest_free(&again);
    bytes_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct memory memory;
    struct manifest m;
    int line;
    if (size < 1) return 0;
    bool is_short = data[0] & 1;
    char *text = pieces_copy(data + 1, size - 1);
    memory_init(&memory);
    manifest_init(&m, &memory);
    if (is_short) memory.limit = 8 * (size_t)data[0];
    const char *wrong = manifest_parse(&m, slice_of(text, size - 1), &line);
    memory.limit = 0;
    MUST(line >= 0 && (size_t)line <= size);
    MUST(wrong ? wrong[0] != '\0' : line > 0);
    if (!wrong) {
        check(&m);
        write_and_read_again(&m);
    }
    manifest_free(&m);
    MUST(memory.used == 0);
    free(text);
    return 0;
}
