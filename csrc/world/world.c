/* world.c: the public functions, passed on to the driver's environment; names and error texts.
 *
 * See world_internal.h for who does what.
 */
#include <stdarg.h>
#include <stdio.h>

#include "world/world_internal.h"

/* ---- the common part ---- */

static struct slice place_key(const void *entry)
{
    return slice_text(((const struct world_place *)entry)->name);
}

static const struct dict_type place_type = {place_key};

void world_init(struct world *w, const struct world_ops *ops, const struct command_index *commands,
                uint64_t seed)
{
    w->ops = ops;
    w->commands = commands;
    memory_init(&w->memory);
    bytes_init(&w->queue.data, &w->memory);
    bytes_init(&w->scratch, &w->memory);
    random_init(&w->workload, seed, "workload");
    list_init(&w->nodes);
    list_init(&w->clients);
    struct random names;
    random_init(&names, seed, "names");
    uint64_t key[2] = {random_next(&names), random_next(&names)};
    dict_init(&w->places, &w->memory, &place_type, key);
}

void world_finish(struct world *w)
{
    world_queue_free(w);
    dict_free(&w->places);
    bytes_free(&w->scratch);
}

enum world_result world_fail(struct world *w, enum world_result result, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(w->error, sizeof w->error, format, arguments);
    va_end(arguments);
    w->failure = result;
    return result;
}

const char *world_error(const struct world *w) { return w->error; }

enum world_result world_failure(const struct world *w) { return w->failure; }

/* ---- names ---- */

struct world_place *world_place_find(struct world *w, const char *name)
{
    return dict_find(&w->places, slice_text(name));
}

bool world_place_name(struct world *w, struct world_place *p, const char *name, const char *kind)
{
    char made_up[64];
    if (!name || !name[0]) {
        do snprintf(made_up, sizeof made_up, "%s-%lld", kind, (long long)++w->made_up);
        while (world_place_find(w, made_up));
        name = made_up;
    }
    if (world_place_find(w, name)) {
        world_fail(w, WORLD_BAD, "there is already something called '%s' in this world", name);
        return false;
    }
    size_t size = strlen(name) + 1;
    p->name = memory_alloc(&w->memory, size);
    if (p->name) memcpy(p->name, name, size);
    if (p->name && dict_insert(&w->places, p)) return true;
    memory_free(&w->memory, p->name, size);
    p->name = NULL;
    world_fail(w, WORLD_NO_MEMORY, "out of memory");
    return false;
}

void world_place_forget(struct world *w, struct world_place *p)
{
    if (!p->name) return;
    dict_remove(&w->places, slice_text(p->name));
    memory_free(&w->memory, p->name, strlen(p->name) + 1);
    p->name = NULL;
}

/* ---- life and time ---- */

void world_free(struct world *w)
{
    if (w) w->ops->free(w);
}

int64_t world_now(const struct world *w) { return w->ops->now(w); }

int64_t world_wall(const struct world *w) { return w->ops->wall(w); }

uint64_t world_random(struct world *w) { return random_next(&w->workload); }

int world_step(struct world *w, int64_t until)
{
    if (world_has_completion(w)) return 1;
    bytes_clear(&w->queue.data);
    return w->ops->step(w, until);
}

enum world_result world_timer(struct world *w, int64_t ticket, int64_t at)
{
    if (!world_ticket_reserve(w)) return WORLD_NO_MEMORY;
    enum world_result result = w->ops->timer(w, ticket, at);
    if (result != WORLD_OK) w->queue.outstanding--;
    return result;
}

/* ---- nodes ---- */

struct world_node *world_node_new(struct world *w, const struct world_node_options *options)
{
    if (options->port < 0 || options->port > 65535) {
        world_fail(w, WORLD_BAD, "%d is not a port", options->port);
        return NULL;
    }
    return w->ops->node_new(w, options);
}

struct node *world_node_get(struct world_node *wn) { return wn->node; }

const char *world_node_name(const struct world_node *wn) { return wn->place.name; }

const char *world_node_host(const struct world_node *wn) { return wn->host; }

struct bytes *world_node_diary(struct world_node *wn) { return &wn->diary; }

int world_node_port(const struct world_node *wn) { return wn->port; }

enum world_result world_node_channel_pause(struct world_node *wn, int64_t id, bool pause)
{
    if (!wn->node) return WORLD_CLOSED;
    wn->world->ops->node_enter(wn);
    bool found = node_channel_pause(wn->node, id, pause);
    wn->world->ops->node_turn(wn);
    return found ? WORLD_OK : WORLD_CLOSED;
}

static enum world_result unsupported(struct world *w, const char *what)
{
    return world_fail(w, WORLD_UNSUPPORTED, "this world cannot %s", what);
}

enum world_result world_node_crash(struct world_node *wn, enum world_crash what)
{
    const struct world_ops *ops = wn->world->ops;
    return ops->node_crash ? ops->node_crash(wn, what) : unsupported(wn->world, "crash a node");
}

enum world_result world_node_restart(struct world_node *wn)
{
    const struct world_ops *ops = wn->world->ops;
    return ops->node_restart ? ops->node_restart(wn) : unsupported(wn->world, "restart a node");
}

enum world_result world_node_pause(struct world_node *wn, bool pause)
{
    const struct world_ops *ops = wn->world->ops;
    return ops->node_pause ? ops->node_pause(wn, pause) : unsupported(wn->world, "pause a node");
}

/* ---- links ---- */

enum world_result world_link_get(struct world *w, const char *from, const char *to, struct world_link *link)
{
    return w->ops->link_get ? w->ops->link_get(w, from, to, link)
                            : unsupported(w, "shape the network: a link is the simulator's");
}

enum world_result world_link_set(struct world *w, const char *from, const char *to,
                                 const struct world_link *link)
{
    if (!w->ops->link_set) return unsupported(w, "shape the network: a link is the simulator's");
    if (link->latency < 0 || link->jitter < 0) return world_fail(w, WORLD_BAD, "a latency is not negative");
    if (!(link->bandwidth >= 0)) return world_fail(w, WORLD_BAD, "a bandwidth is not negative");
    if (!(link->loss >= 0 && link->loss < 1))
        return world_fail(w, WORLD_BAD,
                          "a loss is at least 0 and less than 1; where nothing passes, cut the link");
    return w->ops->link_set(w, from, to, link);
}

/* ---- disks ---- */

static enum world_result no_disks(struct world *w)
{
    return unsupported(w, "make disks fail: a disk is the simulator's");
}

enum world_result world_disk_get(struct world *w, struct world_node *wn, struct world_disk *disk)
{
    return w->ops->disk_get ? w->ops->disk_get(w, wn, disk) : no_disks(w);
}

static bool is_probability(double p) { return p >= 0 && p <= 1; }

enum world_result world_disk_set(struct world *w, struct world_node *wn, const struct world_disk *disk)
{
    if (!w->ops->disk_set) return no_disks(w);
    if (disk->latency < 0 || disk->sync_latency < 0 || disk->jitter < 0)
        return world_fail(w, WORLD_BAD, "a latency is not negative");
    if (!(disk->bandwidth >= 0)) return world_fail(w, WORLD_BAD, "a bandwidth is not negative");
    if (!(disk->slow >= 0 && disk->slow <= 1e9))
        return world_fail(w, WORLD_BAD, "slow is a factor, from 0 to 1e9");
    if (disk->capacity < 0) return world_fail(w, WORLD_BAD, "a capacity is not negative");
    if (!is_probability(disk->fail) || !is_probability(disk->fail_sync) || !is_probability(disk->lose) ||
        !is_probability(disk->tear))
        return world_fail(w, WORLD_BAD, "a probability is from 0 to 1");
    return w->ops->disk_set(w, wn, disk);
}

enum world_result world_disk_stall(struct world_node *wn, int64_t us)
{
    return wn->world->ops->disk_stall ? wn->world->ops->disk_stall(wn, us) : no_disks(wn->world);
}

bool world_node_file(struct world_node *wn, int64_t index, struct world_file *file)
{
    return wn->world->ops->node_file && wn->world->ops->node_file(wn, index, file);
}

enum world_result world_node_put_file(struct world_node *wn, const char *name, const struct slice *content)
{
    struct world *w = wn->world;
    if (!w->ops->node_put_file) return unsupported(w, "put files onto a disk: a disk is the simulator's");
    if (!disk_name_good(name)) return world_fail(w, WORLD_BAD, "'%s' is not a name for a file", name);
    return w->ops->node_put_file(wn, name, content);
}
