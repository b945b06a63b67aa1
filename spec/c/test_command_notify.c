/* The events that commands leave: names and order as Redis 7.0 publishes them, and the letters of their classes.
 *
 * SPDX-License-Identifier: MIT */
#include "command/notify.h"
#include "command_fixture.h"
#include "test.h"

TEST(strings_say_what_they_did)
{
    static const struct fixture_notice_case cases[] = {
        {"SET k v", "new k; set k"},
        {"SET k v", "set k"},
        {"SET k v NX", NULL},
        {"SET k v EX 100", "set k; expire k"},
        {"SET k v GET", "set k"},
        {"SETNX k v", NULL},
        {"SETNX n v", "new n; set n"},
        {"SETEX e 10 v", "new e; set e; expire e"},
        {"PSETEX e 10000 v", "set e; expire e"},
        {"GETSET k w", "set k"},
        {"GET k", NULL},
        {"GET nokey", "keymiss nokey"},
        {"GETEX k EX 100", "expire k"},
        {"GETEX k PERSIST", "persist k"},
        {"GETEX k PERSIST", NULL},
        {"GETEX k", NULL},
        {"GETEX k PXAT 1", "del k"},
        {"GETDEL n", "del n"},
        {"GETDEL n", "keymiss n"},
        {"MSET a 1 b 2", "new a; set a; new b; set b"},
        {"MSETNX a 1 c 2", NULL},
        {"MSETNX c 1 d 2", "new c; set c; new d; set d"},
        {"MGET a x", "keymiss x"},
        {"APPEND f x", "new f; append f"},
        {"APPEND f x", "append f"},
        {"SETRANGE f 4 x", "setrange f"},
        {"SETRANGE g 4 x", "new g; setrange g"},
        {"SETRANGE g 4 \"\"", NULL},
        {"INCR i", "new i; incrby i"},
        {"DECRBY i 3", "incrby i"},
        {"INCRBYFLOAT i 1.5", "incrbyfloat i"},
        {"INCR f", NULL},
        {NULL, NULL},
    };
    struct fixture *f = fixture_new();
    CHECK_NOTICES(f, cases);
    fixture_free(f);
}

TEST(keys_say_what_became_of_them)
{
    static const struct fixture_notice_case cases[] = {
        {"MSET a 1 b 2", "new a; set a; new b; set b"},
        {"DEL a x b", "del a; del b"},
        {"UNLINK x", NULL},
        {"SET a 1", "new a; set a"},
        {"RENAME a b", "new b; rename_from a; rename_to b"},
        {"SET a 1", "new a; set a"},
        {"RENAME a b", "new b; rename_from a; rename_to b"},
        {"RENAMENX b c", "new c; rename_from b; rename_to c"},
        {"RENAME c c", NULL},
        {"COPY c d", "new d; copy_to d"},
        {"COPY c d DB 3", "new@3 d; copy_to@3 d"},
        {"MOVE c 4", "new@4 c; move_from c; move_to@4 c"},
        {"EXPIRE d 100", "expire d"},
        {"EXPIRE d 100 NX", NULL},
        {"PERSIST d", "persist d"},
        {"PERSIST d", NULL},
        {"PEXPIREAT d 1", "del d"},
        {"EXISTS x", "keymiss x"},
        {"TYPE x", "keymiss x"},
        {"TTL x", "keymiss x"},
        {"OBJECT ENCODING x", NULL},
        {"FLUSHALL", NULL},
        {NULL, NULL},
    };
    struct fixture *f = fixture_new();
    CHECK_NOTICES(f, cases);
    fixture_free(f);
}

TEST(what_has_expired_says_so_when_it_is_met)
{
    static const struct fixture_notice_case cases[] = {
        {"SET a 1 PX 10", "new a; set a; expire a"},
        {"@11", NULL},
        {"GET a", "expired a; keymiss a"},
        {"GET a", "keymiss a"},
        {"SET a 1 PX 10", "new a; set a; expire a"},
        {"@11", NULL},
        {"SET a 2", "expired a; new a; set a"},
        {"PEXPIRE a 10", "expire a"},
        {"@11", NULL},
        {"DEL a", "expired a"},
        {NULL, NULL},
    };
    struct fixture *f = fixture_new();
    CHECK_NOTICES(f, cases);
    fixture_free(f);
}

TEST(nobody_listens)
{
    struct fixture *f = fixture_new();
    struct exec x = {.keyspace = f->keyspace, .notices = &f->notices, .notify = NOTIFY_LIST | NOTIFY_NEW};
    exec_notify(&x, NOTIFY_STRING, "set", slice_text("k"));
    CHECK_EQ_INT(f->notices.size, 0);
    exec_notify(&x, NOTIFY_LIST, "lpush", slice_text("k"));
    CHECK_EQ_STR(fixture_notices(f), "lpush k");
    fixture_free(f);
}

static const char *round_trip(const char *letters, struct bytes *text)
{
    unsigned classes;
    bytes_clear(text);
    if (!notify_parse(slice_text(letters), &classes)) return "refused";
    notify_format(classes, text);
    bytes_append_char(text, '\0');
    return text->data;
}

TEST(classes_have_letters)
{
    struct memory memory;
    struct bytes text;
    memory_init(&memory);
    bytes_init(&text, &memory);
    CHECK_EQ_STR(round_trip("", &text), "");
    CHECK_EQ_STR(round_trip("KEA", &text), "AKE");
    CHECK_EQ_STR(round_trip("Ex", &text), "xE");
    CHECK_EQ_STR(round_trip("g$lshzxetdKE", &text), "AKE");
    CHECK_EQ_STR(round_trip("nmKg", &text), "gnKm");
    CHECK_EQ_STR(round_trip("KEq", &text), "refused");
    bytes_free(&text);
    CHECK_EQ_INT(memory.used, 0);
}

TEST_MAIN()
