/* feed_internal.h: what feed.c and feeds.c need of each other. */
#ifndef TIDELOCK_REPLICATION_FEED_INTERNAL_H
#define TIDELOCK_REPLICATION_FEED_INTERNAL_H

#include "replication/feed.h"

enum {
    FEED_SNAPSHOT_SLICE = 16 * 1024, /* bytes a snapshot goes on by when a reader wants more … */
    FEED_SNAPSHOT_TURN = 48 * 1024   /* … and by which it goes on between two calls of feeds_advance */
};

/* WAITING -> SNAPSHOT: becomes a reader of `s`. */
void feed_begin_payload(struct feed *f, struct snapshot *s);
/* Adds a line to what is sent next. */
void feed_say(struct feed *f, const char *line);
/* From which position on the log must be kept for this feed, INT64_MAX: it does not need it. */
int64_t feed_log_position(const struct feed *f);
/* A reader wants more: the snapshot goes on by a slice, unless it is enough for this turn; when it ends the feeds are free to begin another. */
void feeds_step_snapshot(struct feeds *fs);
/* A replica has just come: there is nothing to be done once a second before a second has passed. */
void feeds_wait_a_second(struct feeds *fs, int64_t now_us);

#endif
