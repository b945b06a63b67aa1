/* follow_sync.c: the payload of a full synchronisation.
 *
 *   $EOF:<40 bytes>\r\n <RDB> <the same 40 bytes>        its end is where the file says, and the mark confirms it
 *   $<length>\r\n       <RDB>
 *
 * Both are read as they come, into a keyspace of its own. Until follow_adopted nothing of this node has changed: data,
 * log and replid are the old ones, and if the payload breaks off they go on being used.
 *
 * SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>

#include "base/number.h"
#include "replication/follow_internal.h"

/* A history can go on for ever from here, without its offsets coming to an end. */
static const int64_t OFFSET_MAX = INT64_MAX / 2;

/* ---- +FULLRESYNC ---------------------------------------------------------------------------------------------- */

/* How much of this node's history the new one leaves out. `shared`: what the primary says they have in common. */
static int64_t count_discarded(const struct follow *f, struct slice replid)
{
    int64_t end = log_offset(f->log);
    if (f->sync_shared >= 0) return end - f->sync_shared;
    if (slice_equal(replid, slice_text(f->log->replid)))
        return end > f->sync_offset ? end - f->sync_offset : 0;
    return log_own_bytes(f->log);
}

static int64_t read_shared(const struct follow *f, struct slice word)
{
    int64_t shared;
    if (word.size == 0 || !number_parse_int(word, &shared)) return -1;
    return shared >= 0 && shared <= log_offset(f->log) ? shared : -1;
}

enum follow_event sync_begin(struct follow *f, struct slice announced, int64_t now_us)
{
    struct slice whole = announced;
    struct slice replid = follow_next_word(&announced), offset = follow_next_word(&announced),
                 shared = follow_next_word(&announced);
    if (!follow_is_replid(replid) || !number_parse_int(offset, &f->sync_offset) || f->sync_offset < 0 ||
        f->sync_offset > OFFSET_MAX)
        return follow_fail_with(f, "unexpected answer to PSYNC: +FULLRESYNC", whole, now_us);
    memcpy(f->sync_replid, replid.data, REPLID_SIZE);
    f->sync_shared = read_shared(f, shared);
    f->sync_handed_on = slice_equal(shared, slice_text("-1"));
    f->discarded = count_discarded(f, replid);
    f->state = FOLLOW_SYNC;
    f->sync_received = 0;
    f->sync_total = -1;
    f->next_ack_us = now_us + f->options.ack_period_us;
    return FOLLOW_LOADING;
}

/* ---- the payload ---------------------------------------------------------------------------------------------- */

static struct keyspace *new_keyspace(struct follow *f)
{
    struct keyspace_options options = {.memory = f->memory,
                                       .databases = f->options.databases,
                                       .digest = f->options.digest,
                                       .limits = f->options.limits,
                                       .fresh_access = f->options.fresh_access};
    options.hash_key[0] = random_next(f->random);
    options.hash_key[1] = random_next(f->random);
    return keyspace_new(&options);
}

static enum follow_event begin_payload(struct follow *f, int64_t now_us)
{
    f->loading = new_keyspace(f);
    if (!f->loading) return follow_fail(f, "out of memory", now_us);
    if (f->options.clock) keyspace_set_time(f->loading, keyspace_time(f->options.clock));
    struct rdb_read_options options = {.memory = f->memory,
                                       .keyspace = f->loading,
                                       .access = f->options.access,
                                       .bulk_max = f->options.bulk_max};
    f->rdb = rdb_reader_new(&options);
    f->rdb_complete = false;
    return f->rdb ? FOLLOW_NOTHING : follow_fail(f, "out of memory", now_us);
}

/* The payload's first line. */
static enum follow_event read_header(struct follow *f, int64_t now_us)
{
    static const char eof[] = "$EOF:";
    struct slice line;
    enum follow_line result = follow_read_line(f, &line);
    if (result == LINE_NONE) return FOLLOW_NOTHING;
    if (result == LINE_TOO_LONG) return follow_fail(f, "the payload does not begin with a length", now_us);
    if (line.data[0] == '-') return follow_fail_with(f, "the primary gave up the snapshot", line, now_us);
    if (line.size == sizeof eof - 1 + REPLID_SIZE && memcmp(line.data, eof, sizeof eof - 1) == 0) {
        memcpy(f->mark, line.data + sizeof eof - 1, REPLID_SIZE);
        f->sync_total = -1;
    } else if (line.data[0] != '$' ||
               !number_parse_int(slice_of(line.data + 1, line.size - 1), &f->sync_total) ||
               f->sync_total < 0) {
        return follow_fail_with(f, "the payload does not begin with a length", line, now_us);
    }
    return begin_payload(f, now_us);
}

/* Gives the RDB reader what has come, if it is its. False: failed. */
static bool read_file(struct follow *f, int64_t now_us)
{
    struct slice unread = follow_unread(f);
    size_t used = 0, size = unread.size;
    if (f->sync_total >= 0 && (int64_t)size > f->sync_total - f->sync_received)
        size = (size_t)(f->sync_total - f->sync_received);
    int more = rdb_reader_feed(f->rdb, unread.data, size, &used);
    f->start += used;
    f->at = f->start;
    f->sync_received += (int64_t)used;
    bool at_length = f->sync_received == f->sync_total;
    if (more < 0)
        follow_fail_with(f, "the payload cannot be loaded", slice_text(rdb_reader_error(f->rdb)), now_us);
    else if (f->sync_total >= 0 && at_length != (more == 0) && (at_length || more == 0))
        follow_fail(f, "the payload does not have its length", now_us);
    else
        f->rdb_complete = more == 0;
    return f->state == FOLLOW_SYNC;
}

/* 1: the end mark is there, or none is needed; 0: it has not come in full; -1: it is not the one announced. */
static int check_mark(struct follow *f)
{
    if (f->sync_total >= 0) return 1;
    struct slice unread = follow_unread(f);
    size_t size = unread.size < REPLID_SIZE ? unread.size : REPLID_SIZE;
    if (size > 0 && memcmp(unread.data, f->mark, size) != 0) return -1;
    if (size < REPLID_SIZE) return 0;
    f->start += size;
    f->at = f->start;
    return 1;
}

static enum follow_event complete(struct follow *f)
{
    const struct rdb_read_info *info = rdb_reader_info(f->rdb);
    int db = info->stream_db;
    memcpy(f->sync_names, info->names, sizeof f->sync_names);
    f->sync_db = db > 0 && db < f->options.databases ? db : 0;
    rdb_reader_free(f->rdb);
    f->rdb = NULL;
    f->loaded = f->loading;
    f->loading = NULL;
    return FOLLOW_LOADED;
}

enum follow_event sync_next(struct follow *f, int64_t now_us)
{
    if (f->loaded) return FOLLOW_LOADED;
    if (!f->rdb) {
        read_header(f, now_us);
        if (!f->rdb) return FOLLOW_NOTHING;
    }
    if (!f->rdb_complete && (!read_file(f, now_us) || !f->rdb_complete)) return FOLLOW_NOTHING;
    int mark = check_mark(f);
    if (mark < 0) return follow_fail(f, "the payload does not end with its mark", now_us);
    return mark > 0 ? complete(f) : FOLLOW_NOTHING;
}

/* Sets aside what has been loaded so far: freeing it at once could take long. */
static void scrap(struct follow *f, struct keyspace *ks)
{
    if (!ks) return;
    if (f->scrap) keyspace_free(f->scrap);
    keyspace_flush(ks, -1);
    f->scrap = ks;
}

void sync_drop(struct follow *f)
{
    if (f->rdb) rdb_reader_free(f->rdb);
    scrap(f, f->loading);
    scrap(f, f->loaded);
    f->rdb = NULL;
    f->loading = f->loaded = NULL;
}

void sync_tidy(struct follow *f)
{
    enum { TIDY_SLICE = 1000 };
    if (!f->scrap || keyspace_tidy(f->scrap, TIDY_SLICE)) return;
    keyspace_free(f->scrap);
    f->scrap = NULL;
}

/* ---- a primary that has lost its data -------------------------------------------------------------------------- */

void follow_had(struct follow *f, const char *replid)
{
    text_copy(f->came_from, sizeof f->came_from, replid);
}

void follow_had_nothing(struct follow *f)
{
    f->came_from[0] = '\0';
    f->was_in_step = false;
}

static int64_t loaded_keys(const struct follow *f)
{
    int64_t keys = 0;
    for (int db = 0; db < keyspace_databases(f->loaded); db++) keys += (int64_t)keyspace_size(f->loaded, db);
    return keys;
}

static bool goes_on(const struct follow *f)
{
    struct slice replid = slice_of(f->sync_replid, REPLID_SIZE);
    return f->sync_shared >= 0 || f->sync_handed_on || slice_equal(replid, slice_text(f->log->replid)) ||
           slice_equal(replid, slice_text(f->came_from));
}

bool follow_lost_data(const struct follow *f, int64_t keys)
{
    if (!f->options.refuses_older || !f->loaded || f->came_from[0] == '\0' || goes_on(f)) return false;
    int64_t there = loaded_keys(f);
    bool older = f->was_in_step && f->sync_offset < log_offset(f->log) && there < keys;
    return keys > 0 && (there == 0 || older);
}

void follow_refuse(struct follow *f, int64_t keys, int64_t now_us)
{
    char what[FOLLOW_WHY_MAX];
    int size = snprintf(what, sizeof what,
                        "%" PRId64 " keys at offset %" PRId64 ", here %" PRId64 " at %" PRId64
                        " (replica-refuse-older-history)",
                        loaded_keys(f), f->sync_offset, keys, log_offset(f->log));
    follow_fail_with(f, "the primary has lost its data", slice_of(what, (size_t)size), now_us);
}

void follow_adopted(struct follow *f, int64_t now_us)
{
    if (!f->loaded) return;
    keyspace_free(f->loaded); /* empty by now */
    f->loaded = NULL;
    log_join_history(f->log, slice_of(f->sync_replid, REPLID_SIZE), f->sync_offset, f->sync_shared);
    lineage_read(&f->log->lineage, slice_text(f->sync_names));
    f->distrust = false;
    stream_begin(f, f->sync_db, now_us);
}
