/* dump.h: single values in Redis's file format, as clients carry them about: DUMP and RESTORE.
 *
 * The payload is the format's number (one byte), the value in that format, the version of the file format (two bytes) and a
 * CRC-64 of all of that (eight).
 *
 * These commands are data commands like those in command/, of nodes and stores alike; they live here because they speak the file
 * format, which command/ knows nothing of.
 */
#ifndef TIDELOCK_PERSIST_DUMP_H
#define TIDELOCK_PERSIST_DUMP_H

#include "command/command.h"

extern const struct command persist_commands[];

struct rdb_output;
/* The payload of an entry's value. */
void dump_write(struct rdb_output *o, const struct entry *e);

void run_dump(struct exec *x);
void run_restore(struct exec *x);

#endif
