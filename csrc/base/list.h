/* list.h: an intrusive doubly linked list: the member is embedded in whatever is listed. Never fails. */
#ifndef TIDELOCK_BASE_LIST_H
#define TIDELOCK_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
    struct list *prev, *next; /* a head, or a member; a member that is in no list points at itself */
};

#define list_item(member, type, field) ((type *)((char *)(member)-offsetof(type, field)))

static inline void list_init(struct list *l) { l->prev = l->next = l; }

static inline bool list_empty(const struct list *l) { return l->next == l; }

/* Adds `member` (in no list) at the tail. */
static inline void list_push(struct list *head, struct list *member)
{
    member->prev = head->prev;
    member->next = head;
    head->prev->next = member;
    head->prev = member;
}

/* Takes `member` out of its list, if any. */
static inline void list_remove(struct list *member)
{
    member->prev->next = member->next;
    member->next->prev = member->prev;
    list_init(member);
}

/* The first member, taken out; NULL when empty. */
static inline struct list *list_pop(struct list *head)
{
    struct list *first = head->next;
    if (first == head) return NULL;
    list_remove(first);
    return first;
}

#define list_each(cursor, head) \
    for (struct list *cursor = (head)->next; cursor != (head); cursor = cursor->next)
/* The same when the body may take `cursor` out. */
#define list_each_safe(cursor, head)                                                          \
    for (struct list *cursor = (head)->next, *cursor##_next = cursor->next; cursor != (head); \
         cursor = cursor##_next, cursor##_next = cursor->next)

#endif
