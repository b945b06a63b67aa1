/* tape.c: the byte stream in blocks.
 *
 * The blocks are a singly linked list without gaps: each starts where the one before ends, `start` is the
 * start of the head, `end` the end of the tail. Block sizes double from TAPE_BLOCK_MIN to TAPE_BLOCK_MAX, the
 * block's header included. A tape that has been trimmed to its end keeps one block, if it is a small one, and
 * fills it again.
 *
 * A cursor's hint is never looked into after its block is gone: a block is freed only when it ends at or
 * before `start`, a hint never ends before its cursor, so a cursor after `start` has a live hint, and one at
 * `start` is in the head.
 */
#include "base/tape.h"

void tape_init(struct tape *t, struct memory *m, int64_t origin)
{
    *t = (struct tape){.start = origin, .end = origin, .memory = m};
}

static void free_block(struct tape *t, struct tape_block *block)
{
    t->taken -= sizeof *block + block->capacity;
    memory_free(t->memory, block, sizeof *block + block->capacity);
}

static void free_chain(struct tape *t, struct tape_block *block)
{
    while (block) {
        struct tape_block *next = block->next;
        free_block(t, block);
        block = next;
    }
}

void tape_free(struct tape *t) { tape_reset(t, 0); }

void tape_reset(struct tape *t, int64_t origin)
{
    free_chain(t, t->head);
    tape_init(t, t->memory, origin);
}

static inline int64_t block_end(const struct tape_block *block) { return block->start + block->size; }

/* A new block, twice as large as `previous` (if any), or as large as it takes to hold `wanted` bytes. */
static struct tape_block *new_block(struct memory *m, const struct tape_block *previous, size_t wanted)
{
    size_t size = previous ? 2 * (sizeof *previous + previous->capacity) : TAPE_BLOCK_MIN;
    while (size < TAPE_BLOCK_MAX && size - sizeof *previous < wanted) size *= 2;
    if (size > TAPE_BLOCK_MAX) size = TAPE_BLOCK_MAX;
    struct tape_block *block = memory_alloc(m, size);
    if (block) *block = (struct tape_block){.capacity = (uint32_t)(size - sizeof *block)};
    return block;
}

/* Blocks with room for `size` > 0 bytes, to come after the tail; NULL when memory is out. */
static struct tape_block *new_chain(struct tape *t, size_t size)
{
    struct tape_block *first = NULL, *last = t->tail, **link = &first;
    for (size_t room = 0; room < size; room += last->capacity) {
        last = *link = new_block(t->memory, last, size - room);
        if (!last) {
            free_chain(t, first);
            return NULL;
        }
        t->taken += sizeof *last + last->capacity;
        link = &last->next;
    }
    return first;
}

/* Fills up the tail with as much of `data` as fits; returns how much. */
static size_t fill_tail(struct tape *t, const char *data, size_t size)
{
    struct tape_block *tail = t->tail;
    size_t part = tail->capacity - tail->size;
    if (part > size) part = size;
    if (part > 0) memcpy(tail->data + tail->size, data, part);
    tail->size += (uint32_t)part;
    t->end += (int64_t)part;
    return part;
}

/* The slow half of tape_append: what does not fit into the tail. */
static bool append_blocks(struct tape *t, const char *data, size_t size)
{
    size_t room = t->tail ? t->tail->capacity - t->tail->size : 0;
    struct tape_block *chain = new_chain(t, size - room);
    if (!chain) return false;
    if (room > 0) fill_tail(t, data, room);
    if (t->tail)
        t->tail->next = chain;
    else
        t->head = chain;
    data += room;
    size -= room;
    for (struct tape_block *block = chain; block; block = block->next) {
        block->start = t->end;
        t->tail = block;
        size_t part = fill_tail(t, data, size);
        data += part;
        size -= part;
    }
    return true;
}

bool tape_append(struct tape *t, const void *data, size_t size)
{
    if (size == 0) return true;
    if (!t->tail || size > t->tail->capacity - t->tail->size) return append_blocks(t, data, size);
    fill_tail(t, data, size);
    return true;
}

void tape_skip(struct tape *t, size_t size)
{
    if (t->start < t->end) tape_trim(t, t->end);
    t->start = t->end += (int64_t)size;
    if (t->head) t->head->start = t->end;
}

void tape_trim(struct tape *t, int64_t position)
{
    struct tape_block *block = t->head;
    while (block && block_end(block) <= position) {
        struct tape_block *next = block->next;
        if (!next && sizeof *block + block->capacity <= TAPE_BLOCK_MIN) {
            block->start = t->end;
            block->size = 0;
            break;
        }
        free_block(t, block);
        block = next;
    }
    t->head = block;
    if (!block) t->tail = NULL;
    t->start = block ? block->start : t->end;
}

struct tape_cursor tape_seek(const struct tape *t, int64_t position)
{
    struct tape_block *block = position == t->end ? t->tail : t->head;
    while (block && block_end(block) < position) block = block->next;
    return (struct tape_cursor){position, block};
}

/* Brings the cursor's hint up to its position: the block that holds the next byte, or the tail at the end. */
static void settle(const struct tape *t, struct tape_cursor *c)
{
    if (c->position == t->start)
        c->block = t->head;
    else if (!c->block)
        *c = tape_seek(t, c->position);
    while (c->block && c->block->next && block_end(c->block) <= c->position) c->block = c->block->next;
}

int tape_peek(const struct tape *t, struct tape_cursor *c, struct slice *slices, int max)
{
    settle(t, c);
    int count = 0;
    int64_t position = c->position;
    for (struct tape_block *block = c->block; block && position < t->end && count < max;
         block = block->next) {
        size_t skip = (size_t)(position - block->start);
        slices[count++] = slice_of(block->data + skip, block->size - skip);
        position = block_end(block);
    }
    return count;
}

void tape_advance(const struct tape *t, struct tape_cursor *c, size_t size)
{
    settle(t, c);
    c->position += (int64_t)size;
    settle(t, c);
}
