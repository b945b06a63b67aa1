/* diary.h: what a node has to say of what happens to it: replicas that come and go, snapshots, what it has loaded.
 *
 * A node writes nothing anywhere. Its lines go into a buffer of whoever drives it (node_options.diary), who takes them
 * now and then: the server makes a log of them. A line is
 *
 *      <unix ms> <role: M, S> <level: 0 to 3> <text>\n
 *
 * What `loglevel` leaves out is not written; nor is what finds no room, when nobody takes the lines.
 */
#ifndef TIDELOCK_NODE_DIARY_H
#define TIDELOCK_NODE_DIARY_H

struct node;

/* The words of `loglevel` in their order. */
enum diary_level { DIARY_DEBUG, DIARY_VERBOSE, DIARY_NOTICE, DIARY_WARNING };

/* Control characters in the text become dots. */
void diary_say(struct node *n, enum diary_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
