/* info_fixture.h: what a node's INFO says and how one is configured before it starts, for C specs.
 *
 * SPDX-License-Identifier: MIT */
#ifndef INFO_FIXTURE_H
#define INFO_FIXTURE_H

#include "nodes.h"

static inline void set(struct node *n, const char *name, const char *value)
{
    struct bytes error;
    bytes_init(&error, node_memory(n));
    if (!node_configure(n, slice_text(name), slice_text(value), &error)) {
        printf("# %s %s: %.*s\n", name, value, (int)error.size, error.data);
        abort();
    }
    bytes_free(&error);
}

/* A field of a section, until the next call; "(none)": there is no such field. */
static inline const char *info(struct wire *w, const char *section, const char *field)
{
    static char value[400];
    char line[64];
    snprintf(line, sizeof line, "INFO %s", section);
    const char *text = say(w, line), *found;
    snprintf(line, sizeof line, "\n%s:", field);
    found = strstr(text, line);
    if (!found) return "(none)";
    found += strlen(line);
    snprintf(value, sizeof value, "%.*s", (int)strcspn(found, "\r\n"), found);
    return value;
}

#endif
