/* config_rewrite.h: a configuration file, written anew with what is configured now: CONFIG REWRITE.
 *
 * Lines stay where they are, comments and all. Of a parameter's lines the first ones take its value, the others go; a
 * parameter that has none and is not what it would be anyway comes at the end, behind a comment that says whose it is.
 * What `include` brings in stays in its own file, and comes at the end too; what cannot be read becomes a comment.
 */
#ifndef TIDELOCK_NODE_CONFIG_REWRITE_H
#define TIDELOCK_NODE_CONFIG_REWRITE_H

#include "node/config.h"

/* Appends to `out` the file that was `old`. `initial`: what a node has when the file says nothing. `primary`: "host port",
 * NULL: there is none. False: memory is out. */
bool config_rewrite(const struct config *c, const struct config *initial, const char *primary,
                    struct slice old, struct bytes *out);

#endif
