/* fuzz_journal.c: journals from anyone: the reader of one file, and the recovery from several.
 *
 * The first two bytes of the input say how the rest becomes files and what is asked of the recovery. The rest is up to
 * four files, with a mark between them. Since nothing that was changed has the right checksum, the frames can be sealed:
 * their lines are written anew, so that size, offset and checksum are those of what follows.
 *
 *   - However a file is cut, its reader comes to the same events, and the same error.
 *   - A recovery ends, in data or in an error that has a text; requests of a transaction come all or not at all.
 *   - What it cut off, or stopped before, is no loss: without it, it comes to the same again, and has nothing to cut.
 *   - With too little memory it fails, or it comes to the same.
 *
 * SPDX-License-Identifier: MIT */
#include "base/crc64.h"
#include "fake_disk.h"
#include "persist/journal_read.h"
#include "persist/recover.h"
#include "pieces.h"
#include "rdb_fixture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SEALED = 1, BASE = 2, CUT = 4, SHORT_OF_MEMORY = 8, TO_OFFSET = 16, TO_TIME = 32 };
enum { FILES = 4, BULK_MAX = 1024 * 1024 };

static const char mark[] = "%%%%", frame_mark[] = "#TL:F ";

struct input {
    uint8_t flags, number;
    int count;
    struct bytes files[FILES];
};

/* ---- how an input becomes files ---- */

static const char *find(const char *from, const char *end, const char *what)
{
    size_t size = strlen(what);
    for (; (size_t)(end - from) >= size; from++)
        if (memcmp(from, what, size) == 0) return from;
    return end;
}

/* How far the log is behind `content`, as its reader counts. */
static int64_t offset_behind(struct memory *m, struct slice content, bool begins, int64_t offset)
{
    struct resp_limits limits = {.bulk_max = BULK_MAX, .arguments_max = INT32_MAX, .inline_max = 65536};
    struct resp_reader r;
    struct journal_origin origin;
    struct journal_frame frame;
    int64_t time_s;
    size_t at = 0;
    resp_reader_init(&r, m, &limits);
    while (at < content.size) {
        const char *p = content.data + at;
        size_t left = content.size - at;
        const char *end = memchr(p, '\n', left);
        if (*p == '#' && end > p && end[-1] == '\r') {
            size_t size = (size_t)(end - p);
            if (journal_parse_line(slice_of(p, size - 1), &origin, &frame, &time_s) == JOURNAL_LINE_ORIGIN)
                offset = origin.offset;
            at += size + 1;
        } else if (*p == '*' && resp_read_request(&r, p, left) == RESP_REQUEST && r.argc > 0) {
            if (!begins || !slice_is_word(r.argv[0], "select")) offset += (int64_t)r.consumed;
            begins = false;
            at += r.consumed;
        } else {
            break;
        }
    }
    resp_reader_free(&r);
    return offset;
}

/* One frame's line and what belongs to it, up to `end`. */
static void seal_frame(const char *line, const char *end, struct bytes *out, int64_t *offset)
{
    char text[JOURNAL_FRAME_MAX];
    struct journal_origin origin;
    struct journal_frame frame;
    int64_t time_s;
    const char *stop = find(line, end, "\r\n");
    if (stop == end || journal_parse_line(slice_of(line, (size_t)(stop - line)), &origin, &frame, &time_s) !=
                           JOURNAL_LINE_FRAME) {
        bytes_append(out, line, (size_t)(end - line));
        return;
    }
    struct slice content = slice_of(stop + 2, (size_t)(end - stop - 2));
    *offset = offset_behind(out->memory, content, out->size == 0, *offset);
    frame.size = (int64_t)content.size;
    frame.offset = *offset;
    size_t size = journal_begin_frame(text, &frame);
    uint64_t crc = crc64(crc64(0, text, size), content.data, content.size);
    bytes_append(out, text, journal_end_frame(text, size, crc));
    bytes_append_slice(out, content);
}

static void seal(const char *from, const char *end, struct bytes *out, int64_t *offset)
{
    const char *next = find(from, end, frame_mark);
    bytes_append(out, from, (size_t)(next - from));
    for (; next < end; from = next) {
        from = next;
        next = find(from + 1, end, frame_mark);
        seal_frame(from, next, out, offset);
    }
}

static void make_input(struct input *in, struct memory *m, const char *text, size_t size)
{
    const char *end = text + size;
    int64_t offset = 0;
    for (in->count = 0; in->count < FILES && (in->count == 0 || text < end); in->count++) {
        const char *stop = find(text, end, mark);
        struct bytes *file = &in->files[in->count];
        bytes_init(file, m);
        if (in->flags & SEALED)
            seal(text, stop, file, &offset);
        else
            bytes_append(file, text, (size_t)(stop - text));
        text = stop < end ? stop + sizeof mark - 1 : end;
    }
}

/* ---- one file by its reader ---- */

struct reading {
    uint64_t events; /* checksum of all of them */
    struct journal_point whole;
    bool ends;
    char problem[120];
};

static void note_event(struct reading *o, const struct journal_reader *r, enum journal_event event)
{
    int64_t facts[] = {event,           r->item,          r->offset, r->whole.position,
                       r->whole.offset, r->step.position, r->time_s, r->within ? 1 : 0,
                       r->known ? 1 : 0};
    o->events = crc64(o->events, facts, sizeof facts);
    MUST(r->whole.position <= r->step.position || r->within || event == JOURNAL_WHOLE || !r->framed);
    if (event != JOURNAL_REQUEST) return;
    MUST(r->resp.argc > 0 && r->raw.size > 0);
    o->events = crc64(o->events, r->raw.data, r->raw.size);
}

static void read_file(struct memory *m, struct slice file, struct pieces *p, struct reading *o)
{
    struct journal_reader r;
    enum journal_event event = JOURNAL_MORE;
    *o = (struct reading){0};
    journal_reader_init(&r, m, BULK_MAX);
    journal_reader_begin(&r, 0);
    for (size_t at = 0; event != JOURNAL_BAD && at < file.size;) {
        size_t step = p ? pieces_next(p) : file.size;
        if (step > file.size - at) step = file.size - at;
        char *copy = pieces_copy(file.data + at, step);
        MUST(journal_reader_feed(&r, slice_of(copy, step)));
        free(copy);
        at += step;
        while ((event = journal_reader_next(&r)) != JOURNAL_MORE && event != JOURNAL_BAD)
            note_event(o, &r, event);
    }
    o->whole = r.whole;
    MUST(r.whole.position <= (int64_t)file.size);
    o->ends = event != JOURNAL_BAD && journal_reader_ends(&r);
    if (!o->ends) snprintf(o->problem, sizeof o->problem, "%s", r.problem);
    MUST(o->ends || o->problem[0] != '\0');
    MUST(!o->ends || o->whole.position == (int64_t)file.size);
    journal_reader_free(&r);
}

static void read_cut(struct memory *m, struct slice file, uint64_t seed)
{
    struct reading once, cut;
    struct pieces p = {seed};
    read_file(m, file, NULL, &once);
    read_file(m, file, &p, &cut);
    MUST(once.events == cut.events);
    MUST(once.ends == cut.ends && strcmp(once.problem, cut.problem) == 0);
    MUST(once.whole.position == cut.whole.position && once.whole.offset == cut.whole.offset);
}

/* ---- all of them by the recovery ---- */

struct recovery {
    enum recover_event how;
    int64_t requests, offset, position, cut;
    uint64_t events;
    char replid[41], error[440];
};

static void name_file(const struct input *in, int i, char *name, size_t size)
{
    snprintf(name, size, "j.%d.%s", i + 1, i == 0 && in->flags & BASE ? "base.aof" : "incr.aof");
}

static void put_files(const struct input *in, struct fake_disk *f)
{
    char name[40], path[50];
    struct bytes text;
    bytes_init(&text, &f->memory);
    for (int i = 0; i < in->count; i++) {
        name_file(in, i, name, sizeof name);
        snprintf(path, sizeof path, "d/%s", name);
        fake_disk_put(f, path, bytes_slice(&in->files[i]));
        bytes_append_format(&text, "file %s seq %d type %c\n", name, i + 1,
                            i == 0 && in->flags & BASE ? 'b' : 'i');
    }
    fake_disk_put(f, "d/j.manifest", bytes_slice(&text));
    bytes_free(&text);
}

static void note_request(struct recovery *o, const struct recover_request *q, bool *within)
{
    int64_t facts[] = {q->applies, q->counts, q->db, q->argc};
    MUST(q->argc > 0 && q->db >= 0);
    if (slice_is_word(q->argv[0], "multi")) *within = true;
    if (slice_is_word(q->argv[0], "exec")) *within = false;
    o->requests++;
    o->events = crc64(crc64(o->events, facts, sizeof facts), q->raw.data, q->raw.size);
}

/* No step of it is for nothing, so their number is bounded by what there is to read. */
static void go_through(struct recover *r, struct fake_disk *f, struct disk *d, int64_t bytes,
                       struct recovery *o)
{
    bool within = false;
    int64_t steps = 100 + 4 * bytes;
    while (o->how != RECOVER_DONE && o->how != RECOVER_FAILED) {
        MUST(steps-- > 0);
        o->how = recover_next(r);
        if (o->how == RECOVER_REQUEST) note_request(o, recover_request(r), &within);
        if (o->how == RECOVER_ORIGIN) o->events = crc64(o->events, recover_origin(r)->replid, 40);
        if (o->how == RECOVER_WAIT) MUST(fake_disk_run(f, d, 100) > 0);
    }
    MUST(o->how != RECOVER_DONE || !within);
}

static void recover_files(const struct input *in, struct memory *m, struct recovery *o)
{
    struct fake_disk f;
    struct disk d;
    int64_t bytes = 0;
    *o = (struct recovery){.how = RECOVER_FAILED};
    fake_disk_init(&f);
    disk_init(&d, m);
    put_files(in, &f);
    for (int i = 0; i < in->count; i++) bytes += (int64_t)in->files[i].size;
    struct keyspace *ks = rdb_fixture_keyspace(m);
    struct recover_options options = {.memory = m,
                                      .disk = &d,
                                      .keyspace = ks,
                                      .directory = "d",
                                      .journal = "j",
                                      .bulk_max = BULK_MAX,
                                      .cut = in->flags & CUT,
                                      .to_offset = in->flags & TO_OFFSET ? in->number * 4 : INT64_MAX,
                                      .to_time_s = in->flags & TO_TIME ? 1700000000 + in->number : INT64_MAX};
    struct recover *r = ks ? recover_new(&options) : NULL;
    if (r) {
        o->how = RECOVER_MORE;
        go_through(r, &f, &d, bytes, o);
        const struct recover_found *found = recover_found(r);
        o->offset = found->offset;
        o->position = found->position;
        o->cut = found->cut;
        memcpy(o->replid, found->replid, sizeof o->replid);
        snprintf(o->error, sizeof o->error, "%s", recover_error(r));
        MUST((o->how == RECOVER_FAILED) == (o->error[0] != '\0'));
        MUST(o->cut == 0 || (o->cut > 0 && in->flags & CUT && found->torn[0] != '\0'));
    }
    recover_free(r);
    if (ks) keyspace_free(ks);
    disk_free(&d);
    fake_disk_free(&f);
    MUST(f.memory.used == 0);
}

/* Without its torn tail the journal is whole, and the same. A base of which nothing is left is an error. */
static void recover_again(struct input *in, struct memory *m, const struct recovery *first)
{
    struct recovery again;
    struct bytes *last = &in->files[in->count - 1];
    MUST(first->cut <= (int64_t)last->size);
    last->size -= (size_t)first->cut;
    if (in->count == 1 && in->flags & BASE && last->size == 0) return;
    recover_files(in, m, &again);
    MUST(again.how == RECOVER_DONE && again.cut == 0);
    MUST(again.requests == first->requests && again.events == first->events);
    MUST(again.offset == first->offset && again.position == first->position);
    MUST(strcmp(again.replid, first->replid) == 0);
    MUST(first->position <= (int64_t)last->size);
}

static void recover_short(struct input *in, size_t limit, const struct recovery *first)
{
    struct recovery again;
    struct memory m;
    memory_init(&m);
    m.limit = limit;
    recover_files(in, &m, &again);
    MUST(m.used == 0);
    if (again.how == RECOVER_FAILED) return;
    MUST(first->how == again.how && again.events == first->events && again.offset == first->offset);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) return 0;
    struct memory m, m2;
    struct recovery first;
    struct input in = {.flags = data[0], .number = data[1]};
    memory_init(&m);
    memory_init(&m2);
    make_input(&in, &m2, (const char *)data + 2, size - 2);
    for (int i = 0; i < in.count; i++) read_cut(&m, bytes_slice(&in.files[i]), in.number);
    MUST(m.used == 0);
    recover_files(&in, &m, &first);
    MUST(m.used == 0);
    if (in.flags & SHORT_OF_MEMORY) recover_short(&in, 2000 + 500 * (size_t)in.number, &first);
    if (first.how == RECOVER_DONE && in.flags & CUT) recover_again(&in, &m, &first);
    for (int i = 0; i < in.count; i++) bytes_free(&in.files[i]);
    MUST(m.used == 0 && m2.used == 0);
    return 0;
}
