/* stream_args.c: what the commands of streams share: IDs, entries in replies, changes, the effects of deliveries. */
#include "base/number.h"
#include "command/access.h"
#include "command/notify.h"
#include "command/streams.h"

/* ---- IDs ---- */

struct slice stream_id_text(struct stream_id id, struct stream_id_text *room)
{
    size_t size = number_format_uint(room->text, id.ms);
    room->text[size++] = '-';
    size += number_format_uint(room->text + size, id.seq);
    return slice_of(room->text, size);
}

/* The part of an ID: a number as Redis reads it, which is with string2ll and, failing that, with strtoull. So leading
 * blanks, signs and zeros pass, and a negative number that string2ll does not take counts from the upper end. */
static bool parse_part(struct slice text, uint64_t *value)
{
    int64_t number;
    if (number_parse_int(text, &number)) {
        *value = (uint64_t)number;
        return number >= 0;
    }
    const char *p = text.data, *end = text.data + text.size;
    while (p < end && (*p == ' ' || (*p >= '\t' && *p <= '\r'))) p++;
    bool negative = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+')) p++;
    if (p == end) return false;
    uint64_t sum = 0;
    for (; p < end; p++) {
        if (*p < '0' || *p > '9') return false;
        if (__builtin_mul_overflow(sum, 10, &sum) || __builtin_add_overflow(sum, (uint64_t)(*p - '0'), &sum))
            return false;
    }
    *value = negative ? 0 - sum : sum;
    return true;
}

bool stream_parse_id(struct slice text, unsigned forms, uint64_t seq, struct stream_id *id, bool *any_seq)
{
    enum { LONGEST = 127 };
    if (any_seq) *any_seq = false;
    if (text.size > LONGEST) return false;
    const char *nul = text.size > 0 ? memchr(text.data, '\0', text.size) : NULL;
    if (nul) text.size = (size_t)(nul - text.data);
    if (text.size == 1 && (text.data[0] == '-' || text.data[0] == '+')) {
        *id = text.data[0] == '-' ? STREAM_ID_MIN : STREAM_ID_MAX;
        return forms & STREAM_ID_ENDS;
    }
    const char *dash = text.size > 0 ? memchr(text.data, '-', text.size) : NULL;
    id->seq = seq;
    if (!dash) return parse_part(text, &id->ms);
    size_t ms_size = (size_t)(dash - text.data);
    struct slice rest = slice_of(dash + 1, text.size - ms_size - 1);
    if (!parse_part(slice_of(text.data, ms_size), &id->ms)) return false;
    if (any_seq && forms & STREAM_ID_ANY_SEQ && slice_equal(rest, slice_text("*"))) {
        *any_seq = true;
        id->seq = 0;
        return true;
    }
    return parse_part(rest, &id->seq);
}

static bool read_id(struct exec *x, struct slice text, unsigned forms, uint64_t seq, struct stream_id *id)
{
    if (stream_parse_id(text, forms, seq, id, NULL)) return true;
    reply_error(x->reply, "ERR Invalid stream ID specified as stream command argument");
    return false;
}

bool stream_read_id(struct exec *x, int index, unsigned forms, struct stream_id *id)
{
    return read_id(x, x->argv[index], forms, 0, id);
}

/* One end of an interval. *excluded: "(id". */
static bool read_end(struct exec *x, int index, uint64_t seq, struct stream_id *id, bool *excluded)
{
    struct slice text = x->argv[index];
    *excluded = text.size > 1 && text.data[0] == '(';
    if (!*excluded) return read_id(x, text, STREAM_ID_ENDS, seq, id);
    return read_id(x, slice_of(text.data + 1, text.size - 1), STREAM_ID_STRICT, seq, id);
}

bool stream_read_from(struct exec *x, int index, struct stream_id *id)
{
    bool excluded;
    if (!read_end(x, index, 0, id, &excluded)) return false;
    if (!excluded || stream_id_increment(id)) return true;
    reply_error(x->reply, "ERR invalid start ID for the interval");
    return false;
}

bool stream_read_to(struct exec *x, int index, struct stream_id *id)
{
    bool excluded;
    if (!read_end(x, index, UINT64_MAX, id, &excluded)) return false;
    if (!excluded || stream_id_decrement(id)) return true;
    reply_error(x->reply, "ERR invalid end ID for the interval");
    return false;
}

/* ---- replies ---- */

void stream_reply_id(struct exec *x, struct stream_id id)
{
    struct stream_id_text text;
    reply_bulk(x->reply, stream_id_text(id, &text));
}

void stream_reply_entry(struct exec *x, struct stream_entry e)
{
    struct stream_field f;
    reply_array(x->reply, 2);
    stream_reply_id(x, e.id);
    reply_array(x->reply, (int64_t)(2 * e.fields));
    while (e.fields > 0) {
        stream_entry_field(&e, &f);
        reply_bulk(x->reply, f.name);
        reply_bulk(x->reply, f.value);
    }
}

void stream_reply_range(struct exec *x, const struct stream *s, struct stream_id from, struct stream_id to,
                        uint64_t limit, bool reverse)
{
    struct stream_walk w;
    struct stream_entry e;
    uint64_t count = stream_count(s, from, to, limit);
    reply_array(x->reply, (int64_t)count);
    if (count == 0) return;
    stream_walk_begin(&w, s, from, to, reverse);
    for (; count > 0 && stream_walk_next(&w, &e); count--) stream_reply_entry(x, e);
}

void stream_no_group(struct exec *x, struct slice key, struct slice group)
{
    reply_error_format(x->reply, "NOGROUP No such key '%.*s' or consumer group '%.*s'", (int)key.size,
                       key.data, (int)group.size, group.data);
}

/* ---- changes ---- */

bool stream_change_begin(struct exec *x, struct stream_change *c, struct slice key, struct entry *e)
{
    edit_begin(&c->edit, x->keyspace, x->db, key, e, VALUE_STREAM);
    c->key = key;
    c->stream = e ? stream_of(e) : stream_new(c->edit.memory);
    if (c->stream) return true;
    edit_cancel(&c->edit);
    exec_no_memory(x);
    return false;
}

void stream_change_cancel(struct stream_change *c)
{
    if (!c->edit.entry) stream_free(c->edit.memory, c->stream);
    edit_cancel(&c->edit);
}

bool stream_change_end(struct exec *x, struct stream_change *c)
{
    if (!c->edit.entry) {
        if (!edit_enlarge(&c->edit, c->stream)) {
            stream_change_cancel(c);
            exec_no_memory(x);
            return false;
        }
        access_created(x, c->edit.entry);
        exec_notify(x, NOTIFY_NEW, "new", c->key);
    }
    edit_end(&c->edit);
    return true;
}

void stream_change_end_quietly(struct stream_change *c) { edit_end_quietly(&c->edit); }

/* ---- effects of deliveries ---- */

void stream_claims_begin(struct stream_claims *c, struct exec *x, struct slice key,
                         const struct stream_group *group, const struct stream_consumer *consumer)
{
    c->x = x;
    c->key = key;
    c->group = group;
    c->consumer = consumer;
    c->count = 0;
    c->said = false;
}

void stream_claims_end(struct stream_claims *c)
{
    enum { BEFORE = 5, AFTER = 8 };
    struct slice words[BEFORE + STREAM_CLAIMS_MAX + AFTER] = {slice_text("XCLAIM"), c->key, c->group->name};
    char time[NUMBER_INT_MAX], times[NUMBER_INT_MAX];
    struct stream_id_text last;
    int n = 3;
    if (c->count == 0) return;
    words[n++] = c->consumer->name;
    words[n++] = slice_text("0");
    for (int i = 0; i < c->count; i++) words[n++] = slice_of(c->ids[i].text, c->id_sizes[i]);
    words[n++] = slice_text("TIME");
    words[n++] = slice_of(time, number_format_int(time, c->delivered_ms));
    words[n++] = slice_text("RETRYCOUNT");
    words[n++] = slice_of(times, number_format_uint(times, c->deliveries));
    words[n++] = slice_text("FORCE");
    words[n++] = slice_text("JUSTID");
    words[n++] = slice_text("LASTID");
    words[n++] = stream_id_text(c->group->last_id, &last);
    exec_effect(c->x, n, words);
    c->count = 0;
    c->said = true;
}

void stream_claims_add(struct stream_claims *c, const struct stream_pending *p)
{
    bool same = p->delivered_ms == c->delivered_ms && p->deliveries == c->deliveries;
    if (c->count == STREAM_CLAIMS_MAX || (c->count > 0 && !same)) stream_claims_end(c);
    c->delivered_ms = p->delivered_ms;
    c->deliveries = p->deliveries;
    c->id_sizes[c->count] = stream_id_text(p->id, &c->ids[c->count]).size;
    c->count++;
}

void stream_effect_group(struct exec *x, struct slice key, const struct stream_group *group)
{
    struct stream_id_text last;
    char read[NUMBER_INT_MAX];
    exec_effect_words(x, 7, slice_text("XGROUP"), slice_text("SETID"), key, group->name,
                      stream_id_text(group->last_id, &last), slice_text("ENTRIESREAD"),
                      slice_of(read, number_format_int(read, group->entries_read)));
}

void stream_effect_consumer(struct exec *x, struct slice key, const struct stream_group *group,
                            struct slice consumer)
{
    exec_effect_words(x, 5, slice_text("XGROUP"), slice_text("CREATECONSUMER"), key, group->name, consumer);
}

struct stream_consumer *stream_see_consumer(struct exec *x, struct stream_change *c,
                                            struct stream_group *group, struct slice name, bool *made)
{
    struct stream_consumer *consumer = stream_consumer_find(group, name);
    *made = !consumer;
    if (consumer) {
        consumer->seen_ms = x->now_ms;
        return consumer;
    }
    consumer = stream_consumer_make(c->edit.memory, group, name, x->now_ms);
    if (consumer) exec_notify(x, NOTIFY_STREAM, "xgroup-createconsumer", c->key);
    return consumer;
}
