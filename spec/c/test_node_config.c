/* test_node_config.c: parameters: who may come in and who may do what by them, texts that are kept for the process. */
#include "node/internal.h"
#include "nodes.h"
#include "test.h"

static bool has(const char *text, const char *part) { return strstr(text, part) != NULL; }

#define CHECK_HAS(text, part) CHECK(has(text, part))

TEST(protected_mode_keeps_others_out)
{
    struct room r;
    room_open(&r, 1);
    struct wire *local = room_wire(&r, r.nodes[0], node_accept(r.nodes[0], "127.0.0.1:5000"));
    CHECK_EQ_STR(say(local, "CONFIG SET protected-mode yes"), "+OK\r\n");
    struct wire *path = room_wire(&r, r.nodes[0], node_accept(r.nodes[0], "/run/tide.sock:0"));
    struct wire *six = room_wire(&r, r.nodes[0], node_accept(r.nodes[0], "[::1]:5000"));
    struct wire *far = room_dial(&r, 0);
    CHECK_EQ_STR(say(path, "PING"), "+PONG\r\n");
    CHECK_EQ_STR(say(six, "PING"), "+PONG\r\n");
    CHECK(strncmp(say(far, "PING"), "-DENIED ", 8) == 0);
    CHECK_EQ_STR(say(local, "CONFIG SET requirepass x"), "+OK\r\n");
    far = room_dial(&r, 0);
    CHECK(strncmp(say(far, "PING"), "-NOAUTH ", 8) == 0);
    room_close(&r);
}

TEST(words_for_the_end)
{
    struct room r;
    room_open(&r, 1);
    struct wire *c = room_dial(&r, 0);
    CHECK_EQ_STR(say(c, "CONFIG GET shutdown-on-sigint"),
                 "*2\r\n$18\r\nshutdown-on-sigint\r\n$7\r\ndefault\r\n");
    CHECK_EQ_STR(say(c, "CONFIG SET shutdown-on-sigint 'force NOSAVE now'"), "+OK\r\n");
    CHECK_HAS(say(c, "CONFIG GET shutdown-on-sigint"), "\r\nnosave now force\r\n");
    CHECK_HAS(say(c, "CONFIG SET shutdown-on-sigint 'save nosave'"), "can't be used simultaneously");
    CHECK_HAS(say(c, "CONFIG SET shutdown-on-sigint ''"), "must be one of the following: default, save");
    CHECK_HAS(say(c, "CONFIG GET shutdown-on-sigint"), "\r\nnosave now force\r\n");
    CHECK_EQ_STR(say(c, "CONFIG SET shutdown-on-sigint default"), "+OK\r\n");
    CHECK_HAS(say(c, "CONFIG GET shutdown-on-sigint"), "\r\ndefault\r\n");
    room_close(&r);
}

TEST(texts_that_are_kept)
{
    struct config c;
    struct memory m;
    memory_init(&m);
    struct bytes error, value;
    char large[CONFIG_KEPT_MAX];
    bytes_init(&error, &m);
    bytes_init(&value, &m);
    memset(large, 'x', sizeof large);
    config_defaults(&c, false);
    CHECK(config_set(&c, slice_text("pidfile"), slice_text("/run/a.pid"), true, &error));
    CHECK(config_set(&c, slice_text("logfile"), slice_text("a.log"), true, &error));
    CHECK(config_set(&c, slice_text("pidfile"), slice_text("b"), true, &error));
    CHECK(!config_set(&c, slice_text("unixsocket"), slice_of(large, sizeof large), true, &error));
    CHECK(!config_set(&c, slice_text("logfile"), slice_of("a\0b", 3), true, &error));
    CHECK(!config_set(&c, slice_text("unixsocketperm"), slice_text("789"), true, &error));
    CHECK(config_set(&c, slice_text("unixsocketperm"), slice_text("770"), true, &error));
    CHECK(config_get(&c, slice_text("pidfile"), &value));
    CHECK(config_get(&c, slice_text("logfile"), &value));
    CHECK(config_get(&c, slice_text("unixsocketperm"), &value));
    CHECK_EQ_MEM(value.data, value.size, "ba.log770", 9);
    bytes_free(&error);
    bytes_free(&value);
}

TEST(a_diary_is_kept_where_somebody_wants_one)
{
    struct room r;
    struct memory m;
    struct bytes lines;
    room_open(&r, 1);
    memory_init(&m);
    bytes_init(&lines, &m);
    struct node_options options = {.commands = r.commands, .seed = 7, .diary = &lines, .now = {1000000, 1}};
    struct node *n = node_new(&options);
    REQUIRE(n);
    diary_say(n, DIARY_VERBOSE, "not at this loglevel");
    diary_say(n, DIARY_NOTICE, "a\nb %d", 5);
    CHECK_EQ_MEM(lines.data, lines.size, "1000 M 2 a.b 5\n", 15);
    for (int i = 0; i < 100000; i++) diary_say(n, DIARY_WARNING, "nobody reads this");
    CHECK(lines.size < (size_t)80 * 1024);
    node_free(n);
    bytes_free(&lines);
    CHECK_EQ_INT(m.used, 0);
    room_close(&r);
}

TEST_MAIN()
