/* command_fixture.h: data commands without a server: a line in, the reply as text and the effects as text
 * out.
 *
 *     struct fixture *f = fixture_new();
 *     fixture_run(f, "SET k v PX 100");   → "+OK"     f->effects_text → "SET k v PXAT 1700000000100"
 *     fixture_run(f, "MGET k nokey");     → "[\"v\" nil]"
 *
 * Words are separated by blanks; "…" holds blanks, and \xHH any byte. "+text" is a status, "-text" an error,
 * 12 an integer, "…" a bulk, nil and nil* the nulls, [] an array, {} a map, () a set.
 *
 * Beside the keyspace stands a follower's, which is given nothing but the effects: after each line both
 * digests must be the same and keyspace_check must find nothing wrong. f->wrong says what was.
 *
 * SPDX-License-Identifier: MIT */
#ifndef COMMAND_FIXTURE_H
#define COMMAND_FIXTURE_H

#include "command/access.h"
#include "command/command.h"

enum { FIXTURE_WORDS_MAX = 1100, FIXTURE_NOW = 1700000000 };

struct fixture {
    struct memory memory; /* of the keyspace and of what commands need; fail_after is for tests to set */
    struct memory other;  /* of everything else */
    struct keyspace *keyspace, *follower;
    struct command_index *index;
    struct random random;
    struct access_policy access;
    int64_t now_ms; /* begins at FIXTURE_NOW seconds */
    int db, protocol;
    bool replica, from_primary;
    int64_t bulk_max;
    int64_t changes;                    /* of the last command */
    struct bytes reply_text;            /* of the last command */
    struct bytes effects;               /* of the last command, as the log gets them */
    struct bytes effects_text;          /* the same, words separated by blanks, commands by "; " */
    struct bytes notices, notices_text; /* events of the last command: "new k; set k; move_to@3 k" */
    bool follow;                        /* give the follower the effects and compare; on at first */
    const char *wrong;                  /* NULL: all is well */
};

struct fixture *fixture_new(void);
void fixture_free(struct fixture *f);
/* The reply, as text; valid until the next line. "@100" lets 100 ms pass. */
const char *fixture_run(struct fixture *f, const char *line);
const char *fixture_effects(struct fixture *f);
const char *fixture_notices(struct fixture *f);

/* One line of a table: what to run, what is answered, what is logged (NULL: nothing). */
struct fixture_case {
    const char *line, *reply, *effects;
};

/* A line, and the events it leaves (NULL: none). */
struct fixture_notice_case {
    const char *line, *notices;
};
bool fixture_notice_table(struct fixture *f, const struct fixture_notice_case *cases, char *wrong,
                          size_t room);

/* Runs a table ended by a NULL line. The first thing that differs is described in `wrong` (size `room`), and
 * false. */
bool fixture_table(struct fixture *f, const struct fixture_case *cases, char *wrong, size_t room);

/* The same with a fixture of its own, in RESP2 or RESP3. */
bool fixture_cases(const struct fixture_case *cases, int protocol, char *wrong, size_t room);

/* What many tables expect. */
#define WRONGTYPE "-WRONGTYPE Operation against a key holding the wrong kind of value"
#define NOT_AN_INTEGER "-ERR value is not an integer or out of range"
#define SYNTAX "-ERR syntax error"

#define CHECK_TABLE(f, cases)                                                                           \
    do {                                                                                                \
        char wrong_[1024];                                                                              \
        if (!fixture_table(f, cases, wrong_, sizeof wrong_)) test_fail(t_, __FILE__, __LINE__, wrong_); \
    } while (0)

#define CHECK_CASES(cases, protocol)                                \
    do {                                                            \
        char wrong_[1024];                                          \
        if (!fixture_cases(cases, protocol, wrong_, sizeof wrong_)) \
            test_fail(t_, __FILE__, __LINE__, wrong_);              \
    } while (0)

#define CHECK_NOTICES(f, cases)                                     \
    do {                                                            \
        char wrong_[1024];                                          \
        if (!fixture_notice_table(f, cases, wrong_, sizeof wrong_)) \
            test_fail(t_, __FILE__, __LINE__, wrong_);              \
    } while (0)

#endif
