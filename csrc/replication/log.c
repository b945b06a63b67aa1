/* log.c: the stream of effects and its names.
 *
 * SPDX-License-Identifier: MIT */
#include "replication/log.h"

#include <stdio.h>
#include <strings.h>

enum {
    MARK_DISTANCE_US = 1000, /* marks closer than this are one */
    MARK_SPANS = 6           /* how many times its span a mark grows old; less when there is no room */
};

/* ---- names ---------------------------------------------------------------------------------------------------- */

static void new_replid(struct log *l, struct random *r)
{
    random_hex(r, l->replid, REPLID_SIZE);
    l->replid[REPLID_SIZE] = '\0';
    l->generation++;
}

static void forget_second(struct log *l)
{
    memset(l->replid2, '0', REPLID_SIZE);
    l->replid2[REPLID_SIZE] = '\0';
    l->second_offset = -1;
}

static void keep_as_second(struct log *l)
{
    memcpy(l->replid2, l->replid, sizeof l->replid2);
    l->second_offset = log_offset(l) + 1;
    l->second_db = l->db < 0 ? 0 : l->db;
}

static void set_replid(struct log *l, struct slice replid)
{
    size_t size = replid.size < REPLID_SIZE ? replid.size : REPLID_SIZE;
    memset(l->replid, '0', REPLID_SIZE);
    memcpy(l->replid, replid.data, size);
    l->generation++;
}

static bool is_named(struct slice replid, const char *name)
{
    return replid.size == REPLID_SIZE && strncasecmp(replid.data, name, REPLID_SIZE) == 0;
}

void log_init(struct log *l, struct memory *m, struct random *r, int64_t backlog_size)
{
    *l = (struct log){.backlog_size = backlog_size, .db = -1, .kept_from = INT64_MAX};
    tape_init(&l->tape, m, 0);
    forget_second(l);
    new_replid(l, r);
}

void log_free(struct log *l)
{
    tape_free(&l->tape);
    l->mark_count = 0;
}

void log_new_history(struct log *l, struct random *r)
{
    l->breaks++;
    l->kept_from = INT64_MAX;
    tape_reset(&l->tape, log_offset(l));
    lineage_leave(&l->lineage, l->replid, log_offset(l), true);
    forget_second(l);
    new_replid(l, r);
    l->db = -1;
    l->mark_count = 0;
    if (l->own_from < 0) l->own_from = log_offset(l);
}

void log_unknown_history(struct log *l, struct random *r)
{
    log_new_history(l, r);
    l->lineage.count = 0;
}

void log_fork_history(struct log *l, struct random *r)
{
    lineage_leave(&l->lineage, l->replid, log_offset(l), true);
    keep_as_second(l);
    new_replid(l, r);
    l->db = -1;
    l->own_from = log_offset(l);
}

void log_join_history(struct log *l, struct slice replid, int64_t offset, int64_t shared)
{
    l->breaks++;
    l->has_backlog = true;
    l->kept_from = INT64_MAX;
    if (!is_named(replid, l->replid)) {
        if (shared < 0)
            l->lineage.count = 0;
        else
            lineage_leave(&l->lineage, l->replid, shared, shared < log_offset(l));
    }
    tape_reset(&l->tape, offset);
    forget_second(l);
    set_replid(l, replid);
    l->db = -1;
    l->mark_count = 0;
    l->own_from = -1;
}

void log_rename_history(struct log *l, struct slice replid, int64_t shared)
{
    l->own_from = -1;
    l->has_backlog = true;
    if (is_named(replid, l->replid)) return;
    lineage_leave(&l->lineage, l->replid, shared < 0 ? log_offset(l) : shared, shared >= 0);
    keep_as_second(l);
    set_replid(l, replid);
}

/* ---- what is in it -------------------------------------------------------------------------------------------- */

bool log_append(struct log *l, const void *data, size_t size)
{
    if (log_is_read(l)) return tape_append(&l->tape, data, size);
    tape_skip(&l->tape, size);
    return true;
}

bool log_select(struct log *l, int db)
{
    if (l->db == db) return true;
    char number[16], command[64];
    int digits = snprintf(number, sizeof number, "%d", db);
    int size = snprintf(command, sizeof command, "*2\r\n$6\r\nSELECT\r\n$%d\r\n%s\r\n", digits, number);
    if (!log_append(l, command, (size_t)size)) return false;
    l->db = db;
    return true;
}

/* The position before which the history called `replid` ends here (exclusive, as an offset); -1: no such name. */
static int64_t history_end(const struct log *l, struct slice replid)
{
    if (is_named(replid, l->replid)) return log_offset(l);
    if (l->second_offset > 0 && is_named(replid, l->replid2)) return l->second_offset - 1;
    return -1;
}

bool log_can_continue(const struct log *l, struct slice replid, int64_t from)
{
    return from > l->tape.start && from - 1 <= history_end(l, replid);
}

int64_t log_shared(const struct log *l, struct slice replid, int64_t from)
{
    const struct lineage_name *name = lineage_find(&l->lineage, replid);
    int64_t end = is_named(replid, l->replid) ? log_offset(l) : name ? name->end : -1;
    if (end < 0 || from < 1) return -1;
    return from - 1 < end ? from - 1 : end;
}

enum log_place log_find(const struct log *l, struct slice replid, int64_t offset)
{
    if (!is_named(replid, l->replid)) {
        const struct lineage_name *name = lineage_find(&l->lineage, replid);
        if (!name) return LOG_UNKNOWN;
        if (offset > name->end) return name->exact ? LOG_NOWHERE : LOG_UNKNOWN;
    }
    return offset <= log_offset(l) ? LOG_HERE : LOG_AHEAD;
}

int64_t log_own_bytes(const struct log *l) { return l->own_from < 0 ? 0 : log_offset(l) - l->own_from; }

void log_trim(struct log *l, int64_t reader)
{
    int64_t keep = log_offset(l) - log_backlog(l);
    if (l->kept_from < reader) reader = l->kept_from;
    tape_trim(&l->tape, keep < reader ? keep : reader);
}

/* ---- lag in time ----------------------------------------------------------------------------------------------
 *
 * A mark says: at this time the log had got to this offset. There is room for a few dozen, so the older they are the
 * sparser they stand. Time is cut into slots of 1, 2, 4, 8 ... ms, at the same places for ever. A mark's *span* is the
 * longest slot of which it is the last mark, and it is kept while it is not older than a few times its span:
 *
 *      age in ms    0 .... 6 ........ 12 .................. 24 ................................ 48
 *      kept          all   one per 2 ms   one per 4 ms                 one per 8 ms
 *
 * So lags from a millisecond to hours come out about equally precise. Whether a mark is kept depends on itself and the
 * next one only: one walk thins out all of them, and there is room for many new ones then. */

static int64_t span_ms(int64_t time_us, int64_t next_us)
{
    uint64_t differ = (uint64_t)(time_us / MARK_DISTANCE_US) ^ (uint64_t)(next_us / MARK_DISTANCE_US);
    return INT64_C(1) << (63 - __builtin_clzll(differ | 1));
}

/* From the newest to the oldest, since the next one of each is the one that stays. */
static void drop_marks(struct log *l, int64_t now_us, int spans)
{
    struct log_mark *kept = &l->marks[LOG_MARKS];
    int64_t next_us = now_us;
    for (int i = l->mark_count - 1; i >= 0; i--) {
        struct log_mark mark = l->marks[i];
        int64_t age_ms = (now_us - mark.time_us) / MARK_DISTANCE_US;
        if (age_ms > spans * span_ms(mark.time_us, next_us)) continue;
        *--kept = mark;
        next_us = mark.time_us;
    }
    l->mark_count = (int)(&l->marks[LOG_MARKS] - kept);
    memmove(l->marks, kept, (size_t)l->mark_count * sizeof l->marks[0]);
}

void log_mark_time(struct log *l, int64_t now_us)
{
    int count = l->mark_count;
    struct log_mark mark = {log_offset(l), now_us};
    if (count > 0 && l->marks[count - 1].offset == mark.offset) return;
    if (count > 1 && now_us - l->marks[count - 2].time_us < MARK_DISTANCE_US) {
        l->marks[count - 1] = mark;
        return;
    }
    for (int spans = MARK_SPANS; l->mark_count == LOG_MARKS; spans--) drop_marks(l, now_us, spans);
    l->marks[l->mark_count++] = mark;
}

int64_t log_lag_us(const struct log *l, int64_t offset, int64_t now_us)
{
    if (offset >= log_offset(l)) return 0;
    int low = 0, high = l->mark_count;
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (l->marks[middle].offset > offset)
            high = middle;
        else
            low = middle + 1;
    }
    return low < l->mark_count ? now_us - l->marks[low].time_us : 0;
}
