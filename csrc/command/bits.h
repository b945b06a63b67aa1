/* bits.h: the bitmap family: strings as runs of bits.
 *
 * bits.c          SETBIT, GETBIT, BITCOUNT, BITPOS, BITOP
 * bitfield.c      BITFIELD, BITFIELD_RO
 * bits_table.c    the rows
 */
#ifndef TIDELOCK_COMMAND_BITS_H
#define TIDELOCK_COMMAND_BITS_H

#include "command/command.h"

extern const struct command command_bits[];

void run_setbit(struct exec *x);
void run_getbit(struct exec *x);
void run_bitcount(struct exec *x);
void run_bitpos(struct exec *x);
void run_bitop(struct exec *x);
void run_bitfield(struct exec *x);
void run_bitfield_ro(struct exec *x);
const char *bitfield_key_flags(const struct slice *argv, int argc);

/* The bit position that argument `index` says; "#n" (only when `width` is not 0) is the n-th field of that width.
 * False: no such position, which was replied. */
bool bit_offset(struct exec *x, int index, int width, int64_t *offset);
/* The bytes of a string's entry, in `text` if it is a number; none when it is NULL. */
struct slice bit_string(const struct entry *e, struct entry_text *text);
/* The string of key argv[1] made to hold the bit `last`, ready to be changed through *data until bit_edited. `e`: the
 * entry, NULL when there is none. *grown: it was created or lengthened. NULL: out of memory, which was replied. */
struct entry *bit_edit(struct exec *x, const struct entry *e, int64_t last, char **data, bool *grown);
/* What was to be changed has been. */
void bit_edited(struct exec *x, struct entry *e, bool created);

#endif
