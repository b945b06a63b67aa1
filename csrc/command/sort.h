/* sort.h: SORT and SORT_RO: sort.c, and their rows in sort_table.c. */
#ifndef TIDELOCK_COMMAND_SORT_H
#define TIDELOCK_COMMAND_SORT_H

#include "command/command.h"

extern const struct command command_sort[];

void run_sort(struct exec *x);
void run_sort_ro(struct exec *x);

/* Where the keys of a call stand that its words name; those that patterns stand for only the data knows. */
int sort_keys(const struct slice *argv, int argc, int *keys, const char **flags);

#endif
