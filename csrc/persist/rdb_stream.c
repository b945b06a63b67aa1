/* rdb_stream.c: streams with their groups, written and read; persist/rdb_stream.h has the format.
 *
 * The reader is a machine with a stage for each item, as the file's own (rdb_read.c). The deliveries of a group come before
 * its consumers, which then name theirs: until then they are nobody's.
 *
 * SPDX-License-Identifier: MIT */
#include "persist/rdb_stream.h"

#include "store/stream_node.h"
#include "store/value.h"

enum { ID_BYTES = 16, TIME_BYTES = 8 };

/* ---- writing ---- */

int rdb_stream_type(const struct entry *e)
{
    (void)e;
    return RDB_STREAM_2;
}

static void id_bytes(struct stream_id id, char *bytes)
{
    for (int i = 0; i < 8; i++) bytes[i] = (char)(id.ms >> (56 - 8 * i));
    for (int i = 0; i < 8; i++) bytes[8 + i] = (char)(id.seq >> (56 - 8 * i));
}

static void put_id(struct rdb_output *o, struct stream_id id)
{
    rdb_put_length(o, id.ms);
    rdb_put_length(o, id.seq);
}

static void put_raw_id(struct rdb_output *o, struct stream_id id)
{
    char bytes[ID_BYTES];
    id_bytes(id, bytes);
    for (int i = 0; i < ID_BYTES; i++) rdb_put_byte(o, bytes[i]);
}

static void put_node(struct rdb_output *o, const struct stream_node *n)
{
    char key[ID_BYTES];
    id_bytes(n->base, key);
    rdb_put_string(o, slice_of(key, sizeof key));
    rdb_write_stream_node(o, n);
}

static void put_head(struct rdb_output *o, const struct stream *s)
{
    rdb_put_length(o, s->length);
    put_id(o, s->last_id);
    put_id(o, s->first_id);
    put_id(o, s->max_deleted_id);
    rdb_put_length(o, s->entries_added);
    rdb_put_length(o, s->groups.count);
}

static void put_group(struct rdb_output *o, const struct stream_group *g)
{
    rdb_put_string(o, g->name);
    put_id(o, g->last_id);
    rdb_put_length(o, (uint64_t)g->entries_read);
    rdb_put_length(o, g->pending.size);
}

static void put_delivery(struct rdb_output *o, const struct stream_pending *p)
{
    put_raw_id(o, p->id);
    rdb_put_little(o, (uint64_t)p->delivered_ms, TIME_BYTES);
    rdb_put_length(o, p->deliveries);
}

static void put_consumer(struct rdb_output *o, const struct stream_consumer *consumer)
{
    rdb_put_string(o, consumer->name);
    rdb_put_little(o, (uint64_t)consumer->seen_ms, TIME_BYTES);
    rdb_put_length(o, consumer->pending.size);
}

/* What is being written. */
enum part { BEGIN, PUT_NODES, PUT_GROUP, PUT_DELIVERIES, PUT_CONSUMER, PUT_OWN, WRITTEN };

static void next_part(struct rdb_walk *w, enum part part, struct tree_cursor from)
{
    w->stage = (int)part;
    w->stream.at = from;
}

/* The group's next consumer, or the next group. */
static void begin_consumer(struct rdb_output *o, const struct stream_group *g, struct rdb_walk *w)
{
    if (w->stream.consumer == g->consumers.count) {
        w->stream.group++;
        w->stage = PUT_GROUP;
        return;
    }
    const struct stream_consumer *consumer = stream_consumer_at(g, w->stream.consumer++);
    put_consumer(o, consumer);
    next_part(w, PUT_OWN, tree_first(&consumer->pending));
}

static void begin_group(struct rdb_output *o, const struct stream *s, struct rdb_walk *w)
{
    if (w->stream.group == s->groups.count) {
        w->stage = WRITTEN;
        return;
    }
    const struct stream_group *g = stream_group_at(s, w->stream.group);
    put_group(o, g);
    w->stream.consumer = 0;
    next_part(w, PUT_DELIVERIES, tree_first(&g->pending));
}

/* Nodes and deliveries are over: goes to what comes after them. */
static void end_part(struct rdb_output *o, const struct stream *s, struct rdb_walk *w)
{
    switch (w->stage) {
    case BEGIN:
        rdb_put_length(o, s->nodes.size);
        next_part(w, PUT_NODES, tree_first(&s->nodes));
        break;
    case PUT_NODES:
        put_head(o, s);
        w->stage = PUT_GROUP;
        break;
    case PUT_GROUP: begin_group(o, s, w); break;
    case PUT_DELIVERIES:
        rdb_put_length(o, stream_group_at(s, w->stream.group)->consumers.count);
        w->stage = PUT_CONSUMER;
        break;
    case PUT_OWN: w->stage = PUT_CONSUMER; break;
    default: begin_consumer(o, stream_group_at(s, w->stream.group), w);
    }
}

static void put_item(struct rdb_output *o, enum part part, struct tree_cursor c)
{
    switch (part) {
    case PUT_NODES: put_node(o, tree_cursor_item(c)); break;
    case PUT_DELIVERIES: put_delivery(o, stream_pending_at(c)); break;
    default: put_raw_id(o, stream_pending_at(c)->id);
    }
}

bool rdb_write_stream(struct rdb_output *o, const struct entry *e, struct rdb_walk *w, size_t until)
{
    const struct stream *s = stream_of(e);
    while (w->stage != WRITTEN) {
        if (rdb_output_size(o) >= until) return false;
        if (!tree_is_somewhere(w->stream.at)) {
            end_part(o, s, w);
            continue;
        }
        put_item(o, (enum part)w->stage, w->stream.at);
        w->stream.at = tree_next(w->stream.at);
    }
    return true;
}

/* ---- reading ---- */

enum stage {
    NODES,
    NODE_KEY,
    NODE,
    LENGTH,
    LAST_MS,
    LAST_SEQ,
    FIRST_MS,
    FIRST_SEQ,
    DELETED_MS,
    DELETED_SEQ,
    ADDED,
    GROUPS,
    GROUP_NAME,
    GROUP_MS,
    GROUP_SEQ,
    GROUP_READ,
    DELIVERIES,
    DELIVERY_ID,
    DELIVERY_TIME,
    DELIVERY_TIMES,
    CONSUMERS,
    CONSUMER_NAME,
    CONSUMER_SEEN,
    CONSUMER_ACTIVE,
    OWN_DELIVERIES,
    OWN_DELIVERY,
    END
};

static const char no_memory[] = "out of memory";

static struct stream *draft_of(const struct rdb_value *v) { return stream_of(v->draft.entry); }

static enum rdb_step go(struct rdb_value *v, enum stage stage)
{
    v->stage = (int)stage;
    return RDB_OK;
}

static uint64_t big_endian(const char *bytes)
{
    uint64_t value = 0;
    for (int i = 0; i < 8; i++) value = value << 8 | (unsigned char)bytes[i];
    return value;
}

static enum rdb_step begin(struct rdb_value *v)
{
    if (!v->draft.entry) {
        struct stream *s = stream_new(v->draft.memory);
        if (!s) return rdb_value_bad(v, no_memory);
        if (!edit_enlarge(&v->draft, s)) {
            stream_free(v->draft.memory, s);
            return rdb_value_bad(v, no_memory);
        }
        v->stream = (struct rdb_stream_state){0};
    }
    RDB_TRY(rdb_input_length(v->in, &v->left));
    return go(v, v->left > 0 ? NODE_KEY : LENGTH);
}

/* ---- nodes ---- */

static enum rdb_step read_node_key(struct rdb_value *v)
{
    struct slice key;
    RDB_TRY(rdb_input_string(v->in, &key));
    if (key.size != ID_BYTES) return rdb_value_bad(v, "the key of a node of a stream is not an ID");
    struct stream_id before = {v->stream.id[0], v->stream.id[1]};
    struct stream_id id = {big_endian(key.data), big_endian(key.data + 8)};
    if (stream_id_compare(id, before) <= 0 || stream_id_compare(id, draft_of(v)->last_id) <= 0)
        return rdb_value_bad(v, "the nodes of a stream are out of order");
    v->stream.id[0] = id.ms;
    v->stream.id[1] = id.seq;
    return go(v, NODE);
}

static enum rdb_step read_node(struct rdb_value *v)
{
    struct slice listpack;
    RDB_TRY(rdb_input_string(v->in, &listpack));
    struct stream_id base = {v->stream.id[0], v->stream.id[1]};
    const char *wrong = rdb_read_stream_node(v->draft.memory, draft_of(v), base, listpack);
    if (wrong) return rdb_value_bad(v, wrong);
    return go(v, --v->left > 0 ? NODE_KEY : LENGTH);
}

/* ---- what the stream says of itself ---- */

static enum rdb_step read_length(struct rdb_value *v)
{
    uint64_t length;
    RDB_TRY(rdb_input_length(v->in, &length));
    if (length != draft_of(v)->length) return rdb_value_bad(v, "a stream has not as many entries as it says");
    return go(v, LAST_MS);
}

static enum rdb_step read_last(struct rdb_value *v)
{
    struct stream *s = draft_of(v);
    uint64_t number;
    RDB_TRY(rdb_input_length(v->in, &number));
    v->stream.id[v->stage == LAST_SEQ] = number;
    if (v->stage == LAST_MS) return go(v, LAST_SEQ);
    struct stream_id id = {v->stream.id[0], v->stream.id[1]};
    if (stream_id_compare(id, s->last_id) < 0)
        return rdb_value_bad(v, "the last ID of a stream is below its last entry's");
    s->last_id = id;
    return go(v, v->type == RDB_STREAM ? GROUPS : FIRST_MS);
}

/* The first ID follows from the entries. */
static enum rdb_step read_marks(struct rdb_value *v)
{
    struct stream *s = draft_of(v);
    uint64_t number;
    RDB_TRY(rdb_input_length(v->in, &number));
    if (v->stage == DELETED_MS) s->max_deleted_id.ms = number;
    if (v->stage == DELETED_SEQ) s->max_deleted_id.seq = number;
    if (v->stage == ADDED) s->entries_added = number;
    return go(v, (enum stage)(v->stage + 1));
}

/* ---- groups ---- */

static enum rdb_step next_group(struct rdb_value *v)
{
    if (v->stream.groups == 0) return go(v, END);
    v->stream.groups--;
    return go(v, GROUP_NAME);
}

static enum rdb_step read_groups(struct rdb_value *v)
{
    RDB_TRY(rdb_input_length(v->in, &v->stream.groups));
    return next_group(v);
}

static enum rdb_step read_group_name(struct rdb_value *v)
{
    struct slice name;
    RDB_TRY(rdb_input_string(v->in, &name));
    struct stream *s = draft_of(v);
    if (stream_group_find(s, name)) return rdb_value_bad(v, "a consumer group is there twice");
    v->stream.group = stream_group_make(v->draft.memory, s, name, STREAM_ID_MIN, -1);
    if (!v->stream.group) return rdb_value_bad(v, no_memory);
    return go(v, GROUP_MS);
}

static enum rdb_step read_group_id(struct rdb_value *v)
{
    struct stream_group *g = v->stream.group;
    uint64_t number;
    RDB_TRY(rdb_input_length(v->in, &number));
    if (v->stage == GROUP_MS) {
        g->last_id.ms = number;
        return go(v, GROUP_SEQ);
    }
    g->last_id.seq = number;
    if (v->type != RDB_STREAM) return go(v, GROUP_READ);
    g->entries_read = stream_entries_up_to(draft_of(v), g->last_id);
    return go(v, DELIVERIES);
}

static enum rdb_step read_group_read(struct rdb_value *v)
{
    uint64_t number;
    RDB_TRY(rdb_input_length(v->in, &number));
    if ((int64_t)number < -1)
        return rdb_value_bad(v, "a consumer group has read a negative number of entries");
    v->stream.group->entries_read = (int64_t)number;
    return go(v, DELIVERIES);
}

/* ---- deliveries ---- */

static enum rdb_step read_deliveries(struct rdb_value *v)
{
    RDB_TRY(rdb_input_length(v->in, &v->left));
    return go(v, v->left > 0 ? DELIVERY_ID : CONSUMERS);
}

static enum rdb_step read_delivery_id(struct rdb_value *v)
{
    const unsigned char *bytes;
    RDB_TRY(rdb_input_bytes(v->in, ID_BYTES, &bytes));
    v->stream.id[0] = big_endian((const char *)bytes);
    v->stream.id[1] = big_endian((const char *)bytes + 8);
    return go(v, DELIVERY_TIME);
}

static enum rdb_step read_delivery_time(struct rdb_value *v)
{
    RDB_TRY(rdb_input_integer(v->in, TIME_BYTES, &v->stream.time_ms));
    return go(v, DELIVERY_TIMES);
}

static enum rdb_step read_delivery_times(struct rdb_value *v)
{
    uint64_t times;
    RDB_TRY(rdb_input_length(v->in, &times));
    struct stream_id id = {v->stream.id[0], v->stream.id[1]};
    struct stream_group *g = v->stream.group;
    if (stream_pending_find(g, id)) return rdb_value_bad(v, "a delivery of a consumer group is there twice");
    if (!stream_pending_make(v->draft.memory, g, NULL, id, v->stream.time_ms, times))
        return rdb_value_bad(v, no_memory);
    return go(v, --v->left > 0 ? DELIVERY_ID : CONSUMERS);
}

/* ---- consumers ---- */

/* Every delivery of the group must have found its consumer. */
static enum rdb_step end_group(struct rdb_value *v)
{
    const struct stream_group *g = v->stream.group;
    size_t owned = 0;
    for (size_t i = 0; i < g->consumers.count; i++) owned += stream_consumer_at(g, i)->pending.size;
    if (owned != g->pending.size) return rdb_value_bad(v, "a delivery of a consumer group is nobody's");
    return next_group(v);
}

static enum rdb_step next_consumer(struct rdb_value *v)
{
    if (v->stream.consumers == 0) return end_group(v);
    v->stream.consumers--;
    return go(v, CONSUMER_NAME);
}

static enum rdb_step read_consumers(struct rdb_value *v)
{
    RDB_TRY(rdb_input_length(v->in, &v->stream.consumers));
    return next_consumer(v);
}

static enum rdb_step read_consumer_name(struct rdb_value *v)
{
    struct slice name;
    RDB_TRY(rdb_input_string(v->in, &name));
    struct stream_group *g = v->stream.group;
    if (stream_consumer_find(g, name)) return rdb_value_bad(v, "Duplicate stream consumer detected");
    v->stream.consumer = stream_consumer_make(v->draft.memory, g, name, 0);
    if (!v->stream.consumer) return rdb_value_bad(v, no_memory);
    return go(v, CONSUMER_SEEN);
}

static enum rdb_step read_consumer_seen(struct rdb_value *v)
{
    RDB_TRY(rdb_input_integer(v->in, TIME_BYTES, &v->stream.consumer->seen_ms));
    return go(v, v->type == RDB_STREAM_3 ? CONSUMER_ACTIVE : OWN_DELIVERIES);
}

/* When it last was given something: Redis 7.2 tells this from when it last asked. */
static enum rdb_step pass_consumer_active(struct rdb_value *v)
{
    int64_t ignored;
    RDB_TRY(rdb_input_integer(v->in, TIME_BYTES, &ignored));
    return go(v, OWN_DELIVERIES);
}

static enum rdb_step read_own_deliveries(struct rdb_value *v)
{
    RDB_TRY(rdb_input_length(v->in, &v->left));
    return v->left > 0 ? go(v, OWN_DELIVERY) : next_consumer(v);
}

static enum rdb_step read_own_delivery(struct rdb_value *v)
{
    const unsigned char *bytes;
    RDB_TRY(rdb_input_bytes(v->in, ID_BYTES, &bytes));
    struct stream_id id = {big_endian((const char *)bytes), big_endian((const char *)bytes + 8)};
    struct stream_pending *p = stream_pending_find(v->stream.group, id);
    if (!p) return rdb_value_bad(v, "a consumer has a delivery that its group has not");
    if (p->consumer) return rdb_value_bad(v, "two consumers have the same delivery");
    if (!stream_pending_give(v->draft.memory, p, v->stream.consumer)) return rdb_value_bad(v, no_memory);
    return --v->left > 0 ? RDB_OK : next_consumer(v);
}

enum rdb_step rdb_read_stream(struct rdb_value *v)
{
    static enum rdb_step (*const stages[])(struct rdb_value * v) = {
        [NODES] = begin,
        [NODE_KEY] = read_node_key,
        [NODE] = read_node,
        [LENGTH] = read_length,
        [LAST_MS] = read_last,
        [LAST_SEQ] = read_last,
        [FIRST_MS] = read_marks,
        [FIRST_SEQ] = read_marks,
        [DELETED_MS] = read_marks,
        [DELETED_SEQ] = read_marks,
        [ADDED] = read_marks,
        [GROUPS] = read_groups,
        [GROUP_NAME] = read_group_name,
        [GROUP_MS] = read_group_id,
        [GROUP_SEQ] = read_group_id,
        [GROUP_READ] = read_group_read,
        [DELIVERIES] = read_deliveries,
        [DELIVERY_ID] = read_delivery_id,
        [DELIVERY_TIME] = read_delivery_time,
        [DELIVERY_TIMES] = read_delivery_times,
        [CONSUMERS] = read_consumers,
        [CONSUMER_NAME] = read_consumer_name,
        [CONSUMER_SEEN] = read_consumer_seen,
        [CONSUMER_ACTIVE] = pass_consumer_active,
        [OWN_DELIVERIES] = read_own_deliveries,
        [OWN_DELIVERY] = read_own_delivery,
    };
    while (v->stage != END) RDB_TRY(stages[v->stage](v));
    return RDB_OK;
}
