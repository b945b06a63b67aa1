/* fuzz_restore.c: RESTORE of payloads from anyone, with the right version and checksum, which is where the depths are.
 *
 * Whatever the payload, the keyspace stays sound; a value that was taken is dumped, restored under another key, and the same
 * there. The first byte of the input says whether memory is short.
 *
 * SPDX-License-Identifier: MIT */
#include "base/crc64.h"
#include "node/internal.h"
#include "nodes.h"
#include "persist/dump.h"
#include "pieces.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void run(struct session *s, struct bytes *out, int argc, const struct slice *argv)
{
    struct resp_writer w;
    bytes_clear(out);
    resp_writer_init(&w, out, 3);
    session_call(s, argc, argv, &w.reply);
}

/* The bulk string in `out`. */
static struct slice bulk(const struct bytes *out)
{
    const char *at = memchr(out->data, '\n', out->size);
    return slice_of(at + 1, (size_t)strtoul(out->data + 1, NULL, 10));
}

static struct digest key_digest(struct node *n, const char *key)
{
    return keyspace_key_digest(n->keyspace, 0, slice_text(key));
}

static void check_sound(struct node *n)
{
    const char *what;
    MUST(keyspace_check(n->keyspace, &what));
}

/* What was taken goes out and in again. */
static void go_round(struct node *n, struct session *s, struct bytes *out, struct bytes *copy)
{
    run(s, out, 2, (struct slice[]){slice_text("DUMP"), slice_text("k")});
    bytes_append_slice(copy, bulk(out));
    run(s, out, 4,
        (struct slice[]){slice_text("RESTORE"), slice_text("k2"), slice_text("0"), bytes_slice(copy)});
    MUST(out->data[0] == '+');
    run(s, out, 3, (struct slice[]){slice_text("RENAME"), slice_text("k"), slice_text("was")});
    struct digest before = key_digest(n, "was");
    run(s, out, 3, (struct slice[]){slice_text("RENAME"), slice_text("k2"), slice_text("was")});
    struct digest after = key_digest(n, "was");
    MUST(before.low == after.low && before.high == after.high);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct room r;
    struct bytes payload, out, copy;
    if (size < 2) return 0;
    room_open(&r, 1);
    struct node *n = r.nodes[0];
    struct session *s = node_local_open(n);
    bytes_init(&payload, &r.memory);
    bytes_init(&out, &r.memory);
    bytes_init(&copy, &r.memory);
    bytes_append(&payload, data + 1, size - 1);
    bytes_append(&payload, "\x0a\0", 2);
    uint64_t crc = crc64(0, payload.data, payload.size);
    for (int i = 0; i < 8; i++) bytes_append_char(&payload, (char)(crc >> (8 * i)));
    if (data[0] & 1) node_memory(n)->fail_after = data[0] >> 1;
    run(s, &out, 4,
        (struct slice[]){slice_text("RESTORE"), slice_text("k"), slice_text("0"), bytes_slice(&payload)});
    node_memory(n)->fail_after = -1;
    check_sound(n);
    if (out.size > 0 && out.data[0] == '+') {
        go_round(n, s, &out, &copy);
        check_sound(n);
    }
    bytes_free(&payload);
    bytes_free(&out);
    bytes_free(&copy);
    room_close(&r);
    return 0;
}
