/* backup.c: the data of one moment, handed out piece by piece to whoever asks for a backup (node.h, node_backup_begin).
 *
 * It shares the keyspace's one view with snapshots and full synchronisations: who comes first has it, and the others
 * wait. What a command is about to change is copied before (store/view.h) and waits on the tape; when more waits than a
 * snapshot may hold, the backup is given up: it never costs the node more than that. So it is when the data is replaced
 * by another's.
 *
 * Leaves out: what becomes of the pieces (persist/backup.h makes a file of them).
 */
#include <stdio.h>

#include "node/internal.h"

struct backup {
    struct memory *memory;
    int64_t id;
    struct rdb_writer *writer; /* NULL: there is nothing more to come */
    struct tape tape;
    const char *failed; /* why; NULL: it has not */
};

static void close_view(struct backup *b)
{
    rdb_writer_close(b->writer);
    b->writer = NULL;
}

static void fail(struct backup *b, const char *why)
{
    b->failed = why;
    close_view(b);
    tape_reset(&b->tape, 0);
}

static void drop(struct node *n)
{
    struct backup *b = n->backup;
    n->backup = NULL;
    if (!b) return;
    close_view(b);
    tape_free(&b->tape);
    memory_free(b->memory, b, sizeof *b);
}

void backup_free(struct node *n) { drop(n); }

void backup_replaced(struct node *n)
{
    if (n->backup && n->backup->writer) fail(n->backup, "ERR the data has been replaced by another node's");
}

bool backup_has_view(const struct node *n) { return n->backup && n->backup->writer; }

static const char *refuses(const struct node *n)
{
    if (persistence_loads(&n->persistence)) return "LOADING the node is loading its data";
    if (!persistence_view_is_free(n)) return "BUSY a snapshot or another backup is under way";
    return NULL;
}

const char *node_backup_begin(struct node *n, struct node_backup *info)
{
    struct rdb_info rdb;
    const char *wrong = refuses(n);
    if (wrong) return wrong;
    drop(n);
    struct backup *b = memory_alloc_zero(&n->memory, sizeof *b);
    if (!b) return "OOM out of memory";
    topology_info(n, &rdb);
    rdb.checksum = true;
    if (info->created_s != 0) rdb.created_s = info->created_s;
    b->memory = &n->memory;
    b->id = ++n->next_backup;
    tape_init(&b->tape, &n->memory, 0);
    b->writer = rdb_writer_open(&n->memory, n->keyspace, &b->tape, &rdb);
    n->backup = b;
    if (!b->writer) {
        drop(n);
        return "OOM out of memory";
    }
    info->id = b->id;
    info->offset = rdb.offset;
    memcpy(info->replid, n->log.replid, sizeof info->replid);
    return NULL;
}

/* Everything that waits on the tape. */
static bool take(struct backup *b, struct bytes *out)
{
    struct slice slice;
    struct tape_cursor cursor = tape_seek(&b->tape, b->tape.start);
    while (tape_peek(&b->tape, &cursor, &slice, 1) > 0) {
        if (!bytes_append_slice(out, slice)) return false;
        tape_advance(&b->tape, &cursor, slice.size);
    }
    tape_reset(&b->tape, 0);
    return true;
}

static size_t held(const struct backup *b)
{
    return (size_t)(b->tape.end - b->tape.start) + rdb_writer_held(b->writer);
}

static void step(struct node *n, struct backup *b, size_t budget)
{
    if (!b->writer) return;
    int more = rdb_writer_step(b->writer, budget);
    if (more == 0) close_view(b);
    if (more < 0) fail(b, "OOM out of memory");
    if (more > 0 && held(b) > persistence_held_max(n) + budget)
        fail(b, "ERR too much has changed since it was begun");
}

enum node_backup_result node_backup_next(struct node *n, int64_t id, size_t budget, struct bytes *out,
                                         const char **error)
{
    struct backup *b = n->backup;
    if (!b || b->id != id) {
        *error = "ERR the node has been restarted";
        return NODE_BACKUP_FAILED;
    }
    step(n, b, budget);
    if (!b->failed && !take(b, out)) fail(b, "OOM out of memory");
    *error = b->failed;
    if (b->failed) return NODE_BACKUP_FAILED;
    if (b->writer) return NODE_BACKUP_MORE;
    drop(n);
    return NODE_BACKUP_DONE;
}

void node_backup_end(struct node *n, int64_t id)
{
    if (n->backup && n->backup->id == id) drop(n);
}

void node_backup_progress(const struct node *n, int64_t id, size_t *done, size_t *total)
{
    const struct backup *b = n->backup;
    *done = *total = 0;
    if (b && b->id == id && b->writer) rdb_writer_progress(b->writer, done, total);
}
