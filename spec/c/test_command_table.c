/* The table of commands: finding them, their keys, and what COMMAND says about them.
 *
 * SPDX-License-Identifier: MIT */
#include "command/docs.h"
#include "command_fixture.h"
#include "test.h"

TEST(names_in_any_case)
{
    struct fixture *f = fixture_new();
    REQUIRE(f);
    const struct command *get = command_find(f->index, slice_text("get"));
    REQUIRE(get);
    CHECK(command_find(f->index, slice_text("GeT")) == get);
    CHECK(!command_find(f->index, slice_text("gets")));
    CHECK(!command_find(f->index, slice_text("")));
    for (int i = 0; i < command_count(f->index); i++) {
        const struct command *c = command_at(f->index, i);
        CHECK(command_find(f->index, slice_text(c->name)) == c);
    }
    CHECK(!command_at(f->index, command_count(f->index)));
    fixture_free(f);
}

TEST(later_families_override)
{
    static const struct command mine[] = {
        {.name = "get", .arity = 3}, {.name = "mine", .arity = 1}, {.name = NULL}};
    struct memory m;
    memory_init(&m);
    const struct command *const families[] = {command_data_families[0], mine};
    struct command_index *index = command_index_new(&m, families, 2);
    REQUIRE(index);
    CHECK(command_find(index, slice_text("GET")) == &mine[0]);
    CHECK(command_find(index, slice_text("MINE")) == &mine[1]);
    int times = 0;
    for (int i = 0; i < command_count(index); i++) times += strcmp(command_at(index, i)->name, "get") == 0;
    CHECK_EQ_INT(times, 1);
    command_index_free(index);
    CHECK_EQ_INT(m.used, 0);
}

TEST(index_survives_lack_of_memory)
{
    struct memory m;
    memory_init(&m);
    for (int fail = 0; fail < 3; fail++) {
        m.fail_after = fail;
        CHECK(!command_index_new(&m, command_data_families, 2));
        CHECK_EQ_INT(m.used, 0);
    }
}

TEST(unknown_commands)
{
    static const struct fixture_case cases[] = {
        {"what", "-ERR unknown command 'what', with args beginning with: ", NULL},
        {"what a b", "-ERR unknown command 'what', with args beginning with: 'a' 'b' ", NULL},
        {"\"wh\\x0d\\x0aat\" \"x\\x0ay\"", "-ERR unknown command 'wh  at', with args beginning with: 'x y' ",
         NULL},
        {"COMMAND what", "-ERR unknown subcommand 'what'. Try COMMAND HELP.", NULL},
        {NULL, NULL, NULL},
    };
    struct fixture *f = fixture_new();
    REQUIRE(f);
    CHECK_TABLE(f, cases);
    fixture_free(f);
}

/* Every row is whole: what COMMAND INFO and DOCS print is there, and keys and their flags go together. */
static void check_row(struct test *t_, const struct command *c, bool top)
{
    CHECK(c->arity != 0);
    CHECK(c->summary && c->since && c->group);
    CHECK((c->run != NULL) || (top && c->subcommands));
    if (c->keys.first != 0) CHECK(c->key_flags || c->key_specs);
    CHECK(!(c->flags & COMMAND_WRITE && c->flags & COMMAND_READONLY));
    for (const struct command *sub = c->subcommands; sub && sub->name; sub++) check_row(t_, sub, false);
}

TEST(rows_are_whole)
{
    for (int f = 0; command_data_families[f]; f++)
        for (const struct command *c = command_data_families[f]; c->name; c++) check_row(t_, c, true);
}

static int keys_of(const struct command *c, const char *const *words, int argc, int *keys, const char **flags)
{
    struct slice argv[16];
    for (int i = 0; i < argc; i++) argv[i] = slice_text(words[i]);
    return command_keys_and_flags(c, argv, argc, keys, flags);
}

static const struct command store_row = {
    .name = "store",
    .arity = -4,
    .keys = {1, 1, 1},
    .key_specs =
        COMMAND_KEY_SPECS({.flags = "OW update", .index = 1, .step = 1},
                          {.flags = "RO access", .index = 2, .counted = true, .first = 1, .step = 1})};
static const struct command streams_row = {
    .name = "streams",
    .arity = -4,
    .key_specs = COMMAND_KEY_SPECS(
        {.flags = "RO", .keyword = "STREAMS", .from = 1, .last = -1, .step = 1, .limit = 2})};

TEST(keys_by_specs)
{
    const char *flags[16];
    int keys[16];
    CHECK_EQ_INT(keys_of(&store_row, (const char *[]){"store", "dst", "2", "a", "b", "X"}, 6, keys, flags),
                 3);
    CHECK(keys[0] == 1 && keys[1] == 3 && keys[2] == 4);
    CHECK_EQ_STR(flags[0], "OW update");
    CHECK_EQ_STR(flags[2], "RO access");
    CHECK_EQ_INT(keys_of(&store_row, (const char *[]){"store", "dst", "3", "a", "b"}, 5, keys, flags), -1);
    CHECK_EQ_INT(keys_of(&store_row, (const char *[]){"store", "dst", "-3", "a"}, 4, keys, flags), -1);
    CHECK_EQ_INT(keys_of(&store_row, (const char *[]){"store", "dst", "x", "a"}, 4, keys, flags), -1);
    CHECK_EQ_INT(keys_of(&streams_row, (const char *[]){"s", "COUNT", "2", "streams", "a", "b", "0", "0"}, 8,
                         keys, flags),
                 2);
    CHECK(keys[0] == 4 && keys[1] == 5);
    CHECK_EQ_INT(keys_of(&streams_row, (const char *[]){"s", "COUNT", "2", "a"}, 4, keys, flags), 0);
}

TEST(command_answers)
{
    static const struct fixture_case cases[] = {
        {"COMMAND INFO get nosuch",
         "[[\"get\" 2 (+readonly +fast) 1 1 1 (+@read +@string +@fast) () "
         "({\"flags\" (+RO +access) \"begin_search\" {\"type\" \"index\" \"spec\" {\"index\" 1}} "
         "\"find_keys\" {\"type\" \"range\" \"spec\" {\"lastkey\" 0 \"keystep\" 1 \"limit\" 0}}}) ()] nil]",
         NULL},
        {"COMMAND DOCS strlen nosuch",
         "{\"strlen\" {\"summary\" \"Get the length of the value stored in a key\" \"since\" \"2.2.0\" "
         "\"group\" \"string\" \"complexity\" \"O(1)\" \"arguments\" "
         "[{\"name\" \"key\" \"type\" \"key\" \"key_spec_index\" 0}]}}",
         NULL},
        {"COMMAND GETKEYS mset a 1 b 2", "[\"a\" \"b\"]", NULL},
        {"COMMAND GETKEYS object encoding k", "[\"k\"]", NULL},
        {"COMMAND GETKEYS copy a b", "[\"a\" \"b\"]", NULL},
        {"COMMAND GETKEYS zdiff \\x20+1z a b", "[\"a\"]", NULL}, /* the number it begins with */
        {"COMMAND GETKEYS zdiff 4294967298 a b", "[\"a\" \"b\"]", NULL},
        {"COMMAND GETKEYS zdiff -1 a b", "-ERR Invalid arguments specified for command", NULL},
        {"COMMAND GETKEYS zdiff \"\" a b", "-ERR Invalid arguments specified for command", NULL},
        {"COMMAND GETKEYS zdiff 99999999999999999999 a b", "-ERR Invalid arguments specified for command",
         NULL},
        {"COMMAND GETKEYS dbsize x", "-ERR The command has no key arguments", NULL},
        {"COMMAND GETKEYS nosuch x", "-ERR Invalid command specified", NULL},
        {"COMMAND GETKEYS get a b", "-ERR Invalid number of arguments specified for command", NULL},
        {"COMMAND GETKEYSANDFLAGS set a b", "[[\"a\" (+OW +update)]]", NULL},
        {"COMMAND GETKEYSANDFLAGS set a b get", "[[\"a\" (+RW +access +update)]]", NULL},
        {"COMMAND LIST FILTERBY PATTERN Object|F*", "[\"object|freq\"]", NULL},
        {"COMMAND LIST FILTERBY ACLCAT nosuch", "[]", NULL},
        {"COMMAND LIST FILTERBY MODULE x", "[]", NULL},
        {"COMMAND LIST FILTERBY what x", "-ERR syntax error", NULL},
        {"COMMAND LIST what", "-ERR syntax error", NULL},
        {NULL, NULL, NULL},
    };
    struct fixture *f = fixture_new();
    REQUIRE(f);
    CHECK_TABLE(f, cases);
    char count[16];
    snprintf(count, sizeof count, "%d", command_count(f->index));
    CHECK_EQ_STR(fixture_run(f, "COMMAND COUNT"), count);
    /* every aggregate announces as many elements as follow: the text closes what it opens */
    const char *all[] = {"COMMAND", "COMMAND INFO", "COMMAND DOCS", "COMMAND LIST", "COMMAND HELP"};
    for (int i = 0; i < 5; i++) {
        const char *text = fixture_run(f, all[i]);
        CHECK(text[strlen(text) - 1] == (text[0] == '[' ? ']' : '}'));
    }
    fixture_free(f);
}

TEST(other_names)
{
    struct memory m;
    memory_init(&m);
    struct command_index *base = command_index_new(&m, command_data_families, 4);
    const char *why;
    const struct slice pairs[] = {slice_text("GET"),      slice_text("Fetch"),
                                  slice_text("strlen"),   slice_text(""),
                                  slice_text("fetch"),    slice_text("a-name-that-is-longer"),
                                  slice_text("getrange"), slice_text("get")};
    struct command_index *renamed = command_index_renamed(&m, base, 4, pairs, &why);
    CHECK(renamed != NULL);
    CHECK_EQ_INT(command_count(renamed), command_count(base) - 1);
    CHECK_EQ_STR(command_find(renamed, slice_text("A-NAME-that-is-longer"))->name, "get");
    CHECK(command_find(renamed, slice_text("a-name-that-is-longes")) == NULL);
    CHECK_EQ_STR(command_find(renamed, slice_text("get"))->name, "getrange");
    CHECK(!command_find(renamed, slice_text("fetch")) && !command_find(renamed, slice_text("strlen")));
    CHECK_EQ_STR(command_find(renamed, slice_text("append"))->name, "append");
    CHECK_EQ_STR(command_find(base, slice_text("get"))->name, "get");
    command_index_free(renamed);
    const struct slice taken[] = {slice_text("get"), slice_text("SET")};
    CHECK(!command_index_renamed(&m, base, 1, taken, &why));
    CHECK_EQ_STR(why, "Target command name already exists");
    const struct slice missing[] = {slice_text("nosuch"), slice_text("")};
    CHECK(!command_index_renamed(&m, base, 1, missing, &why));
    CHECK_EQ_STR(why, "No such command in rename-command");
    size_t used = m.used;
    for (int64_t fail = 0;; fail++) {
        m.fail_after = fail;
        renamed = command_index_renamed(&m, base, 4, pairs, &why);
        m.fail_after = -1;
        if (renamed) break;
        CHECK_EQ_STR(why, "out of memory");
        CHECK_EQ_INT(m.used, used);
    }
    command_index_free(renamed);
    command_index_free(base);
    CHECK_EQ_INT(m.used, 0);
}

TEST_MAIN()
