/* task.h: who waits for what: from the tickets of a world's completions to the coroutines of its tasks.
 *
 * Whoever waits has a *slot*. A ticket is the slot's number and how many tickets the slot has had, so that a completion
 * finds its waiter without a search, and one that comes too late (a cancelled task's) finds nobody.
 *
 *      task     a coroutine started by world:go; one slot for life; waits by yielding
 *      call     a blocking call outside a task; a slot for as long as it blocks; waits by turning the world
 *      group    a pipeline's requests, each with a ticket of its own; wakes another slot when all have their answer
 *
 * A coroutine that a task made for itself is not a task: blocking there turns the world too.
 */
#ifndef TIDELOCK_LUA_TASK_H
#define TIDELOCK_LUA_TASK_H

#include <lua.h>

#include "base/bytes.h"

struct lua_world;
struct task_slot;

struct tasks {
    struct memory *memory;
    struct task_slot *slots;
    int count, capacity;
    int free;      /* the first free slot, -1: none */
    int running;   /* the task that runs now, -1: none */
    int64_t alive; /* tasks that have not ended */
    int64_t ended; /* tasks that have, all in all */
};

void tasks_init(struct tasks *t, struct memory *m);
void tasks_free(struct tasks *t);
/* Nobody waits any more: the world is closed. */
void tasks_forget(struct tasks *t);

/* A ticket for the caller, who is about to block; 0 when memory is out. */
int64_t task_ticket(lua_State *L, struct lua_world *w);
/* Gives it back: what should have taken time failed at once. */
void task_drop(struct lua_world *w, int64_t ticket);
/* Blocks until the ticket's completion and returns its values: `return task_await(…)` from a C function. `world` is the
 * stack index of the world's userdata, 0: in user value PLACE_WORLD of the one at index 1. */
int task_await(lua_State *L, int world, struct lua_world *w, int64_t ticket);

/* A group's slot, -1 when memory is out. Its results are collected in the table at the top of the stack, which
 * task_group takes. Then the ticket of its next request, and that one given back because it failed at once. */
int task_group(lua_State *L, int world, struct lua_world *w);
int64_t task_group_ticket(struct lua_world *w, int group);
void task_group_drop(struct lua_world *w, int group);
/* The request of `ticket` has its answer already: the `count` values at the top of the stack, which are taken. */
void task_group_answer(lua_State *L, int world, struct lua_world *w, int64_t ticket, int count);
void task_group_free(lua_State *L, int world, struct lua_world *w, int group);
/* Blocks until all requests of the group have their answer, and returns the table. The group ends then. */
int task_group_await(lua_State *L, int world, struct lua_world *w, int group);

/* How far task_turn came. */
enum turn { TURN_ENDED, TURN_TIME, TURN_IDLE, TURN_CLOSED };
/* Turns the world and resumes tasks, until a task has ended, monotonic time `until` or nothing can happen any more. An
 * error in a task that nobody joins is raised here. */
enum turn task_turn(lua_State *L, int world, struct lua_world *w, int64_t until);
/* Resumes whoever has something to be resumed with after one step until `until` at most; whether there was something. */
bool task_step(lua_State *L, int world, struct lua_world *w, int64_t until);

#endif
