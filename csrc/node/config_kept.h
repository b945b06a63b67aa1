/* config_kept.h: parameters that are kept as the text they came as (CONFIG_KEPT): names of files and the like, which are
 * the process's.
 *
 * Most nodes are given none of them, so they share one small field of struct config: a name and a value in turn, each
 * with its NUL, up to an empty name. What is not there has its row's initial value.
 */
#ifndef TIDELOCK_NODE_CONFIG_KEPT_H
#define TIDELOCK_NODE_CONFIG_KEPT_H

#include "node/config_table.h"

/* Good until the next config_kept_set. */
const char *config_kept_get(const struct config *c, const struct config_row *row);
/* False: it has a NUL byte, or there is no more room (nothing has changed then). */
bool config_kept_set(struct config *c, const struct config_row *row, struct slice value);

#endif
