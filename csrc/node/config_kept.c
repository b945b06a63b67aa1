/* config_kept.c: texts that are kept. See config_kept.h for how they lie. */
#include "node/config_kept.h"

#include <string.h>

/* What follows the text at `at`: of a name its value, of a value the next name. */
static size_t after(const struct config *c, size_t at) { return at + strlen(c->kept + at) + 1; }

/* Where the row's name stands; else the end. */
static size_t find(const struct config *c, const struct config_row *row)
{
    size_t at = 0;
    while (c->kept[at] != '\0' && strcmp(c->kept + at, row->name) != 0) at = after(c, after(c, at));
    return at;
}

const char *config_kept_get(const struct config *c, const struct config_row *row)
{
    size_t at = find(c, row);
    return c->kept[at] != '\0' ? c->kept + after(c, at) : row->initial;
}

static size_t end_of(const struct config *c)
{
    size_t at = 0;
    while (c->kept[at] != '\0') at = after(c, after(c, at));
    return at;
}

bool config_kept_set(struct config *c, const struct config_row *row, struct slice value)
{
    size_t at = find(c, row), end = end_of(c), name = strlen(row->name) + 1;
    size_t next = at < end ? after(c, after(c, at)) : end;
    bool initial = slice_equal(value, slice_text(row->initial));
    size_t needs = initial ? 0 : name + value.size + 1;
    if (end - (next - at) + needs >= CONFIG_KEPT_MAX) return false;
    if (value.size > 0 && memchr(value.data, '\0', value.size)) return false;
    memmove(c->kept + at, c->kept + next, end - next);
    end -= next - at;
    memset(c->kept + end, 0, CONFIG_KEPT_MAX - end);
    if (initial) return true;
    memcpy(c->kept + end, row->name, name);
    if (value.size > 0) memcpy(c->kept + end + name, value.data, value.size);
    return true;
}
