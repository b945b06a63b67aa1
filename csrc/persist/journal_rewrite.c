/* journal_rewrite.c: another base for the journal, and the manifests that name it.
 *
 * See journal.h for the five steps. Each stage asks the disk for a few operations; the next stage is begun when all of
 * them have worked. A manifest is replaced by a rename, so there is always one, and it is whole.
 *
 * SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>

#include "base/crc64.h"
#include "persist/journal_internal.h"

static const char temporary_base[] = "temp-rewrite.rdb";

/* ---- beginning and end ---- */

static void name_file(const struct journal *j, char file[MANIFEST_NAME_MAX + 1], int64_t seq,
                      const char *kind)
{
    snprintf(file, MANIFEST_NAME_MAX + 1, "%.200s.%" PRId64 ".%s", j->name, seq, kind);
}

bool journal_can_rewrite(const struct journal *j)
{
    return j->known && !j->rewriting && !j->switch_due && !j->break_due;
}

int64_t journal_wants_rewrite(const struct journal *j)
{
    return journal_can_rewrite(j) && !j->good && j->activity == JOURNAL_IDLE ? j->retry_us : INT64_MAX;
}

bool journal_rewrite(struct journal *j, struct keyspace *ks, const struct rdb_info *info,
                     const struct journal_origin *origin, size_t held_max)
{
    char temporary[DISK_NAME_MAX + 1], path[DISK_NAME_MAX + 1];
    if (!journal_can_rewrite(j)) return false;
    name_file(j, j->base_file, j->seq + 1, "base.rdb");
    name_file(j, j->next_file, j->seq + 1, "incr.aof");
    struct save_options options = {.memory = j->options.memory,
                                   .keyspace = ks,
                                   .disk = j->options.disk,
                                   .temporary = journal_path(j, temporary_base, temporary),
                                   .name = journal_path(j, j->base_file, path),
                                   .held_max = held_max};
    j->base = save_open(&options, info);
    if (!j->base) {
        j->stats.failed_in_a_row++;
        j->stats.last_rewrite_ok = false;
        j->retry_us = j->turn.now_us + JOURNAL_RETRY_US;
        return false;
    }
    j->seq++;
    j->rewriting = j->switch_due = true;
    j->based = false;
    j->switch_origin = *origin;
    j->stats.began_us = j->turn.now_us;
    return true;
}

void journal_step(struct journal *j, size_t budget)
{
    size_t done, total;
    if (!j->base) return;
    save_slow_down(j->base, j->turn.key_us, j->turn.now_us - j->stats.began_us);
    enum save_state state = save_step(j->base, budget);
    if (state == SAVE_FAILED) {
        char why[160];
        text_copy(why, sizeof why, save_error(j->base));
        journal_rewrite_fails(j, why);
    } else if (state == SAVE_DONE) {
        save_progress(j->base, &done, &total, &j->next_base_size);
        j->stats.base_held_peak = save_held_peak(j->base);
        save_close(j->base);
        j->base = NULL;
        j->based = true;
    }
}

/* The increment that was written for a base that will not come. */
static void give_up_increment(struct journal *j)
{
    if (j->file[0] != '\0' && !journal_names(j, j->file)) journal_discard(j, j->file);
    j->file[0] = '\0';
    j->torn = false; /* what a group has left in it goes with it */
    j->name_count = 0;
    j->retry_us = j->turn.now_us + JOURNAL_RETRY_US;
}

/* A change of increments that has begun goes on: the manifest may name the new one already. */
void journal_rewrite_fails(struct journal *j, const char *why)
{
    if (!j->rewriting) return;
    if (why != j->error) text_copy(j->error, sizeof j->error, why);
    save_close(j->base);
    j->base = NULL;
    if (j->based && !journal_names(j, j->base_file)) journal_discard(j, j->base_file);
    if (j->activity != JOURNAL_SWITCHES) j->switch_due = false;
    if (!j->good) give_up_increment(j);
    j->rewriting = j->based = false;
    j->stats.failed_in_a_row++;
    j->stats.last_rewrite_ok = false;
    j->stats.last_took_us = j->turn.now_us - j->stats.began_us;
}

/* ---- manifests ---- */

static void temporary_manifest(const struct journal *j, char file[MANIFEST_NAME_MAX + 1])
{
    snprintf(file, MANIFEST_NAME_MAX + 1, "temp-%.200s.manifest", j->name);
}

/* Asks for j->next to be written, durably, under another name. */
static void write_manifest(struct journal *j)
{
    char file[MANIFEST_NAME_MAX + 1], path[DISK_NAME_MAX + 1];
    struct bytes text;
    temporary_manifest(j, file);
    journal_path(j, file, path);
    bytes_init(&text, j->options.memory);
    struct disk_op *op = NULL;
    journal_ask_remove(j, file);
    if (manifest_write(&j->next, &text)) {
        size_t size = text.size;
        op = disk_write(j->options.disk, DISK_LANE_JOURNAL, j, path, 0, &text);
        if (op) j->flying += size;
    }
    bytes_free(&text);
    journal_asked(j, op);
    journal_ask_sync(j, file);
}

static void rename_manifest(struct journal *j)
{
    char file[MANIFEST_NAME_MAX + 1], from[DISK_NAME_MAX + 1], to[DISK_NAME_MAX + 1];
    temporary_manifest(j, file);
    journal_path(j, file, from);
    snprintf(file, sizeof file, "%.200s.manifest", j->name);
    journal_asked(j, disk_rename(j->options.disk, DISK_LANE_JOURNAL, j, from, journal_path(j, file, to)));
}

/* Whether the rename has happened nobody knows for certain: what it named must stay until another manifest is there. */
static void manifest_unknown(struct journal *j, const char *file)
{
    j->doubted = true;
    if (!journal_names(j, file)) manifest_add(&j->manifest, MANIFEST_HISTORY, j->seq, file);
}

/* What is on the disk now is j->next. */
static void manifest_replaced(struct journal *j)
{
    struct manifest old = j->manifest;
    j->manifest = j->next;
    j->doubted = false;
    j->next = old;
    j->next.count = 0;
}

/* ---- steps 1 and 2: another increment ---- */

bool journal_switch_due(const struct journal *j)
{
    return j->switch_due && (!j->good || j->written == j->switch_origin.offset);
}

/* The new increment's first frame: SELECT and where it stands. */
static bool make_first_frame(struct journal *j, struct bytes *out)
{
    char line[JOURNAL_FRAME_MAX];
    struct bytes lines;
    bytes_init(&lines, j->options.memory);
    journal_put_select(&lines, j->switch_origin.db);
    journal_put_origin(&lines, &j->switch_origin);
    struct journal_frame frame = {
        .size = (int64_t)lines.size, .offset = j->switch_origin.offset, .synced = j->synced};
    size_t size = journal_begin_frame(line, &frame);
    size = journal_end_frame(line, size, crc64(crc64(0, line, size), lines.data, lines.size));
    bool made =
        !lines.failed && bytes_append(out, line, size) && bytes_append_slice(out, bytes_slice(&lines));
    bytes_free(&lines);
    return made;
}

static void write_first_frame(struct journal *j)
{
    char path[DISK_NAME_MAX + 1];
    struct bytes frame;
    struct disk_op *op = NULL;
    bytes_init(&frame, j->options.memory);
    journal_ask_remove(j, j->next_file);
    if (make_first_frame(j, &frame)) {
        size_t size = frame.size;
        j->next_position = (int64_t)size;
        op =
            disk_write(j->options.disk, DISK_LANE_JOURNAL, j, journal_path(j, j->next_file, path), 0, &frame);
        if (op) j->flying += size;
    }
    bytes_free(&frame);
    journal_asked(j, op);
    journal_ask_sync(j, j->next_file);
}

static void name_next_increment(struct journal *j)
{
    if (!manifest_copy(&j->next, &j->manifest) ||
        !manifest_add(&j->next, MANIFEST_INCR, j->seq, j->next_file))
        journal_asked(j, NULL);
    else
        write_manifest(j);
}

static void switched(struct journal *j)
{
    if (j->good) {
        manifest_replaced(j);
        j->older_size += j->position;
    } else {
        j->written = j->switch_origin.offset;
    }
    memcpy(j->file, j->next_file, sizeof j->file);
    j->position = j->next_position;
    j->switch_due = false;
    journal_end(j);
    if (!j->good && !j->rewriting) give_up_increment(j);
}

enum switch_stage { SWITCH_OLD_SYNCED = 1, SWITCH_BEGUN, SWITCH_NAMED, SWITCH_DONE };

void journal_switch_begin(struct journal *j)
{
    journal_begin(j, JOURNAL_SWITCHES);
    if (j->good && j->synced < j->written) journal_ask_sync(j, j->file);
}

/* The old increment goes on, unless it is not known what it holds or whether it is still the last. */
static void switch_failed(struct journal *j)
{
    bool unknown = j->stage == 0 || j->stage == SWITCH_NAMED;
    if (j->stage == SWITCH_NAMED)
        manifest_unknown(j, j->next_file);
    else
        journal_discard(j, j->next_file);
    j->switch_due = false;
    journal_end(j);
    if (unknown)
        journal_lose_chain(j);
    else
        journal_rewrite_fails(j, j->error);
}

/* With a good chain the old increment must be durable before the new one is named behind it: there must be no gap. */
void journal_switch_go_on(struct journal *j)
{
    if (j->pending > 0) return;
    bool lost = j->stage == 0 && j->good && j->break_due;
    if (j->bad || lost) {
        switch_failed(j);
        return;
    }
    switch (++j->stage) {
    case SWITCH_OLD_SYNCED:
        if (j->good) journal_note_synced(j, j->written);
        write_first_frame(j);
        break;
    case SWITCH_BEGUN:
        if (j->good)
            name_next_increment(j);
        else
            switched(j);
        break;
    case SWITCH_NAMED: rename_manifest(j); break;
    case SWITCH_DONE: switched(j); break;
    }
}

/* ---- step 4: the new base takes the place of the old ---- */

bool journal_install_due(const struct journal *j) { return j->rewriting && j->based && !j->switch_due; }

static void name_base(struct journal *j)
{
    bool named = manifest_copy(&j->next, &j->manifest);
    manifest_retire(&j->next);
    /* the increment that goes with it may be history just now */
    for (size_t i = 0; i < j->next.count; i++)
        if (strcmp(j->next.files[i].name, j->file) == 0) j->next.files[i].type = MANIFEST_INCR;
    if (named && !manifest_last(&j->next)) named = manifest_add(&j->next, MANIFEST_INCR, j->seq, j->file);
    if (named) named = manifest_add(&j->next, MANIFEST_BASE, j->seq, j->base_file);
    if (named)
        write_manifest(j);
    else
        journal_asked(j, NULL);
}

static void installed(struct journal *j)
{
    manifest_replaced(j);
    j->good = true;
    j->rewriting = j->based = false;
    journal_note_synced(j, j->install_to);
    j->error[0] = '\0';
    j->base_size = j->next_base_size;
    j->older_size = 0;
    j->clean_due = true;
    j->stats.rewrites++;
    j->stats.failed_in_a_row = 0;
    j->stats.last_rewrite_ok = true;
    j->stats.last_took_us = j->turn.now_us - j->stats.began_us;
    journal_end(j);
}

enum install_stage { INSTALL_SYNCED = 1, INSTALL_NAMED, INSTALL_DONE };

void journal_install_begin(struct journal *j)
{
    journal_begin(j, JOURNAL_INSTALLS);
    j->install_to = j->written;
    journal_ask_sync(j, j->file);
}

static void install_failed(struct journal *j)
{
    bool unknown = j->stage == 0;
    if (j->stage == INSTALL_NAMED) {
        manifest_unknown(j, j->base_file);
        manifest_unknown(j, j->file);
    }
    journal_end(j);
    if (unknown)
        journal_lose_chain(j);
    else
        journal_rewrite_fails(j, j->error);
}

void journal_install_go_on(struct journal *j)
{
    if (j->pending > 0) return;
    bool lost = j->stage == 0 && j->break_due;
    if (j->bad || lost) {
        install_failed(j);
        return;
    }
    switch (++j->stage) {
    case INSTALL_SYNCED: name_base(j); break;
    case INSTALL_NAMED: rename_manifest(j); break;
    case INSTALL_DONE: installed(j); break;
    }
}

/* ---- step 5: history goes ---- */

/* Asks for what is history to be removed; how many files that are. */
static int remove_history(struct journal *j)
{
    int count = 0;
    for (size_t i = 0; i < j->manifest.count; i++) {
        if (j->manifest.files[i].type != MANIFEST_HISTORY) continue;
        journal_ask_remove(j, j->manifest.files[i].name);
        count++;
    }
    return count;
}

/* What a manifest names that may be there must not go: first there is one for certain that calls it history. */
static void make_certain(struct journal *j)
{
    if (manifest_copy(&j->next, &j->manifest))
        write_manifest(j);
    else
        journal_asked(j, NULL);
}

void journal_clean_begin(struct journal *j)
{
    journal_begin(j, JOURNAL_CLEANS);
    j->clean_due = false;
    if (j->doubted)
        make_certain(j);
    else if (remove_history(j) == 0)
        journal_end(j);
}

static void make_certain_go_on(struct journal *j)
{
    if (++j->stage == 1) {
        rename_manifest(j);
        return;
    }
    manifest_replaced(j);
    j->clean_due = true;
    journal_end(j);
}

static void forget_history(struct journal *j)
{
    if (!manifest_copy(&j->next, &j->manifest)) {
        journal_asked(j, NULL);
        return;
    }
    manifest_forget(&j->next);
    write_manifest(j);
}

enum clean_stage { CLEAN_REMOVED = 1, CLEAN_NAMED, CLEAN_DONE };

/* What fails here costs some room, until the next rewrite. */
void journal_clean_go_on(struct journal *j)
{
    if (j->pending > 0) return;
    if (j->bad) {
        if (j->good) j->error[0] = '\0';
        journal_end(j);
        return;
    }
    if (j->doubted) {
        make_certain_go_on(j);
        return;
    }
    switch (++j->stage) {
    case CLEAN_REMOVED: forget_history(j); break;
    case CLEAN_NAMED: rename_manifest(j); break;
    case CLEAN_DONE:
        manifest_replaced(j);
        journal_end(j);
        break;
    }
}
