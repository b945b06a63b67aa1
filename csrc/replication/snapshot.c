/* snapshot.c: an RDB writer, its tape, and a count of readers.
 *
 * SPDX-License-Identifier: MIT */
#include "replication/snapshot.h"

struct snapshot *snapshot_open(struct memory *m, struct keyspace *ks, const struct log *l, struct random *r,
                               const struct rdb_info *info)
{
    struct snapshot *s = memory_alloc_zero(m, sizeof *s);
    if (!s) return NULL;
    s->memory = m;
    s->offset = log_offset(l);
    tape_init(&s->tape, m, 0);
    random_hex(r, s->mark, REPLID_SIZE);

    struct rdb_info mine = *info;
    mine.replid = l->replid;
    mine.offset = s->offset;
    mine.stream_db = l->db < 0 ? 0 : l->db;
    s->writer = rdb_writer_open(m, ks, &s->tape, &mine);
    if (!s->writer) {
        tape_free(&s->tape);
        memory_free(m, s, sizeof *s);
        return NULL;
    }
    return s;
}

static void close_writer(struct snapshot *s)
{
    rdb_writer_close(s->writer);
    s->writer = NULL;
}

bool snapshot_step(struct snapshot *s, size_t budget)
{
    if (!s->writer) return false;
    int more = rdb_writer_step(s->writer, budget);
    if (more > 0) return true;
    s->complete = more == 0;
    s->failed = more < 0;
    close_writer(s);
    return false;
}

int64_t snapshot_due_us(const struct snapshot *s, int64_t key_us)
{
    int64_t due = s->writer ? rdb_writer_due_us(s->writer, key_us) : 0;
    return due > 0 ? s->began_us + due : 0;
}

void snapshot_cancel(struct snapshot *s)
{
    if (!s->writer) return;
    s->failed = true;
    close_writer(s);
}

void snapshot_release(struct snapshot *s)
{
    if (--s->readers > 0) return;
    if (s->writer) close_writer(s);
    tape_free(&s->tape);
    memory_free(s->memory, s, sizeof *s);
}
