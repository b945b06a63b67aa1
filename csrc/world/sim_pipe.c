/* sim_pipe.c: one direction of a connection: what TCP makes of a link.
 *
 *   writer --> [ transit: sent, each segment with its arrival ] --> [ arrived: not read ] --> reader
 *              <------------------ in_flight <= SIM_WINDOW ---------------------------->
 *
 * Segments arrive in order; only the first one's arrival stands in the event heap, and it brings along everything
 * else that is due. What one turn writes travels in one segment (up to SIM_SEGMENT_MAX).
 *
 * The window is both socket buffers taken together: a reader that does not read stops its writer. That there is room
 * again the writer learns after the latency of the way back.
 *
 * While the link is cut, or the other machine is off, nothing arrives: the pipe is *stalled* since the first
 * transmission of what does not get through. The kernel sends it again 200 ms later, then after twice as long each
 * time, at most 120 s. So after a heal the bytes come through at the next of these attempts, not at once, as with
 * TCP. After 15 minutes the writer's side gives up and the connection breaks there.
 *
 * A cut of one direction only: data passes in the open direction, but its acknowledgements do not get back. The writer
 * fills its window and then stands still, and gives up after 15 minutes like any other. (TCP would send the unacknowledged
 * bytes again and again, and the reader would drop the duplicates.)
 */
#include "world/sim.h"

enum { RETRANSMIT_US = 200 * 1000, RETRANSMIT_MAX_US = 120 * 1000 * 1000, BREAK_US = 15 * 60 * 1000 * 1000 };

/* Sizes of segment blocks, header included. */
static const size_t class_sizes[SIM_SEGMENT_CLASSES] = {256, 2048, 16384,
                                                        SIM_SEGMENT_MAX + sizeof(struct sim_segment)};

static size_t class_room(int size_class) { return class_sizes[size_class] - sizeof(struct sim_segment); }

void sim_segments_init(struct sim *s)
{
    for (int i = 0; i < SIM_SEGMENT_CLASSES; i++)
        sim_pool_init(&s->segments[i], &s->world.memory, class_sizes[i]);
}

void sim_segments_finish(struct sim *s)
{
    for (int i = 0; i < SIM_SEGMENT_CLASSES; i++) sim_pool_finish(&s->segments[i]);
}

static struct sim_segment *segment_new(struct sim *s, enum sim_segment_kind kind, size_t size)
{
    int size_class = 0;
    while (size_class < SIM_SEGMENT_CLASSES - 1 && class_room(size_class) < size) size_class++;
    struct sim_segment *g = sim_pool_take(&s->segments[size_class]);
    if (!g) {
        s->broken = true;
        return NULL;
    }
    *g = (struct sim_segment){.sent_at = s->now, .size_class = (uint8_t)size_class, .kind = (uint8_t)kind};
    return g;
}

static void segment_free(struct sim *s, struct sim_segment *g)
{
    if (g) sim_pool_give(&s->segments[g->size_class], g);
}

static void push(struct sim_segments *list, struct sim_segment *g)
{
    g->next = NULL;
    if (list->last)
        list->last->next = g;
    else
        list->first = g;
    list->last = g;
}

static struct sim_segment *pop(struct sim_segments *list)
{
    struct sim_segment *g = list->first;
    if (!g) return NULL;
    list->first = g->next;
    if (!list->first) list->last = NULL;
    return g;
}

/* ---- life ---- */

void sim_pipe_init(struct sim_pipe *p, struct sim_conn *c, struct sim_link *l)
{
    *p = (struct sim_pipe){.conn = c, .link = l, .stalled_since = -1};
    list_init(&p->member);
    if (l) list_push(&l->pipes, &p->member);
}

static void drop_list(struct sim_pipe *p, struct sim_segments *list)
{
    struct sim_segment *g;
    while ((g = pop(list)) != NULL) {
        p->in_flight -= g->size;
        segment_free(p->conn->sim, g);
    }
}

void sim_pipe_drop(struct sim_pipe *p)
{
    drop_list(p, &p->transit);
    drop_list(p, &p->arrived);
    segment_free(p->conn->sim, p->reading);
    p->reading = NULL;
    p->stalled_since = -1;
    p->arrival_event = p->break_event = 0;
}

void sim_pipe_finish(struct sim_pipe *p)
{
    sim_pipe_drop(p);
    p->room_event = 0;
    list_remove(&p->member);
}

/* ---- sending ---- */

static struct sim_pipe *way_back(struct sim_pipe *p) { return &p->conn->pipe[1 - (p - p->conn->pipe)]; }

static void expect_arrival(struct sim_pipe *p)
{
    const struct sim_segment *first = p->transit.first;
    if (first) p->arrival_event = sim_schedule(p->conn->sim, first->arrival, SIM_ARRIVAL, p);
}

static void expect_break(struct sim_pipe *p, int64_t since)
{
    struct sim *s = p->conn->sim;
    int64_t at = since + BREAK_US;
    if (p->break_event == 0) p->break_event = sim_schedule(s, at > s->now ? at : s->now, SIM_BREAK, p);
}

static void stall(struct sim_pipe *p)
{
    p->arrival_event = 0;
    p->stalled_since = p->transit.first->sent_at;
    expect_break(p, p->stalled_since);
}

/* Gives a segment that is sent at `at` its arrival, behind everything before it. */
static void set_arrival(struct sim_pipe *p, struct sim_segment *g, int64_t at)
{
    g->sent_at = at;
    g->arrival = sim_link_transit(p->conn->sim, p->link, at, g->size);
    if (g->arrival < p->last_arrival) g->arrival = p->last_arrival;
    p->last_arrival = g->arrival;
}

static void send_segment(struct sim_pipe *p, struct sim_segment *g)
{
    struct sim *s = p->conn->sim;
    bool cut = sim_link_cut(&s->links, p->link);
    if (!cut && p->stalled_since < 0) set_arrival(p, g, s->now);
    push(&p->transit, g);
    if (p->stalled_since >= 0) return;
    if (cut)
        stall(p);
    else if (p->transit.first == g)
        expect_arrival(p);
}

bool sim_pipe_mark(struct sim_pipe *p, enum sim_segment_kind kind)
{
    struct sim_segment *g = segment_new(p->conn->sim, kind, 0);
    if (g) send_segment(p, g);
    return g != NULL;
}

/* Where the next bytes go: into the last segment, when it is sent at this very time too, or a new one for up to
 * `size` bytes. A new one is not on its way yet. */
static struct sim_segment *segment_for(struct sim_pipe *p, size_t size, bool *fresh)
{
    struct sim *s = p->conn->sim;
    struct sim_segment *last = p->transit.last;
    *fresh = false;
    if (last && last->kind == SEGMENT_BYTES && last->sent_at == s->now &&
        last->size < class_room(last->size_class) && sim_link_parameters(&s->links, p->link)->bandwidth == 0)
        return last;
    *fresh = true;
    return segment_new(s, SEGMENT_BYTES, size < SIM_SEGMENT_MAX ? size : SIM_SEGMENT_MAX);
}

/* A place in a row of slices. */
struct gather {
    const struct slice *slice;
    size_t offset;
};

static void gather_bytes(struct gather *from, char *to, size_t size)
{
    while (size > 0) {
        size_t part = from->slice->size - from->offset;
        if (part > size) part = size;
        if (part > 0) memcpy(to, from->slice->data + from->offset, part);
        to += part;
        size -= part;
        from->offset += part;
        if (from->offset == from->slice->size) *from = (struct gather){from->slice + 1, 0};
    }
}

size_t sim_pipe_write(struct sim_pipe *p, const struct slice *slices, int count)
{
    struct gather from = {slices, 0};
    size_t wanted = 0, taken = 0;
    for (int i = 0; i < count; i++) wanted += slices[i].size;
    size_t room = SIM_WINDOW - p->in_flight;
    p->blocked = wanted > room;
    size_t left = p->blocked ? room : wanted;
    while (left > 0) {
        bool fresh;
        struct sim_segment *g = segment_for(p, left, &fresh);
        if (!g) break;
        size_t fits = class_room(g->size_class) - g->size;
        if (fits > left) fits = left;
        left -= fits;
        taken += fits;
        gather_bytes(&from, g->data + g->size, fits);
        g->size += (uint32_t)fits;
        if (fresh) send_segment(p, g);
    }
    p->in_flight += (uint32_t)taken;
    return taken;
}

/* ---- arriving and reading ---- */

/* Something arrived at an end that is gone. If its machine went off without a word, the answer is a RST; otherwise
 * the FIN or RST is under way already. */
static void arrive_at_nobody(struct sim_pipe *p, struct sim_end *reader)
{
    drop_list(p, &p->arrived);
    if (reader->told) return;
    reader->told = sim_pipe_mark(way_back(p), SEGMENT_RST);
}

void sim_pipe_arrival(struct sim_pipe *p)
{
    struct sim *s = p->conn->sim;
    struct sim_end *reader = sim_pipe_reader(p);
    if (sim_link_cut(&s->links, p->link) || reader->place->dead) {
        stall(p);
        return;
    }
    p->arrival_event = 0;
    while (p->transit.first && p->transit.first->arrival <= s->now) {
        struct sim_segment *g = pop(&p->transit);
        sim_fold(s, (uint64_t)p->link->from->id << 32 | p->link->to->id, (uint64_t)g->kind << 32 | g->size);
        sim_fold_bytes(s, g->data, g->size);
        push(&p->arrived, g);
    }
    expect_arrival(p);
    if (reader->closed)
        arrive_at_nobody(p, reader);
    else
        reader->place->ops->ready(reader);
}

static bool way_back_is_cut(struct sim_pipe *p)
{
    return sim_link_cut(&p->conn->sim->links, way_back(p)->link);
}

/* The writer is told that there is room, once a good part of the window is free. */
static void expect_room(struct sim_pipe *p)
{
    struct sim *s = p->conn->sim;
    if (!p->blocked || p->room_event != 0 || p->in_flight > SIM_WINDOW * 2 / 3) return;
    int64_t latency = sim_link_parameters(&s->links, way_back(p)->link)->latency;
    p->room_event = sim_schedule(s, s->now + latency, SIM_ROOM, p);
}

static void acknowledge(struct sim_pipe *p, uint32_t size)
{
    if (way_back_is_cut(p)) {
        p->withheld += size;
        expect_break(p, p->conn->sim->now);
        return;
    }
    p->in_flight -= size;
    expect_room(p);
}

enum sim_read sim_pipe_read(struct sim_pipe *p, struct slice *bytes, enum sim_segment_kind *kind)
{
    struct sim *s = p->conn->sim;
    segment_free(s, p->reading);
    p->reading = NULL;
    struct sim_segment *g;
    while ((g = pop(&p->arrived)) != NULL) {
        p->reading = g;
        *kind = (enum sim_segment_kind)g->kind;
        if (*kind == SEGMENT_BYTES) {
            acknowledge(p, g->size);
            *bytes = slice_of(g->data, g->size);
            return SIM_READ_BYTES;
        }
        if (*kind != SEGMENT_ACCEPT) return SIM_READ_END;
        segment_free(s, g);
        p->reading = NULL;
    }
    return SIM_READ_NOTHING;
}

/* ---- when the way is free again ---- */

/* The first attempt at or after `now`, for something first sent at `since`. */
static int64_t next_attempt(int64_t since, int64_t now)
{
    int64_t timeout = RETRANSMIT_US;
    for (;;) {
        since += timeout;
        if (since >= now) return since;
        timeout = timeout * 2 < RETRANSMIT_MAX_US ? timeout * 2 : RETRANSMIT_MAX_US;
    }
}

void sim_pipe_retransmit(struct sim_pipe *p)
{
    struct sim *s = p->conn->sim;
    if (p->stalled_since < 0 || sim_link_cut(&s->links, p->link) || sim_pipe_reader(p)->place->dead) return;
    int64_t at = next_attempt(p->stalled_since, s->now);
    p->stalled_since = -1;
    if (p->withheld == 0) p->break_event = 0;
    for (struct sim_segment *g = p->transit.first; g; g = g->next) set_arrival(p, g, at);
    expect_arrival(p);
}

void sim_pipe_acknowledge(struct sim_pipe *p)
{
    if (p->withheld == 0 || way_back_is_cut(p)) return;
    p->in_flight -= p->withheld;
    p->withheld = 0;
    if (p->stalled_since < 0) p->break_event = 0;
    expect_room(p);
}

void sim_pipe_room(struct sim_pipe *p)
{
    struct sim_end *writer = sim_pipe_writer(p);
    p->room_event = 0;
    p->blocked = false;
    if (writer->open) writer->place->ops->room(writer);
}

void sim_pipe_break(struct sim_pipe *p)
{
    struct sim_end *writer = sim_pipe_writer(p);
    drop_list(p, &p->transit);
    p->stalled_since = -1;
    p->arrival_event = p->break_event = 0;
    p->in_flight -= p->withheld;
    p->withheld = 0;
    writer->told = false; /* a FIN, if there was one, did not get through */
    if (writer->closed) return;
    writer->open = false;
    writer->why = "Connection timed out";
    writer->place->ops->ready(writer);
}
