/* fuzz_backup.c: backups from anyone, and RDB data from anyone made into one.
 *
 * The first byte of the input says what the rest is: a file to read, or data that become one. The reader asks for bytes
 * of the file and none beyond, comes to an end, and takes no more memory than the file has bytes. What the writer has
 * made is good, and is not when one byte of it is another.
 *
 * SPDX-License-Identifier: MIT */
#include "backup_fixture.h"
#include "pieces.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { WRITE = 1, FRAMED = 2, PLAIN = 4 };

static void read_file(struct memory *m, struct slice file)
{
    struct backup_info info;
    char problem[160];
    enum backup_verdict verdict = backup_fixture_read(m, file, &info, problem);
    MUST(verdict != BACKUP_MORE && verdict != BACKUP_NO_MEMORY);
    MUST((verdict == BACKUP_DAMAGED) == (problem[0] != '\0'));
    MUST(m->peak <= 4096 + 2 * file.size);
}

/* `draw`: which byte changes, and to what. */
static void damage(struct memory *m, struct bytes *file, uint64_t draw)
{
    struct backup_info info;
    char problem[160];
    MUST(backup_fixture_read(m, bytes_slice(file), &info, problem) == BACKUP_GOOD);
    file->data[draw % file->size] ^= (char)(1 + (draw >> 32) % 255);
    MUST(backup_fixture_read(m, bytes_slice(file), &info, problem) == BACKUP_DAMAGED);
}

static void write_file(struct memory *m, uint8_t how, const uint8_t *data, size_t size)
{
    struct bytes rdb, file;
    bytes_init(&rdb, m);
    bytes_init(&file, m);
    if (how & FRAMED) bytes_append_text(&rdb, "REDIS0010");
    bytes_append(&rdb, data, size);
    if (how & FRAMED) bytes_append(&rdb, "\xff\0\0\0\0\0\0\0\0", 9);
    struct pieces p = {how};
    const char *wrong = backup_fixture_make(m, how & PLAIN, bytes_slice(&rdb), pieces_next(&p), &file);
    MUST(!wrong || !(how & FRAMED));
    if (!wrong && !(how & PLAIN)) {
        uint64_t draw = how;
        for (size_t i = 0; i < size; i++) draw = draw * 0x9E3779B97F4A7C15u + data[i];
        damage(m, &file, draw ^ draw >> 29);
    }
    bytes_free(&rdb);
    bytes_free(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1) return 0;
    struct memory m;
    memory_init(&m);
    if (data[0] & WRITE)
        write_file(&m, data[0], data + 1, size - 1);
    else
        read_file(&m, slice_of((const char *)data + 1, size - 1));
    MUST(m.used == 0);
    return 0;
}
