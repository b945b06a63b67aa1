/* DUMP and RESTORE: what is dumped is restored, whatever else is refused, and what is logged is absolute.
 *
 * SPDX-License-Identifier: MIT */
#include "persist/dump.h"

#include "base/crc64.h"
#include "nodes.h"
#include "test.h"

/* Says a command whose words are given one by one. */
static const char *say_words(struct wire *w, int argc, const struct slice *argv)
{
    struct bytes request;
    bytes_init(&request, &w->room->memory);
    bytes_append_format(&request, "*%d\r\n", argc);
    for (int i = 0; i < argc; i++) {
        bytes_append_format(&request, "$%zu\r\n", argv[i].size);
        bytes_append_slice(&request, argv[i]);
        bytes_append_text(&request, "\r\n");
    }
    if (!room_put(w->session, request.data, request.size)) room_hang_up(w);
    bytes_free(&request);
    room_settle(w->room);
    return room_hear(w);
}

/* RESTORE key ttl payload with options, which are words. */
static const char *restore(struct wire *w, const char *key, const char *ttl, struct slice payload,
                           const char *options)
{
    struct slice argv[12] = {slice_text("RESTORE"), slice_text(key), slice_text(ttl), payload};
    struct slice rest = slice_text(options), word;
    int argc = 4;
    while ((word = slice_next_word(&rest)).size > 0) argv[argc++] = word;
    return say_words(w, argc, argv);
}

/* A payload around the bytes of a value: with version and checksum. */
static struct slice payload_of(struct bytes *out, const char *value, size_t size, int version)
{
    bytes_clear(out);
    bytes_append(out, value, size);
    bytes_append_char(out, (char)version);
    bytes_append_char(out, 0);
    uint64_t crc = crc64(0, out->data, out->size);
    for (int i = 0; i < 8; i++) bytes_append_char(out, (char)(crc >> (8 * i)));
    return bytes_slice(out);
}

/* The payload that DUMP answers, copied. */
static struct slice dump(struct wire *w, const char *key, struct bytes *out)
{
    struct bytes request;
    bytes_clear(out);
    bytes_init(&request, &w->room->memory);
    bytes_append_format(&request, "*2\r\n$4\r\nDUMP\r\n$%zu\r\n%s\r\n", strlen(key), key);
    room_put(w->session, request.data, request.size);
    bytes_free(&request);
    room_settle(w->room);
    long size = strtol(w->heard.data + 1, NULL, 10);
    const char *at = memchr(w->heard.data, '\n', w->heard.size);
    bytes_append(out, at + 1, (size_t)size);
    bytes_clear(&w->heard);
    return bytes_slice(out);
}

static const char *const values[] = {"SET k hello",      "SET k 12345",        "SET k -1",
                                     "SETRANGE k 300 x", "SETRANGE k 40000 x", "SADD k 1 2 3",
                                     "SADD k a b c",     "HSET k a 1 b 2",     "XADD k 1-1 f v"};

TEST(what_is_dumped_is_restored)
{
    struct room r;
    struct bytes payload;
    room_open(&r, 2);
    bytes_init(&payload, &r.memory);
    struct wire *a = room_dial(&r, 0), *b = room_dial(&r, 1);
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        say(a, "FLUSHALL");
        say(b, "FLUSHALL");
        if (strncmp(say(a, values[i]), "-ERR unknown", 12) == 0) continue;
        CHECK_EQ_STR(restore(b, "k", "0", dump(a, "k", &payload), ""), "+OK\r\n");
        struct digest x = node_digest(r.nodes[0]), y = node_digest(r.nodes[1]);
        CHECK(x.low == y.low && x.high == y.high);
    }
    CHECK_EQ_STR(say(a, "DUMP nokey"), "$-1\r\n");
    bytes_free(&payload);
    room_close(&r);
}

TEST(options)
{
    struct room r;
    struct bytes storage;
    room_open(&r, 1);
    bytes_init(&storage, &r.memory);
    struct wire *c = room_dial(&r, 0);
    struct slice hello = payload_of(&storage, "\x00\x05hello", 7, 10);
    CHECK_EQ_STR(restore(c, "k", "0", hello, ""), "+OK\r\n");
    CHECK_EQ_STR(restore(c, "k", "0", hello, ""), "-BUSYKEY Target key name already exists.\r\n");
    CHECK_EQ_STR(restore(c, "k", "5000", hello, "replace"), "+OK\r\n");
    CHECK_EQ_STR(say(c, "PTTL k"), ":5000\r\n");
    CHECK_EQ_STR(restore(c, "k", "1700000007000", hello, "ABSTTL REPLACE"), "+OK\r\n");
    CHECK_EQ_STR(say(c, "PTTL k"), ":7000\r\n");
    CHECK_EQ_STR(restore(c, "k", "5", hello, "ABSTTL REPLACE"), "+OK\r\n");
    CHECK_EQ_STR(say(c, "EXISTS k"), ":0\r\n");
    CHECK_EQ_STR(restore(c, "k", "0", hello, "IDLETIME 100"), "+OK\r\n");
    CHECK_EQ_STR(say(c, "OBJECT IDLETIME k"), ":100\r\n");
    CHECK_EQ_STR(restore(c, "n", "-1", hello, ""), "-ERR Invalid TTL value, must be >= 0\r\n");
    CHECK_EQ_STR(restore(c, "n", "0", hello, "IDLETIME -1"), "-ERR Invalid IDLETIME value, must be >= 0\r\n");
    CHECK_EQ_STR(restore(c, "n", "0", hello, "FREQ 256"),
                 "-ERR Invalid FREQ value, must be >= 0 and <= 255\r\n");
    CHECK_EQ_STR(restore(c, "n", "0", hello, "FREQ 1 IDLETIME 1"), "-ERR syntax error\r\n");
    CHECK_EQ_STR(restore(c, "n", "0", hello, "IDLETIME"), "-ERR syntax error\r\n");
    say(c, "CONFIG SET maxmemory-policy allkeys-lfu");
    CHECK_EQ_STR(restore(c, "f", "0", hello, "FREQ 77"), "+OK\r\n");
    CHECK_EQ_STR(say(c, "OBJECT FREQ f"), ":77\r\n");
    bytes_free(&storage);
    room_close(&r);
}

TEST(what_is_no_value_is_refused)
{
    static const char bad[] = "-ERR Bad data format\r\n";
    static const char wrong[] = "-ERR DUMP payload version or checksum are wrong\r\n";
    struct room r;
    struct bytes storage;
    room_open(&r, 1);
    bytes_init(&storage, &r.memory);
    struct wire *c = room_dial(&r, 0);
    CHECK_EQ_STR(restore(c, "k", "0", slice_text(""), ""), wrong);
    CHECK_EQ_STR(restore(c, "k", "0", slice_text("not a payload"), ""), wrong);
    CHECK_EQ_STR(restore(c, "k", "0", payload_of(&storage, "\x00\x05hello", 7, 11), ""), wrong);
    struct slice damaged = payload_of(&storage, "\x00\x05hello", 7, 10);
    storage.data[3] ^= 1;
    CHECK_EQ_STR(restore(c, "k", "0", damaged, ""), wrong);
    say(c, "DEBUG SET-SKIP-CHECKSUM-VALIDATION 1");
    CHECK_EQ_STR(restore(c, "k", "0", damaged, ""), "+OK\r\n");
    CHECK_EQ_STR(restore(c, "l", "0", slice_text("not a payload"), ""), bad);
    CHECK_EQ_STR(restore(c, "l", "0", slice_text(""), ""), bad);
    say(c, "DEBUG SET-SKIP-CHECKSUM-VALIDATION 0");
    CHECK_EQ_STR(restore(c, "k", "0", damaged, "REPLACE"), wrong);
    say(c, "DEL k");
    CHECK_EQ_STR(restore(c, "k", "0", payload_of(&storage, "", 0, 10), ""), bad);
    CHECK_EQ_STR(restore(c, "k", "0", payload_of(&storage, "\x00\x05hell", 6, 10), ""), bad);
    CHECK_EQ_STR(restore(c, "k", "0", payload_of(&storage, "\x02\x00", 2, 10), ""), bad);
    CHECK_EQ_STR(restore(c, "k", "0",
                         payload_of(&storage,
                                    "\x02\x02\x01"
                                    "a\x01"
                                    "a",
                                    6, 10),
                         ""),
                 bad);
    CHECK_EQ_STR(restore(c, "k", "0", payload_of(&storage, "\x63\x00", 2, 10), ""), bad);
    CHECK_EQ_STR(restore(c, "k", "5", payload_of(&storage, "\x63\x00", 2, 10), "ABSTTL"), bad);
    CHECK_EQ_STR(restore(c, "k", "0", payload_of(&storage, "\x10\x01x", 3, 10), ""), bad);
    CHECK(room_noted(&r, 0, "M 3 Bad data format in restore: listpack integrity check failed\n"));
    CHECK_EQ_STR(say(c, "DBSIZE"), ":0\r\n");
    bytes_free(&storage);
    room_close(&r);
}

TEST(replicas_get_the_absolute_time)
{
    struct room r;
    struct bytes storage;
    room_open(&r, 2);
    bytes_init(&storage, &r.memory);
    struct wire *a = room_dial(&r, 0), *b = room_dial(&r, 1);
    say(b, "REPLICAOF host 1");
    room_pass(&r, 200);
    restore(a, "k", "5000", payload_of(&storage, "\x00\x05hello", 7, 10), "");
    CHECK_EQ_STR(say(b, "PEXPIRETIME k"), ":1700000005200\r\n");
    restore(a, "k", "5", bytes_slice(&storage), "REPLACE ABSTTL");
    CHECK_EQ_STR(say(b, "EXISTS k"), ":0\r\n");
    struct digest x = node_digest(r.nodes[0]), y = node_digest(r.nodes[1]);
    CHECK(x.low == y.low && x.high == y.high);
    bytes_free(&storage);
    room_close(&r);
}

TEST(every_allocation_fails_in_turn)
{
    struct bytes storage;
    for (int64_t fail = 0; fail < 40; fail++) {
        struct room r;
        room_open(&r, 1);
        bytes_init(&storage, &r.memory);
        struct wire *c = room_dial(&r, 0);
        say(c, "SET k old");
        struct digest before = node_digest(r.nodes[0]);
        struct slice hash = payload_of(&storage,
                                       "\x04\x02\x01"
                                       "a\x01"
                                       "b\x01"
                                       "c\x01"
                                       "d",
                                       10, 10);
        node_memory(r.nodes[0])->fail_after = fail;
        bool done = strcmp(restore(c, "k", "5000", hash, "REPLACE"), "+OK\r\n") == 0;
        node_memory(r.nodes[0])->fail_after = -1;
        struct digest after = node_digest(r.nodes[0]);
        CHECK(done || (before.low == after.low && before.high == after.high));
        bytes_free(&storage);
        room_close(&r);
    }
}

TEST_MAIN()
