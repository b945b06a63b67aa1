/* notify.c: events as records, and the letters of their classes.
 *
 * A record is: database, size of the event's name, size of the key, then both.
 */
#include "command/notify.h"

struct record {
    int db;
    uint32_t event_size;
    size_t key_size;
};

void notify_record(struct exec *x, const char *event, int db, struct slice key)
{
    struct bytes *out = x->notices;
    struct record r = {.db = db, .event_size = (uint32_t)strlen(event), .key_size = key.size};
    if (!bytes_reserve(out, sizeof r + r.event_size + key.size)) return;
    bytes_append(out, &r, sizeof r);
    bytes_append(out, event, r.event_size);
    bytes_append_slice(out, key);
}

void exec_notify_if_new(struct exec *x, struct slice key)
{
    if (x->notify == 0) return;
    if (exec_find(x, x->db, key, EXEC_FOR_WRITE | EXEC_NO_STATS | EXEC_NO_TOUCH)) return;
    exec_notify(x, NOTIFY_NEW, "new", key);
}

bool notify_next(struct slice *records, struct notice *n)
{
    struct record r;
    if (records->size < sizeof r) return false;
    memcpy(&r, records->data, sizeof r);
    n->db = r.db;
    n->event = slice_of(records->data + sizeof r, r.event_size);
    n->key = slice_of(n->event.data + r.event_size, r.key_size);
    size_t size = sizeof r + r.event_size + r.key_size;
    *records = slice_of(records->data + size, records->size - size);
    return true;
}

/* In the order in which CONFIG GET shows them. "new" is no part of "all", and is not shown beside it. */
static const struct letter {
    char letter;
    unsigned classes;
} letters[] = {
    {'A', NOTIFY_ALL},      {'g', NOTIFY_GENERIC},  {'$', NOTIFY_STRING},   {'l', NOTIFY_LIST},
    {'s', NOTIFY_SET},      {'h', NOTIFY_HASH},     {'z', NOTIFY_ZSET},     {'x', NOTIFY_EXPIRED},
    {'e', NOTIFY_EVICTED},  {'t', NOTIFY_STREAM},   {'d', NOTIFY_MODULE},   {'n', NOTIFY_NEW},
    {'K', NOTIFY_KEYSPACE}, {'E', NOTIFY_KEYEVENT}, {'m', NOTIFY_KEY_MISS},
};

enum { LETTERS = sizeof letters / sizeof letters[0] };

bool notify_parse(struct slice text, unsigned *classes)
{
    *classes = 0;
    for (size_t i = 0; i < text.size; i++) {
        int found = 0;
        while (found < LETTERS && letters[found].letter != text.data[i]) found++;
        if (found == LETTERS) return false;
        *classes |= letters[found].classes;
    }
    return true;
}

void notify_format(unsigned classes, struct bytes *text)
{
    for (int i = 0; i < LETTERS; i++) {
        unsigned some = letters[i].classes;
        if ((classes & some) != some) continue;
        bytes_append_char(text, letters[i].letter);
        if (some == NOTIFY_ALL) classes &= ~(unsigned)(NOTIFY_ALL | NOTIFY_NEW);
    }
}
