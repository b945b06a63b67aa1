/* rdb_fixture.h: for the specs and the fuzzer of RDB files: datasets, files made of them, and reading those back.
 *
 * SPDX-License-Identifier: MIT */
#ifndef RDB_FIXTURE_H
#define RDB_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>

#include "base/crc64.h"
#include "base/random.h"
#include "persist/rdb_read.h"
#include "persist/rdb_write.h"
#include "store/hash.h"
#include "store/set.h"

enum { RDB_FIXTURE_NOW = 1700000000, RDB_FIXTURE_DATABASES = 16 };

static inline struct keyspace *rdb_fixture_keyspace(struct memory *m)
{
    return keyspace_new(&(struct keyspace_options){
        .memory = m, .hash_key = {1, 2}, .databases = RDB_FIXTURE_DATABASES, .digest = true});
}

static inline const struct rdb_info *rdb_fixture_info(void)
{
    static const struct rdb_info info = {.version = "7.0.15",
                                         .created_s = RDB_FIXTURE_NOW,
                                         .used_memory = 1000000,
                                         .replid = "8371445ee67c5dba92ef9e1cf3b0d247b9a01c6f",
                                         .offset = 5000000000,
                                         .stream_db = 3,
                                         .checksum = true};
    return &info;
}

/* Takes everything on the tape over into `out`. */
static inline void rdb_fixture_drain(struct tape *t, struct bytes *out)
{
    struct tape_cursor c = tape_seek(t, t->start);
    struct slice s;
    while (tape_peek(t, &c, &s, 1) > 0) {
        bytes_append_slice(out, s);
        tape_advance(t, &c, s.size);
    }
}

/* The file of a keyspace, written in steps of `budget`. False when memory ran out. */
static inline bool rdb_fixture_write(struct memory *m, struct keyspace *ks, size_t budget, struct bytes *out)
{
    struct tape t;
    tape_init(&t, m, 0);
    struct rdb_writer *w = rdb_writer_open(m, ks, &t, rdb_fixture_info());
    int result = w ? 1 : -1;
    while (result > 0) result = rdb_writer_step(w, budget);
    rdb_writer_close(w);
    if (result == 0) rdb_fixture_drain(&t, out);
    tape_free(&t);
    return result == 0 && !out->failed;
}

static inline struct rdb_reader *rdb_fixture_reader(struct memory *m, struct keyspace *ks)
{
    return rdb_reader_new(&(struct rdb_read_options){.memory = m, .keyspace = ks, .bulk_max = 512 << 20});
}

/* Feeds a file from `*at` on in pieces of `step` bytes, each in a block of exactly its size: whoever reads beyond a
 * piece reads beyond a block. What the last feed said. */
static inline int rdb_fixture_feed(struct rdb_reader *r, struct slice file, size_t *at, size_t step)
{
    int result = 1;
    while (*at < file.size && result == 1) {
        size_t size = file.size - *at < step ? file.size - *at : step;
        char *piece = malloc(size);
        if (!piece) abort();
        memcpy(piece, file.data + *at, size);
        size_t used;
        result = rdb_reader_feed(r, piece, size, &used);
        free(piece);
        if (result == 1 && used != size) abort();
        *at += used;
    }
    return result;
}

/* ---- random datasets ---- */

static inline size_t rdb_fixture_text(struct random *r, char *out, size_t max)
{
    size_t size = random_below(r, 3) ? random_below(r, 40) : random_below(r, max + 1);
    uint64_t alphabet = random_below(r, 2) ? 256 : 1 + random_below(r, 4);
    for (size_t i = 0; i < size; i++) out[i] = (char)('a' + random_below(r, alphabet));
    return size;
}

/* Any string: the text of an integer of any width, or bytes that may or may not pack well. */
static inline struct slice rdb_fixture_string(struct random *r, char *out, size_t max)
{
    if (random_below(r, 3) == 0) {
        int64_t value = (int64_t)random_next(r) >> random_below(r, 64);
        return slice_of(out, (size_t)snprintf(out, 24, "%lld", (long long)value));
    }
    return slice_of(out, rdb_fixture_text(r, out, max));
}

/* A hash or a set of a few or a hundred elements, integers or not. */
static inline bool rdb_fixture_collection(struct keyspace *ks, struct random *r, int db, struct slice key,
                                          int64_t expire_ms)
{
    char field[400], value[400];
    struct edit x;
    enum value_type type = random_below(r, 2) ? VALUE_HASH : VALUE_SET;
    bool integers = random_below(r, 2);
    edit_draft(&x, ks, key, type, expire_ms);
    for (uint64_t n = 1 + random_below(r, random_below(r, 4) ? 8 : 200); n > 0; n--) {
        struct slice name = rdb_fixture_string(r, field, random_below(r, 9) ? 40 : sizeof field);
        if (integers)
            name = slice_of(field, (size_t)snprintf(field, sizeof field, "%d", (int)random_next(r)));
        struct slice text = rdb_fixture_string(r, value, random_below(r, 9) ? 40 : sizeof value);
        if ((type == VALUE_HASH ? hash_set(&x, name, text) : set_add(&x, name)) < 0)
            return edit_discard(&x), false;
    }
    bool done = edit_publish(&x, db) != NULL;
    edit_discard(&x);
    return done;
}

/* Sets `keys` random keys in random databases. False when memory ran out. */
static inline bool rdb_fixture_fill(struct keyspace *ks, struct random *r, int keys)
{
    char key[400], value[5000];
    for (int i = 0; i < keys; i++) {
        int db = random_below(r, 2) ? 0 : (int)random_below(r, RDB_FIXTURE_DATABASES);
        struct slice k = rdb_fixture_string(r, key, sizeof key);
        struct slice v = rdb_fixture_string(r, value, random_below(r, 10) ? 300 : sizeof value);
        int64_t expire_ms =
            random_below(r, 3) ? KEYSPACE_NO_TTL : (int64_t)random_below(r, (uint64_t)1 << 50);
        if (random_below(r, 4) == 0 ? !rdb_fixture_collection(ks, r, db, k, expire_ms)
                                    : !keyspace_set_string(ks, db, k, v, expire_ms))
            return false;
    }
    return true;
}

static inline bool digest_same(struct digest a, struct digest b)
{
    return a.low == b.low && a.high == b.high;
}

/* Reads `file` into an empty keyspace and compares. */
static inline bool rdb_fixture_reads_back(struct memory *m, struct slice file, size_t step,
                                          struct digest want)
{
    struct keyspace *ks = rdb_fixture_keyspace(m);
    struct rdb_reader *r = rdb_fixture_reader(m, ks);
    size_t at = 0;
    int result = rdb_fixture_feed(r, file, &at, step);
    bool same = result == 0 && at == file.size && digest_same(keyspace_digest(ks), want);
    if (!same) printf("# result %d at %zu of %zu: %s\n", result, at, file.size, rdb_reader_error(r));
    rdb_reader_free(r);
    keyspace_free(ks);
    return same;
}

#endif
