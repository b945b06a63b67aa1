/* fuzz_rdb_read.c: RDB files from anyone.
 *
 * The first byte of the input says how the rest becomes a file: as it is, or as what stands between a header and an
 * end with the right checksum, which is where the depths are; and whether memory is short. However it is cut, it must
 * come to the same dataset or the same error. A dataset that was read must be sound, and be the same when
 * written and read again. Memory stays within what LZF can unpack the bytes to.
 *
 * SPDX-License-Identifier: MIT */
#include "base/lzf.h"
#include "pieces.h"
#include "rdb_fixture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FRAMED = 1, SHORT_OF_MEMORY = 2 };

struct outcome {
    int result;
    int64_t offset;
    struct digest digest;
    char error[200];
};

static void make_file(struct bytes *file, bool framed, const uint8_t *data, size_t size)
{
    if (framed) bytes_append_text(file, "REDIS0010");
    bytes_append(file, data, size);
    if (!framed) return;
    bytes_append_char(file, '\xff');
    uint64_t crc = crc64(0, file->data, file->size);
    bytes_append(file, &crc, sizeof crc);
}

/* Feeds the file, in one piece if `p` is NULL. */
static struct keyspace *read_file(struct memory *m, struct slice file, struct pieces *p, struct outcome *o)
{
    struct keyspace *ks = rdb_fixture_keyspace(m);
    struct rdb_reader *r = ks ? rdb_fixture_reader(m, ks) : NULL;
    size_t at = 0;
    *o = (struct outcome){.result = r ? 1 : -1};
    while (r && at < file.size && o->result == 1) {
        size_t step = p ? pieces_next(p) : file.size, used;
        if (step > file.size - at) step = file.size - at;
        char *copy = pieces_copy(file.data + at, step);
        o->result = rdb_reader_feed(r, copy, step, &used);
        free(copy);
        MUST(o->result == 1 ? used == step : used <= step);
        at += used;
    }
    if (r) {
        o->offset = rdb_reader_offset(r);
        snprintf(o->error, sizeof o->error, "%s", rdb_reader_error(r));
        MUST((o->result < 0) == (o->error[0] != '\0'));
    }
    rdb_reader_free(r);
    const char *wrong;
    if (ks) MUST(keyspace_check(ks, &wrong));
    if (ks) o->digest = keyspace_digest(ks);
    return ks;
}

static void write_and_read_again(struct memory *m, struct keyspace *ks, struct digest want)
{
    struct bytes file;
    struct outcome o;
    bytes_init(&file, m);
    MUST(rdb_fixture_write(m, ks, 100, &file));
    struct keyspace *again = read_file(m, bytes_slice(&file), NULL, &o);
    MUST(o.result == 0);
    MUST(digest_same(o.digest, want));
    keyspace_free(again);
    bytes_free(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1) return 0;
    struct memory m, m2;
    struct bytes file;
    struct outcome once, cut;
    struct pieces p = {data[0]};
    memory_init(&m);
    memory_init(&m2);
    bytes_init(&file, &m2);
    make_file(&file, data[0] & FRAMED, data + 1, size - 1);
    if (data[0] & SHORT_OF_MEMORY) m.limit = 2000 + 50 * (size_t)data[0];
    struct keyspace *ks = read_file(&m, bytes_slice(&file), NULL, &once);
    MUST(m.peak <= 16 * 1024 + 4 * LZF_RATIO_MAX * size);
    m.limit = 0;
    if (once.result == 0) write_and_read_again(&m, ks, once.digest);
    if (ks) keyspace_free(ks);
    MUST(m.used == 0);
    if (!(data[0] & SHORT_OF_MEMORY)) {
        keyspace_free(read_file(&m, bytes_slice(&file), &p, &cut));
        MUST(once.result == cut.result);
        MUST(strcmp(once.error, cut.error) == 0);
        MUST(once.result != 0 || once.offset == cut.offset);
        MUST(once.result < 0 || digest_same(once.digest, cut.digest));
    }
    bytes_free(&file);
    MUST(m.used == 0 && m2.used == 0);
    return 0;
}
