/* introspect.h: COMMAND: the table of commands, as clients ask for it.
 *
 * The rows of COMMAND are among the data families; they find the table in their exec (`index`). The parts are
 * here for those who ask in other ways (a reference in docs/, the Lua side).
 */
#ifndef TIDELOCK_COMMAND_INTROSPECT_H
#define TIDELOCK_COMMAND_INTROSPECT_H

#include "command/command.h"

extern const struct command command_introspection[];

/* COMMAND and its subcommands, on x->index. */
void run_command(struct exec *x);
/* The same on a given table. */
void command_introspect(struct exec *x, const struct command_index *index);

/* The ten elements COMMAND INFO answers for a command. `container`: NULL, or the command it is a subcommand
 * of. */
void command_reply_info(struct reply *r, const struct command *container, const struct command *c);
/* The map COMMAND DOCS answers for a command. */
void command_reply_docs(struct reply *r, const struct command *c);
/* The name, as a bulk: "get", "object|encoding". */
void command_reply_name(struct reply *r, const struct command *container, const struct command *c);
/* The command a word names: "get", "object|encoding". NULL: none; *container as above. */
const struct command *command_by_full_name(const struct command_index *index, struct slice name,
                                           const struct command **container);

#endif
