/* journal.c: a journal's life and its turns: what its lane of the disk does next.
 *
 * One activity at a time; each is a few operations in a row, and waits for all of them before it goes on or gives up.
 * The order of precedence, when several are due, is that of journal_choose.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "persist/journal_internal.h"

struct journal *journal_new(const struct journal_options *options)
{
    struct journal *j = memory_alloc_zero(options->memory, sizeof *j);
    if (!j) return NULL;
    j->options = *options;
    text_copy(j->directory, sizeof j->directory, options->directory);
    text_copy(j->name, sizeof j->name, options->name);
    manifest_init(&j->manifest, options->memory);
    manifest_init(&j->next, options->memory);
    bytes_init(&j->head, options->memory);
    j->synced = -1;
    j->stats.last_took_us = -1;
    j->stats.last_rewrite_ok = true;
    return j;
}

void journal_free(struct journal *j)
{
    if (!j) return;
    save_close(j->base);
    disk_forget(j->options.disk, j);
    disk_forget(j->options.disk, &j->syncing);
    manifest_free(&j->manifest);
    manifest_free(&j->next);
    bytes_free(&j->head);
    memory_free(j->options.memory, j, sizeof *j);
}

bool journal_adopt(struct journal *j, const struct journal_found *found, const struct journal_origin *origin)
{
    if (!manifest_copy(&j->manifest, found->manifest)) return false;
    j->seq = manifest_highest(&j->manifest);
    j->known = true;
    j->base_size = found->base_size;
    j->clean_due = true;
    const struct manifest_file *last = manifest_last(&j->manifest);
    if (found->position < 0 || !last) return true;
    text_copy(j->file, sizeof j->file, last->name);
    j->position = found->position;
    j->older_size = found->size - found->base_size - found->position;
    j->written = found->offset;
    j->good = j->torn = true;
    journal_rename(j, origin);
    return true;
}

/* ---- what activities are made of ---- */

const char *journal_path(const struct journal *j, const char *file, char path[DISK_NAME_MAX + 1])
{
    struct slice parts[] = {slice_text(j->directory), slice_text("/"), slice_text(file)};
    size_t size = 0;
    for (int i = 0; i < 3; i++) {
        if (size + parts[i].size > DISK_NAME_MAX) return "/"; /* no driver takes it */
        memcpy(path + size, parts[i].data, parts[i].size);
        size += parts[i].size;
    }
    path[size] = '\0';
    return path;
}

static void note_failure(struct journal *j, enum disk_kind kind, const char *file, const char *why)
{
    if (!j->bad) j->failed = kind;
    j->bad = true;
    snprintf(j->error, sizeof j->error, "%.80s: %.70s", file, why[0] ? why : "the disk failed");
}

void journal_asked(struct journal *j, const struct disk_op *op)
{
    if (op)
        j->pending++;
    else
        note_failure(j, DISK_WRITE, j->name, "out of memory");
}

void journal_ask_sync(struct journal *j, const char *file)
{
    char path[DISK_NAME_MAX + 1];
    journal_asked(j, disk_sync(j->options.disk, DISK_LANE_JOURNAL, j, journal_path(j, file, path)));
}

void journal_ask_remove(struct journal *j, const char *file)
{
    char path[DISK_NAME_MAX + 1];
    journal_asked(j, disk_remove(j->options.disk, DISK_LANE_JOURNAL, j, journal_path(j, file, path)));
}

void journal_discard(struct journal *j, const char *file)
{
    char path[DISK_NAME_MAX + 1];
    disk_remove(j->options.disk, DISK_LANE_JOURNAL, NULL, journal_path(j, file, path));
}

void journal_begin(struct journal *j, enum journal_activity activity)
{
    j->activity = activity;
    j->stage = 0;
    j->bad = false;
}

void journal_end(struct journal *j) { j->activity = JOURNAL_IDLE; }

/* What a sync could not write the system may forget: one that works after it says nothing of the file. */
static bool sync_has_failed(const struct journal *j)
{
    return j->break_due || (j->activity != JOURNAL_IDLE && j->bad && j->failed == DISK_SYNC);
}

void journal_note_synced(struct journal *j, int64_t offset)
{
    if (j->good && !sync_has_failed(j) && offset > j->synced) j->synced = offset;
}

void journal_lose_chain(struct journal *j)
{
    j->good = j->torn = j->break_due = false;
    journal_rewrite_fails(j, j->error);
    j->file[0] = '\0';
    j->name_count = 0;
    j->chain++;
    j->retry_us = j->turn.now_us + JOURNAL_RETRY_US;
}

void journal_break(struct journal *j)
{
    j->synced = -1;
    j->break_due = true;
    j->name_count = 0;
}

void journal_rename(struct journal *j, const struct journal_origin *origin)
{
    if (j->file[0] == '\0' && !j->switch_due) return; /* the next file begins with it */
    if (j->name_count == JOURNAL_NAMES) {
        int64_t synced = j->synced;
        journal_break(j);
        j->synced = synced;
        return;
    }
    j->names[j->name_count++] = *origin;
}

void journal_flush(struct journal *j, bool flush) { j->flushing = flush; }

bool journal_names(const struct journal *j, const char *file)
{
    for (size_t i = 0; i < j->manifest.count; i++)
        if (strcmp(j->manifest.files[i].name, file) == 0) return true;
    return false;
}

/* ---- the manifest of an earlier life ---- */

/* Its files become history with the first rewrite; until then they stay as they are, and no file takes the name of one. */
static void look(struct journal *j)
{
    char file[MANIFEST_NAME_MAX + 1], path[DISK_NAME_MAX + 1];
    snprintf(file, sizeof file, "%.200s.manifest", j->name);
    journal_begin(j, JOURNAL_LOOKS);
    journal_asked(j, disk_read(j->options.disk, DISK_LANE_JOURNAL, j, journal_path(j, file, path), 0,
                               MANIFEST_SIZE_MAX));
}

static void looked(struct journal *j, const struct disk_op *op)
{
    int line;
    if (op->state != DISK_OK && op->state != DISK_MISSING) return;
    const char *wrong =
        op->state == DISK_OK ? manifest_parse(&j->manifest, bytes_slice(&op->data), &line) : NULL;
    if (wrong) {
        note_failure(j, DISK_READ, op->name, wrong);
        manifest_free(&j->manifest);
        return;
    }
    j->known = true;
    j->seq = manifest_highest(&j->manifest);
    j->error[0] = '\0';
}

static void look_go_on(struct journal *j)
{
    if (j->pending > 0) return;
    journal_end(j);
    if (!j->known) j->retry_us = j->turn.now_us + JOURNAL_RETRY_US;
}

/* ---- turns ---- */

static void take_completed(struct journal *j)
{
    struct disk_op *op;
    while ((op = disk_take(j->options.disk, j)) != NULL) {
        j->pending--;
        if (op->kind == DISK_WRITE) j->flying -= op->data.size;
        bool missing = op->kind == DISK_READ && op->state == DISK_MISSING;
        if (op->state != DISK_OK && !missing) note_failure(j, op->kind, op->name, op->error);
        if (op->kind == DISK_READ) looked(j, op);
        disk_op_free(j->options.disk, op);
    }
}

static void go_on(struct journal *j)
{
    switch (j->activity) {
    case JOURNAL_IDLE: break;
    case JOURNAL_LOOKS: look_go_on(j); break;
    case JOURNAL_REPAIRS: journal_repair_go_on(j); break;
    case JOURNAL_WRITES: journal_group_go_on(j); break;
    case JOURNAL_SYNCS: journal_sync_go_on(j); break;
    case JOURNAL_SWITCHES: journal_switch_go_on(j); break;
    case JOURNAL_INSTALLS: journal_install_go_on(j); break;
    case JOURNAL_CLEANS: journal_clean_go_on(j); break;
    }
}

/* Begins what comes first of all that is due. */
static void choose(struct journal *j)
{
    if (j->turn.now_us < j->retry_us) return;
    if (!j->known)
        look(j);
    else if (j->torn)
        journal_repair_begin(j);
    else if (journal_switch_due(j))
        journal_switch_begin(j);
    else if (journal_install_due(j))
        journal_install_begin(j);
    else if (journal_group_due(j))
        journal_group_begin(j);
    else if (j->good && j->written > j->synced && journal_syncs_at_once(j))
        journal_sync_begin(j);
    else if (j->clean_due && j->good && !j->rewriting)
        journal_clean_begin(j);
}

void journal_take(struct journal *j, const struct journal_turn *turn)
{
    j->turn = *turn;
    take_completed(j);
    journal_sync_by_time(j);
    go_on(j);
}

void journal_settle(struct journal *j)
{
    for (;;) {
        go_on(j);
        if (j->activity != JOURNAL_IDLE) break;
        if (j->break_due) {
            journal_lose_chain(j);
            j->retry_us = 0;
        }
        choose(j);
        if (j->activity == JOURNAL_IDLE) break;
    }
    journal_sync_by_time(j);
}

int64_t journal_deadline(const struct journal *j)
{
    int64_t deadline = journal_syncs_by_time(j) && !j->syncing ? j->next_sync_us : INT64_MAX;
    bool retries = j->torn || !j->known;
    if (j->base && save_walks(j->base)) return 0;
    if (j->base && save_next_key_us(j->base) > 0) {
        int64_t due = j->stats.began_us + save_next_key_us(j->base);
        if (due < deadline) deadline = due;
    }
    return retries && j->activity == JOURNAL_IDLE && j->retry_us < deadline ? j->retry_us : deadline;
}

/* ---- what can be seen of it ---- */

int64_t journal_synced(const struct journal *j) { return j->synced; }

int64_t journal_written(const struct journal *j) { return j->good ? j->written : -1; }

int64_t journal_reader(const struct journal *j)
{
    if (j->break_due) return INT64_MAX;
    if (j->file[0] != '\0') return j->written;
    return j->switch_due ? j->switch_origin.offset : INT64_MAX;
}

const char *journal_error(const struct journal *j)
{
    return j->error[0] != '\0' && (j->torn || !j->good) ? j->error : NULL;
}

struct save *journal_base(struct journal *j) { return j->base; }

bool journal_rewriting(const struct journal *j) { return j->rewriting; }

bool journal_settled(const struct journal *j)
{
    bool writes = j->activity == JOURNAL_IDLE || j->activity == JOURNAL_WRITES;
    return j->good && writes && !j->rewriting && !j->clean_due;
}

void journal_stats(const struct journal *j, struct journal_stats *stats)
{
    *stats = j->stats;
    stats->good = j->good;
    stats->rewriting = j->rewriting || !j->known;
    stats->syncing = j->syncing;
    stats->base_size = j->base_size;
    stats->size = j->base_size + j->older_size + j->position;
    stats->increments = manifest_increments(&j->manifest);
    if (!j->rewriting) stats->began_us = -1;
}
