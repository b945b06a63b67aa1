/* task.c: slots, tickets, and the loop that turns a world and resumes who has been waiting. */
#include "lua/task.h"

#include "lua/binding.h"

enum slot_kind { SLOT_FREE, SLOT_TASK, SLOT_CALL, SLOT_GROUP };

struct task_slot {
    enum slot_kind kind;
    bool started;      /* task: has been resumed once */
    bool resumed;      /* task: runs, or waits for a coroutine or task that it resumed itself */
    bool done;         /* call: has its values, in its anchor, because somebody else turned the world */
    int next;          /* free: the next free one, -1: none */
    int outstanding;   /* group: requests without an answer */
    int64_t first;     /* group: number of the first request's ticket */
    int64_t waiter;    /* group: the ticket of who waits for it, 0: nobody */
    int64_t ticket;    /* what a task or call waits for, 0: nothing */
    int64_t sequence;  /* tickets it has given, in all its lives */
    lua_State *thread; /* task */
};

enum { SLOT_BITS = 24, SLOTS_MAX = 1 << SLOT_BITS };

/* ---- slots and tickets ---- */

void tasks_init(struct tasks *t, struct memory *m)
{
    *t = (struct tasks){.memory = m, .free = -1, .running = -1};
}

void tasks_free(struct tasks *t)
{
    memory_free(t->memory, t->slots, (size_t)t->capacity * sizeof *t->slots);
    tasks_init(t, t->memory);
}

static int slot_new(struct tasks *t, enum slot_kind kind)
{
    int index = t->free;
    if (index >= 0) {
        t->free = t->slots[index].next;
    } else {
        if (t->count == t->capacity) {
            int capacity = t->capacity ? t->capacity * 2 : 8;
            size_t size = sizeof *t->slots;
            if (capacity > SLOTS_MAX) return -1;
            struct task_slot *slots =
                memory_resize(t->memory, t->slots, (size_t)t->capacity * size, (size_t)capacity * size);
            if (!slots) return -1;
            t->slots = slots;
            t->capacity = capacity;
        }
        index = t->count++;
        t->slots[index].sequence = 0;
    }
    t->alive += kind == SLOT_TASK;
    t->slots[index] = (struct task_slot){.kind = kind, .next = -1, .sequence = t->slots[index].sequence};
    return index;
}

static void slot_free(struct tasks *t, int index)
{
    t->alive -= t->slots[index].kind == SLOT_TASK;
    t->slots[index].kind = SLOT_FREE;
    t->slots[index].thread = NULL;
    t->slots[index].ticket = 0;
    t->slots[index].next = t->free;
    t->free = index;
}

void tasks_forget(struct tasks *t)
{
    for (int i = 0; i < t->count; i++)
        if (t->slots[i].kind != SLOT_FREE && !t->slots[i].resumed) slot_free(t, i);
}

static int64_t ticket_new(struct tasks *t, int index)
{
    return ++t->slots[index].sequence << SLOT_BITS | index;
}

static int ticket_slot(int64_t ticket) { return (int)(ticket & (SLOTS_MAX - 1)); }

static void anchor(lua_State *L, int world, int slot)
{
    lua_getiuservalue(L, world, WORLD_ANCHORS);
    lua_insert(L, -2);
    lua_rawseti(L, -2, slot + 1);
    lua_pop(L, 1);
}

static void push_anchor(lua_State *L, int world, int slot)
{
    lua_getiuservalue(L, world, WORLD_ANCHORS);
    lua_rawgeti(L, -1, slot + 1);
    lua_remove(L, -2);
}

static void drop_anchor(lua_State *L, int world, int slot)
{
    lua_pushnil(L);
    anchor(L, world, slot);
}

/* The slot of the task that calls, -1 when the caller is not a task or cannot yield. */
static int running_task(lua_State *L, const struct tasks *t)
{
    if (t->running < 0 || t->slots[t->running].thread != L || !lua_isyieldable(L)) return -1;
    return t->running;
}

int64_t task_ticket(lua_State *L, struct lua_world *w)
{
    int index = running_task(L, &w->tasks);
    if (index < 0) index = slot_new(&w->tasks, SLOT_CALL);
    return index < 0 ? 0 : ticket_new(&w->tasks, index);
}

void task_drop(struct lua_world *w, int64_t ticket)
{
    int index = ticket_slot(ticket);
    if (w->tasks.slots[index].kind == SLOT_CALL) slot_free(&w->tasks, index);
}

/* ---- resuming ---- */

/* A task's coroutine has ended with `results` values, or an error. Tells its task object, which says whether somebody
 * has taken the error; true: nobody, it is at the top of the stack. */
static bool end_task(lua_State *L, int world, struct lua_world *w, int index, int status, int results)
{
    int base = lua_gettop(L);
    lua_State *thread = w->tasks.slots[index].thread;
    bool ok = status == LUA_OK;
    luaL_checkstack(L, results + LUA_MINSTACK, "results of a task");
    push_anchor(L, world, index);
    lua_getfield(L, -1, "finish");
    lua_insert(L, -2);
    lua_pushboolean(L, ok);
    if (ok) {
        lua_xmove(thread, L, results);
    } else {
        results = 1;
        /* what comes from a task it joined has its traceback */
        const char *message = lua_type(thread, -1) == LUA_TSTRING ? lua_tostring(thread, -1) : NULL;
        if (message && !strstr(message, "\nstack traceback:\n"))
            luaL_traceback(L, thread, message, 0);
        else
            lua_xmove(thread, L, 1);
        lua_resetthread(thread); /* closes its to-be-closed variables */
    }
    drop_anchor(L, world, index);
    slot_free(&w->tasks, index);
    w->tasks.ended++;
    if (!ok) {
        lua_pushvalue(L, -1);
        lua_insert(L, base + 1);
    }
    lua_call(L, results + 2, 1);
    bool taken = lua_toboolean(L, -1);
    lua_settop(L, ok ? base : base + 1);
    if (ok || !taken) return !ok;
    lua_settop(L, base);
    return false;
}

/* Resumes the task with `count` values from the top of the stack. True: an error to raise is at the top. */
static bool resume(lua_State *L, int world, struct lua_world *w, int index, int count)
{
    struct tasks *t = &w->tasks;
    lua_State *thread = t->slots[index].thread;
    if (!lua_checkstack(thread, count + LUA_MINSTACK)) luaL_error(L, "out of stack for a task's results");
    if (t->slots[index].started) {
        lua_xmove(L, thread, count);
    } else {
        lua_pop(L, count);
        count = lua_gettop(thread) - 1;
        t->slots[index].started = true;
    }
    int before = t->running, results = 0;
    t->running = index;
    t->slots[index].resumed = true;
    int status = lua_resume(thread, L, count, &results);
    t->slots[index].resumed = false;
    t->running = before;
    if (status != LUA_YIELD) return end_task(L, world, w, index, status, results);
    lua_pop(thread, results);
    /* a plain coroutine.yield: let the others go on */
    if (t->slots[index].ticket == 0 && w->world) {
        t->slots[index].ticket = ticket_new(t, index);
        world_timer(w->world, t->slots[index].ticket, world_now(w->world));
    }
    return false;
}

/* Hands the `count` values at the top of the stack to the task or call that waits for `ticket`. A call that is `own`
 * keeps them there. True: an error to raise is at the top. */
static bool deliver(lua_State *L, int world, struct lua_world *w, int64_t ticket, int count, int own)
{
    int index = ticket_slot(ticket);
    struct task_slot *s = &w->tasks.slots[index];
    if (s->ticket != ticket) { /* pushing the values ran a finalizer that cancelled it */
        lua_pop(L, count);
        return false;
    }
    s->ticket = 0;
    if (s->kind == SLOT_TASK) return resume(L, world, w, index, count);
    s->done = true;
    if (index == own) return false;
    lua_createtable(L, count, 1);
    lua_insert(L, -count - 1);
    for (int i = count; i > 0; i--) lua_rawseti(L, -i - 1, i);
    lua_pushinteger(L, count);
    lua_setfield(L, -2, "n");
    anchor(L, world, index);
    return false;
}

/* ---- completions ---- */

static int push_completion(lua_State *L, int world, struct lua_world *w, const struct world_completion *c)
{
    switch (c->kind) {
    case COMPLETION_TIMER: lua_pushboolean(L, 1); return 1;
    case COMPLETION_REPLY: return result_push_wire(L, c->data, &w->capture, world);
    case COMPLETION_FAILED: {
        bool sent = c->sent;
        int count = result_fail_text(L, slice_text(c->error));
        lua_pushstring(L, sent ? "info" : "fail");
        return count + 1;
    }
    }
    return 0;
}

/* Where the answer to `ticket` goes in its group's table. */
static lua_Integer group_position(const struct lua_world *w, int64_t ticket)
{
    return (ticket >> SLOT_BITS) - w->tasks.slots[ticket_slot(ticket)].first + 1;
}

static bool complete_group(lua_State *L, int world, struct lua_world *w, const struct world_completion *c,
                           int own)
{
    int index = ticket_slot(c->ticket);
    int64_t first = w->tasks.slots[index].first;
    push_anchor(L, world, index);
    lua_Integer at = group_position(w, c->ticket);
    result_to_element(L, push_completion(L, world, w, c));
    lua_rawseti(L, -2, at);
    struct task_slot *s = &w->tasks.slots[index];
    bool there =
        s->kind == SLOT_GROUP && s->first == first; /* pushing may have run a finalizer that ended it */
    if (!there || --s->outstanding > 0 || s->waiter == 0) {
        lua_pop(L, 1);
        return false;
    }
    int64_t waiter = s->waiter;
    task_group_free(L, world, w, index);
    return deliver(L, world, w, waiter, 1, own);
}

/* The values of the call slot `own` stay on the stack. True: an error to raise is at the top. */
static bool complete(lua_State *L, int world, struct lua_world *w, const struct world_completion *c, int own)
{
    struct tasks *t = &w->tasks;
    int index = ticket_slot(c->ticket);
    if (index >= t->count) return false;
    struct task_slot *s = &t->slots[index];
    if (s->kind == SLOT_GROUP && c->ticket >> SLOT_BITS >= s->first)
        return complete_group(L, world, w, c, own);
    if (s->ticket != c->ticket) return false;
    int64_t ticket = c->ticket;
    return deliver(L, world, w, ticket, push_completion(L, world, w, c), own);
}

/* ---- turning ---- */

/* Takes all completions that are there. `own`: the call slot that waits, -1: none. Stops when it has its values, or
 * when a task has ended and `until_end`. An error to raise frees `own` and is raised. */
static bool take_completions(lua_State *L, int world, struct lua_world *w, int own, bool until_end)
{
    int64_t ended = w->tasks.ended;
    struct world_completion c;
    while (w->world && world_next(w->world, &c)) {
        if (complete(L, world, w, &c, own)) {
            if (own >= 0 && w->world) slot_free(&w->tasks, own);
            lua_error(L);
        }
        if (own >= 0 && (!w->world || w->tasks.slots[own].done)) return true;
        if (until_end && w->tasks.ended != ended) return true;
    }
    return false;
}

enum turn task_turn(lua_State *L, int world, struct lua_world *w, int64_t until)
{
    luaL_checkstack(L, LUA_MINSTACK, "turning a world");
    for (;;) {
        if (take_completions(L, world, w, -1, true)) return TURN_ENDED;
        if (!w->world) return TURN_CLOSED;
        int there = world_step(w->world, until);
        if (there == 0) return TURN_TIME;
        if (there == -1) return TURN_IDLE;
        if (there < 0) luaL_error(L, "out of memory: this world cannot go on");
    }
}

bool task_step(lua_State *L, int world, struct lua_world *w, int64_t until)
{
    luaL_checkstack(L, LUA_MINSTACK, "turning a world");
    if (!w->world || world_step(w->world, until) != 1) return false;
    take_completions(L, world, w, -1, false);
    return true;
}

/* A call outside a task: turns the world until it has its answer. */
static int await_call(lua_State *L, int world, struct lua_world *w, int index)
{
    int base = lua_gettop(L);
    luaL_checkstack(L, LUA_MINSTACK, "turning a world");
    for (;;) {
        take_completions(L, world, w, index, false);
        if (!w->world) return result_fail(L, "CLOSED the world was closed");
        if (w->tasks.slots[index].done) {
            slot_free(&w->tasks, index);
            if (lua_gettop(L) > base) return lua_gettop(L) - base;
            /* somebody else turned the world and put them aside */
            push_anchor(L, world, index);
            drop_anchor(L, world, index);
            lua_getfield(L, -1, "n");
            int count = (int)lua_tointeger(L, -1);
            lua_pop(L, 1);
            for (int i = 1; i <= count; i++) lua_rawgeti(L, base + 1, i);
            return count;
        }
        int there = world_step(w->world, INT64_MAX);
        if (there >= 0) continue;
        slot_free(&w->tasks, index);
        if (there == -1) return result_fail(L, "DEADLOCK nothing can happen in this world any more");
        return luaL_error(L, "out of memory: this world cannot go on");
    }
}

int task_await(lua_State *L, int world, struct lua_world *w, int64_t ticket)
{
    int index = ticket_slot(ticket);
    w->tasks.slots[index].ticket = ticket;
    if (w->tasks.slots[index].kind == SLOT_TASK) return lua_yield(L, 0);
    if (world == 0) {
        lua_getiuservalue(L, 1, PLACE_WORLD);
        world = lua_gettop(L);
    }
    return await_call(L, world, w, index);
}

/* ---- groups ---- */

int task_group(lua_State *L, int world, struct lua_world *w)
{
    int index = slot_new(&w->tasks, SLOT_GROUP);
    if (index < 0) {
        lua_pop(L, 1);
        return -1;
    }
    w->tasks.slots[index].first = w->tasks.slots[index].sequence + 1;
    anchor(L, world, index);
    return index;
}

int64_t task_group_ticket(struct lua_world *w, int group)
{
    w->tasks.slots[group].outstanding++;
    return ticket_new(&w->tasks, group);
}

void task_group_drop(struct lua_world *w, int group) { w->tasks.slots[group].outstanding--; }

void task_group_answer(lua_State *L, int world, struct lua_world *w, int64_t ticket, int count)
{
    lua_Integer at = group_position(w, ticket);
    result_to_element(L, count);
    push_anchor(L, world, ticket_slot(ticket));
    lua_insert(L, -2);
    lua_rawseti(L, -2, at);
    lua_pop(L, 1);
    task_group_drop(w, ticket_slot(ticket));
}

void task_group_free(lua_State *L, int world, struct lua_world *w, int group)
{
    drop_anchor(L, world, group);
    slot_free(&w->tasks, group);
}

int task_group_await(lua_State *L, int world, struct lua_world *w, int group)
{
    if (w->tasks.slots[group].outstanding == 0) {
        push_anchor(L, world, group);
        task_group_free(L, world, w, group);
        return 1;
    }
    int64_t ticket = task_ticket(L, w);
    if (ticket == 0) {
        task_group_free(L, world, w, group);
        return result_fail(L, "OOM out of memory");
    }
    w->tasks.slots[group].waiter = ticket;
    return task_await(L, world, w, ticket);
}

/* ---- what lua/tidelock/task.lua builds on ---- */

static struct lua_world *check_open(lua_State *L)
{
    struct lua_world *w = binding_world(L, 1);
    if (!w->world) luaL_error(L, "world is closed");
    return w;
}

/* start(world, task, fn, ...): runs fn(...) as a task, from the next turn on. `task` is the object that represents it:
 * gets fields `thread` and `slot`, and task:finish(ok, ...) at its end, which returns whether it dealt with an error. */
static int start(lua_State *L)
{
    struct lua_world *w = check_open(L);
    luaL_checktype(L, 2, LUA_TTABLE);
    luaL_checktype(L, 3, LUA_TFUNCTION);
    int values = lua_gettop(L) - 2;
    lua_State *thread = lua_newthread(L);
    if (!lua_checkstack(thread, values + LUA_MINSTACK)) return luaL_error(L, "too many arguments for a task");
    lua_setfield(L, 2, "thread");
    int index = slot_new(&w->tasks, SLOT_TASK);
    if (index < 0) return luaL_error(L, "out of memory for a task");
    struct task_slot *s = &w->tasks.slots[index];
    lua_xmove(L, thread, values);
    s->thread = thread;
    s->ticket = ticket_new(&w->tasks, index);
    if (world_timer(w->world, s->ticket, world_now(w->world)) != WORLD_OK) {
        slot_free(&w->tasks, index);
        return luaL_error(L, "out of memory for a task");
    }
    lua_pushinteger(L, index);
    lua_setfield(L, 2, "slot");
    anchor(L, 1, index);
    return 0;
}

static bool has_slot(lua_State *L, struct lua_world *w, int *index)
{
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_getfield(L, 2, "slot");
    *index = (int)lua_tointeger(L, -1);
    if (*index < 0 || *index >= w->tasks.count || w->tasks.slots[*index].kind != SLOT_TASK) return false;
    push_anchor(L, 1, *index);
    return lua_rawequal(L, -1, 2);
}

/* cancel(world, task): the task will not be resumed any more. */
static int cancel(lua_State *L)
{
    struct lua_world *w = binding_world(L, 1);
    int index;
    if (!has_slot(L, w, &index) || w->tasks.slots[index].resumed) return 0;
    slot_free(&w->tasks, index);
    drop_anchor(L, 1, index);
    w->tasks.ended++;
    return 0;
}

/* count(world): how many tasks have not ended. */
static int count_alive(lua_State *L)
{
    lua_pushinteger(L, binding_world(L, 1)->tasks.alive);
    return 1;
}

/* all(world): the task objects of the tasks that have not ended. */
static int all(lua_State *L)
{
    const struct lua_world *w = binding_world(L, 1);
    lua_Integer found = 0;
    lua_newtable(L);
    for (int i = 0; i < w->tasks.count; i++) {
        if (w->tasks.slots[i].kind != SLOT_TASK) continue;
        push_anchor(L, 1, i);
        lua_rawseti(L, 2, ++found);
    }
    return 1;
}

/* current(world): the task object of the task that calls, nil outside of tasks. */
static int current(lua_State *L)
{
    const struct lua_world *w = binding_world(L, 1);
    int index = running_task(L, &w->tasks);
    if (index < 0) return 0;
    push_anchor(L, 1, index);
    return 1;
}

/* park(world): blocks the task that calls until somebody wakes it. */
static int park(lua_State *L)
{
    struct lua_world *w = check_open(L);
    int index = running_task(L, &w->tasks);
    if (index < 0) return luaL_error(L, "not called in a task");
    w->tasks.slots[index].ticket = ticket_new(&w->tasks, index);
    return lua_yield(L, 0);
}

/* wake(world, task): a parked task goes on, in its turn. */
static int wake(lua_State *L)
{
    struct lua_world *w = binding_world(L, 1);
    int index;
    if (!w->world || !has_slot(L, w, &index) || !w->tasks.slots[index].ticket) return 0;
    if (world_timer(w->world, w->tasks.slots[index].ticket, world_now(w->world)) != WORLD_OK)
        return luaL_error(L, "out of memory for a task");
    return 0;
}

/* turn(world [, until]): turns the world until a task has ended ("ended"), the time in ms has come ("time"), nothing can
 * happen any more ("idle") or somebody closed it ("closed"). */
static int turn(lua_State *L)
{
    static const char *const names[] = {"ended", "time", "idle", "closed"};
    struct lua_world *w = binding_world(L, 1);
    int64_t until = lua_isnoneornil(L, 2) ? INT64_MAX : arguments_duration(L, 2, "until");
    lua_pushstring(L, names[task_turn(L, 1, w, until)]);
    return 1;
}

void binding_open_task(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"start", start}, {"cancel", cancel}, {"all", all},   {"count", count_alive}, {"current", current},
        {"park", park},   {"wake", wake},     {"turn", turn}, {NULL, NULL},
    };
    luaL_newlib(L, functions);
    lua_setfield(L, -2, "task");
}
