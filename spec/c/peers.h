/* peers.h: primaries and replicas reduced to their replication, for C specs of csrc/replication.
 *
 * A peer is a log, a keyspace and the two ends of channels: as a primary it feeds whoever is wired to it, as a replica
 * it follows. It knows SET and DEL, nothing else. A wire joins a follow with a feed and carries bytes both ways, as
 * many at a time as the spec says: one by one, in random pieces, or none. Time is a number that the spec moves.
 *
 * What a session does in a node (reading REPLCONF and PSYNC, answering) is done here in a few lines: primary_request.
 */
#ifndef PEERS_H
#define PEERS_H

#include <stdio.h>
#include <stdlib.h>

#include "base/number.h"
#include "replication/feed.h"
#include "replication/follow.h"
#include "resp/writer.h"

enum { PEER_DATABASES = 16, PEER_BACKLOG = 64 * 1024, SECOND = 1000000 };

struct peer {
    struct memory memory;
    struct random random;
    struct log log;
    struct keyspace *keyspace;
    struct feeds feeds;
    struct follow *follow;
    struct follow_options options;
    int64_t now;
    /* what happened */
    int64_t commands, continued, loading, loaded, closed, opened, discarded;
};

static inline struct keyspace *peer_keyspace(struct memory *m)
{
    struct keyspace_options options = {
        .memory = m, .hash_key = {1, 2}, .databases = PEER_DATABASES, .digest = true};
    return keyspace_new(&options);
}

static inline bool peer_open(struct peer *p, uint64_t seed)
{
    *p = (struct peer){.now = 100 * SECOND};
    memory_init(&p->memory);
    random_init(&p->random, seed, "peer");
    log_init(&p->log, &p->memory, &p->random, PEER_BACKLOG);
    p->keyspace = peer_keyspace(&p->memory);
    feeds_init(&p->feeds, &p->memory, &p->log, p->keyspace, &p->random);
    p->options = (struct follow_options){.timeout_us = 60 * SECOND,
                                         .ack_period_us = SECOND,
                                         .retry_min_us = SECOND / 10,
                                         .retry_max_us = 5 * SECOND,
                                         .listening_port = 6380,
                                         .name = "b",
                                         .bulk_max = 1 << 20,
                                         .databases = PEER_DATABASES,
                                         .digest = true};
    return p->keyspace != NULL;
}

static inline void peer_follow(struct peer *p)
{
    p->follow = follow_new(&p->memory, &p->log, &p->random, &p->options, "primary", 6379, p->now);
}

/* REPLICAOF NO ONE */
static inline void peer_promote(struct peer *p)
{
    if (p->follow) follow_free(p->follow);
    p->follow = NULL;
    log_fork_history(&p->log, &p->random);
}

/* All wires to it must be closed. True if nothing leaked. */
static inline bool peer_close(struct peer *p)
{
    if (p->follow) follow_free(p->follow);
    feeds_free(&p->feeds);
    if (p->keyspace) keyspace_free(p->keyspace);
    log_free(&p->log);
    return p->memory.used == 0;
}

/* ---- data ---- */

static inline bool peer_apply(struct peer *p, int db, int argc, const struct slice *argv)
{
    p->commands++;
    if (argc == 3 && slice_is_word(argv[0], "set"))
        return keyspace_set_string(p->keyspace, db, argv[1], argv[2], KEYSPACE_NO_TTL) != NULL;
    if (argc == 2 && slice_is_word(argv[0], "del")) {
        keyspace_delete(p->keyspace, db, argv[1]);
        return true;
    }
    return false;
}

static inline bool peer_append(struct peer *p, int argc, const char *const *words)
{
    struct slice argv[4];
    struct bytes request;
    bytes_init(&request, &p->memory);
    for (int i = 0; i < argc; i++) argv[i] = slice_text(words[i]);
    bool done = resp_write_request(&request, argc, argv) && !request.failed &&
                log_append(&p->log, request.data, request.size);
    bytes_free(&request);
    return done;
}

/* A write at a primary: executed, then logged. */
static inline void peer_set(struct peer *p, int db, const char *key, const char *value)
{
    struct slice argv[] = {slice_text("SET"), slice_text(key), slice_text(value)};
    if (!peer_apply(p, db, 3, argv)) return;
    if (!log_select(&p->log, db) || !peer_append(p, 3, (const char *const[]){"SET", key, value}))
        log_new_history(&p->log, &p->random);
}

static inline void peer_write_random(struct peer *p, int keys)
{
    char key[32], value[64];
    snprintf(key, sizeof key, "key:%d", (int)random_below(&p->random, (uint64_t)keys));
    snprintf(value, sizeof value, "%llx", (unsigned long long)random_next(&p->random));
    peer_set(p, (int)random_below(&p->random, 3), key, value);
}

static inline bool same_data(struct peer *a, struct peer *b)
{
    struct digest x = keyspace_digest(a->keyspace), y = keyspace_digest(b->keyspace);
    return x.low == y.low && x.high == y.high;
}

static inline bool converged(struct peer *a, struct peer *b)
{
    return log_offset(&a->log) == log_offset(&b->log) && strcmp(a->log.replid, b->log.replid) == 0 &&
           same_data(a, b);
}

/* ---- the replica's events ---- */

/* Does what the follow asks for. `open` and `close` tell the wire. */
static inline void peer_step(struct peer *p, bool *open, bool *close)
{
    enum follow_event event;
    while (p->follow && (event = follow_next(p->follow, p->now)) != FOLLOW_NOTHING) {
        struct follow *f = p->follow;
        switch (event) {
        case FOLLOW_OPEN:
            p->opened++;
            *open = true;
            break;
        case FOLLOW_CLOSE:
            p->closed++;
            *close = true;
            break;
        case FOLLOW_CONTINUED: p->continued++; break;
        case FOLLOW_LOADING:
            p->loading++;
            p->discarded = f->discarded;
            break;
        case FOLLOW_LOADED:
            p->loaded++;
            feeds_cancel_snapshot(&p->feeds);
            keyspace_adopt(p->keyspace, f->loaded);
            follow_adopted(f, p->now);
            break;
        case FOLLOW_COMMAND:
            if (peer_apply(p, f->db, f->reader.argc, f->reader.argv))
                follow_applied(f, p->now);
            else
                follow_abandon(f, "not understood", p->now);
            break;
        case FOLLOW_NOTHING: break;
        }
    }
}

/* ---- wires ---- */

struct wire {
    struct peer *replica, *primary;
    struct feed *feed; /* NULL: not connected */
    struct bytes up;   /* what the replica has sent and the primary has not read */
    struct bytes replies;
    struct resp_reader reader;
    struct random random;
    struct bytes heard_up, heard_down; /* all that went over it, when `record` is set */
    bool record;
    bool cut; /* connections are refused and nothing passes */
};

static inline void wire_init(struct wire *w, struct peer *replica, struct peer *primary, uint64_t seed)
{
    *w = (struct wire){.replica = replica, .primary = primary};
    random_init(&w->random, seed, "wire");
    bytes_init(&w->up, &primary->memory);
    bytes_init(&w->replies, &primary->memory);
    bytes_init(&w->heard_up, &primary->memory);
    bytes_init(&w->heard_down, &primary->memory);
}

static inline void wire_disconnect(struct wire *w)
{
    if (!w->feed) return;
    feed_free(w->feed);
    w->feed = NULL;
    bytes_free(&w->up);
    bytes_free(&w->replies);
    resp_reader_free(&w->reader);
}

/* The connection breaks: both ends learn it, what is on its way is gone. */
static inline void wire_break(struct wire *w)
{
    wire_disconnect(w);
    if (w->replica->follow) follow_lost(w->replica->follow, "cut", w->replica->now);
}

static inline void wire_free(struct wire *w)
{
    wire_disconnect(w);
    bytes_free(&w->heard_up);
    bytes_free(&w->heard_down);
}

static inline void wire_connect(struct wire *w)
{
    wire_disconnect(w);
    if (w->cut) {
        follow_lost(w->replica->follow, "refused", w->replica->now);
        return;
    }
    struct resp_limits limits = {.bulk_max = 1 << 20, .arguments_max = 64, .inline_max = 65536};
    resp_reader_init(&w->reader, &w->primary->memory, &limits);
    w->feed = feed_new(&w->primary->feeds, w, w->primary->now);
    if (w->feed)
        follow_connected(w->replica->follow, w->replica->now);
    else
        wire_break(w);
}

/* REPLCONF: an ACK has no answer. */
static inline void primary_replconf(struct wire *w, int argc, const struct slice *argv)
{
    int64_t applied, fsynced = -1;
    if (slice_is_word(argv[1], "ack") && number_parse_int(argv[2], &applied)) {
        if (argc == 5) number_parse_int(argv[4], &fsynced);
        feed_acknowledge(w->feed, applied, fsynced, -1, w->primary->now);
        return;
    }
    for (int i = 1; i + 1 < argc; i += 2) {
        if (slice_is_word(argv[i], "capa")) feed_capability(w->feed, argv[i + 1]);
    }
    bytes_append_text(&w->replies, "+OK\r\n");
}

static inline void primary_request(struct wire *w, int argc, const struct slice *argv)
{
    struct peer *p = w->primary;
    int64_t from = -1;
    if (argc == 0) return;
    if (slice_is_word(argv[0], "ping")) {
        bytes_append_text(&w->replies, "+PONG\r\n");
    } else if (slice_is_word(argv[0], "replconf") && argc > 2) {
        primary_replconf(w, argc, argv);
    } else if (slice_is_word(argv[0], "psync") && argc == 3) {
        if (p->follow && p->follow->state != FOLLOW_STREAMING) {
            bytes_append_text(&w->replies, "-NOMASTERLINK Can't SYNC while not connected with my master\r\n");
            return;
        }
        number_parse_int(argv[2], &from);
        feed_psync(w->feed, argv[1], from, p->now);
    }
}

static inline void primary_read(struct wire *w)
{
    while (w->feed) {
        enum resp_result result = resp_read_request(&w->reader, w->up.data, w->up.size);
        if (result != RESP_REQUEST) break;
        primary_request(w, w->reader.argc, w->reader.argv);
        bytes_drop(&w->up, w->reader.consumed);
    }
}

/* The end of a primary's turn. */
static inline void primary_settle(struct peer *p)
{
    struct rdb_info info = {.version = "7.0.15", .created_s = p->now / SECOND, .checksum = true};
    feeds_begin_snapshot(&p->feeds, &info, p->now);
    log_mark_time(&p->log, p->now);
    feeds_trim(&p->feeds);
}

static inline size_t pick(struct wire *w, size_t available, size_t max)
{
    size_t limit = available < max ? available : max;
    return limit < 2 ? limit : 1 + (size_t)random_below(&w->random, limit);
}

/* Up to `max` bytes from replica to primary. Returns how many went. */
static inline size_t wire_up(struct wire *w, size_t max)
{
    struct bytes *out = &w->replica->follow->out;
    size_t size = pick(w, out->size, max);
    if (size == 0) return 0;
    if (w->record) bytes_append(&w->heard_up, out->data, size);
    bytes_append(&w->up, out->data, size);
    bytes_drop(out, size);
    primary_read(w);
    return size;
}

static inline size_t wire_deliver(struct wire *w, const char *data, size_t size)
{
    size_t room = 0;
    char *place = follow_input_reserve(w->replica->follow, &room);
    if (!place) {
        wire_break(w);
        return 0;
    }
    if (size > room) size = room;
    memcpy(place, data, size);
    if (w->record) bytes_append(&w->heard_down, data, size);
    follow_input_commit(w->replica->follow, size, w->replica->now);
    return size;
}

/* Up to `max` bytes from primary to replica: replies first, then the feed. */
static inline size_t wire_down(struct wire *w, size_t max)
{
    struct slice slices[3];
    bool reply = w->replies.size > 0;
    int count = reply ? 1 : feed_output(w->feed, slices, 1 + (int)random_below(&w->random, 3));
    if (reply) slices[0] = bytes_slice(&w->replies);
    if (count == 0) return 0;
    size_t size = wire_deliver(w, slices[0].data, pick(w, slices[0].size, max));
    if (size == 0 || !w->feed) return size;
    if (reply)
        bytes_drop(&w->replies, size);
    else
        feed_sent(w->feed, size);
    return size;
}

/* One turn of both ends with up to `max` bytes each way. Returns how many went. */
static inline size_t wire_step(struct wire *w, size_t max)
{
    bool open = false, close = false;
    size_t moved = 0;
    primary_settle(w->primary);
    if (w->feed && feed_broken(w->feed)) wire_break(w);
    peer_step(w->replica, &open, &close);
    if (close) wire_disconnect(w);
    if (open) wire_connect(w);
    if (w->cut) return 0;
    if (w->feed && w->replica->follow) moved += wire_up(w, max);
    if (w->feed && w->replica->follow) moved += wire_down(w, max);
    peer_step(w->replica, &open, &close);
    if (close) wire_disconnect(w);
    return moved;
}

static inline void pass(struct peer *p, int64_t us)
{
    p->now += us;
    if (p->follow) follow_advance(p->follow, p->now);
    feeds_advance(&p->feeds, p->now);
}

/* Until nothing moves any more. */
static inline void wire_run(struct wire *w, size_t max)
{
    for (int quiet = 0; quiet < 3;) quiet = wire_step(w, max) > 0 ? 0 : quiet + 1;
}

/* Time passes for both ends until the replica has all the primary has, at most `seconds`. */
static inline bool wire_converge(struct wire *w, size_t max, int seconds)
{
    for (int64_t i = 0; i < (int64_t)seconds * 20; i++) {
        wire_run(w, max);
        if (w->replica->follow && w->replica->follow->state == FOLLOW_STREAMING &&
            converged(w->replica, w->primary))
            return true;
        pass(w->primary, SECOND / 20);
        pass(w->replica, SECOND / 20);
    }
    return false;
}

#endif
