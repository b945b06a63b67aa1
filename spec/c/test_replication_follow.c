/* A follow, as a conversation with a primary that is played by the spec. */
#include "peers.h"
#include "test.h"

#define ID "1234567890abcdef1234567890abcdef12345678"
#define MARK "MARKMARKMARKMARKMARKMARKMARKMARKMARKMARK"

struct fixture {
    struct peer peer;
    struct bytes file;     /* a small RDB file */
    struct bytes happened; /* events and commands, in short */
    bool closes;
};

/* An RDB file that holds a = 1 and says that the stream stands at database 2. */
static void write_file(struct fixture *x)
{
    struct tape tape;
    struct keyspace *ks = peer_keyspace(&x->peer.memory);
    tape_init(&tape, &x->peer.memory, 0);
    keyspace_set_string(ks, 0, slice_text("a"), slice_text("1"), KEYSPACE_NO_TTL);
    struct rdb_info info = {
        .version = "7.0.15", .replid = ID, .offset = 1000, .stream_db = 2, .checksum = true};
    struct rdb_writer *w = rdb_writer_open(&x->peer.memory, ks, &tape, &info);
    while (rdb_writer_step(w, 100) > 0) continue;
    rdb_writer_close(w);
    struct tape_cursor c = tape_seek(&tape, 0);
    struct slice slice;
    while (tape_peek(&tape, &c, &slice, 1) == 1) {
        bytes_append_slice(&x->file, slice);
        tape_advance(&tape, &c, slice.size);
    }
    tape_free(&tape);
    keyspace_free(ks);
}

static void open_fixture(struct fixture *x)
{
    peer_open(&x->peer, 7);
    x->closes = false;
    bytes_init(&x->file, &x->peer.memory);
    bytes_init(&x->happened, &x->peer.memory);
    write_file(x);
}

static bool close_fixture(struct fixture *x)
{
    bytes_free(&x->file);
    bytes_free(&x->happened);
    return peer_close(&x->peer);
}

static void note_command(struct fixture *x)
{
    struct follow *f = x->peer.follow;
    bytes_append_format(&x->happened, "%d:", f->db);
    for (int i = 0; i < f->reader.argc; i++) {
        bytes_append_slice(&x->happened, f->reader.argv[i]);
        bytes_append_char(&x->happened, i + 1 < f->reader.argc ? ' ' : ';');
    }
}

/* Runs the follow until it has nothing to do and says what happened: OPEN CLOSE CONTINUED … and commands. */
static const char *events(struct fixture *x)
{
    static const char *const names[] = {
        [FOLLOW_OPEN] = "OPEN;",       [FOLLOW_CLOSE] = "CLOSE;",   [FOLLOW_CONTINUED] = "CONTINUED;",
        [FOLLOW_LOADING] = "LOADING;", [FOLLOW_LOADED] = "LOADED;", [FOLLOW_COMMAND] = ""};
    struct follow *f = x->peer.follow;
    enum follow_event event;
    bytes_clear(&x->happened);
    while ((event = follow_next(f, x->peer.now)) != FOLLOW_NOTHING) {
        bytes_append_text(&x->happened, names[event]);
        if (event == FOLLOW_CLOSE) x->closes = true;
        if (event == FOLLOW_LOADED) {
            keyspace_adopt(x->peer.keyspace, f->loaded);
            follow_adopted(f, x->peer.now);
        }
        if (event != FOLLOW_COMMAND) continue;
        note_command(x);
        peer_apply(&x->peer, f->db, f->reader.argc, f->reader.argv);
        follow_applied(f, x->peer.now);
    }
    bytes_append_char(&x->happened, '\0');
    return x->happened.failed ? "out of memory" : x->happened.data;
}

/* The primary says something. */
static void hear_bytes(struct fixture *x, const char *data, size_t size)
{
    while (size > 0) {
        size_t room;
        char *place = follow_input_reserve(x->peer.follow, &room);
        if (!place) return;
        size_t part = size < room ? size : room;
        memcpy(place, data, part);
        follow_input_commit(x->peer.follow, part, x->peer.now);
        data += part;
        size -= part;
    }
}

static const char *hear(struct fixture *x, const char *text)
{
    hear_bytes(x, text, strlen(text));
    return events(x);
}

/* What the replica has said since the last time, one request a line, arguments separated by spaces. */
static const char *said(struct fixture *x)
{
    static char text[1024];
    struct bytes *out = &x->peer.follow->out;
    size_t n = 0, at = 0;
    while (at < out->size) {
        struct resp_limits limits = {.bulk_max = 1000, .arguments_max = 100, .inline_max = 1000};
        struct resp_reader r;
        resp_reader_init(&r, &x->peer.memory, &limits);
        if (resp_read_request(&r, out->data + at, out->size - at) != RESP_REQUEST) {
            resp_reader_free(&r);
            return "no request";
        }
        for (int i = 0; i < r.argc; i++)
            n += (size_t)snprintf(text + n, sizeof text - n, "%s%.*s", i ? " " : "", (int)r.argv[i].size,
                                  r.argv[i].data);
        text[n++] = '\n';
        at += r.consumed;
        resp_reader_free(&r);
    }
    bytes_clear(out);
    text[n] = '\0';
    return text;
}

/* A replica whose primary has continued it, at offset 1000 of ID. */
static void start_streaming(struct fixture *x)
{
    log_join_history(&x->peer.log, slice_text(ID), 1000, -1);
    peer_follow(&x->peer);
    events(x);
    follow_connected(x->peer.follow, x->peer.now);
    hear(x, "+PONG\r\n+OK\r\n+OK\r\n+OK\r\n");
    hear(x, "+CONTINUE " ID "\r\n");
    said(x);
}

TEST(handshake_and_full_synchronisation)
{
    struct fixture x;
    open_fixture(&x);
    x.peer.options.announce_ip = "10.0.0.2";
    x.peer.options.user = "replica";
    x.peer.options.password = slice_text("secret");
    peer_follow(&x.peer);
    struct follow *f = x.peer.follow;
    CHECK_EQ_STR(events(&x), "OPEN;");
    CHECK_EQ_STR(said(&x), "");
    follow_connected(f, x.peer.now);
    CHECK_EQ_STR(said(&x), "PING\n");
    CHECK_EQ_STR(hear(&x, "-NOAUTH Authentication required.\r\n"), "");
    CHECK_EQ_STR(said(&x), "AUTH replica secret\n"
                           "REPLCONF listening-port 6380\n"
                           "REPLCONF ip-address 10.0.0.2\n"
                           "REPLCONF capa eof capa psync2 capa shared\n"
                           "REPLCONF name b\n");
    CHECK_EQ_STR(hear(&x, "+OK\r\n+OK\r\n+OK\r\n+OK\r"), "");
    CHECK_EQ_STR(said(&x), "");
    CHECK_EQ_STR(hear(&x, "\n-ERR Unrecognized REPLCONF option: name\r\n"), "");
    char psync[64];
    snprintf(psync, sizeof psync, "PSYNC %s 1\n", x.peer.log.replid);
    CHECK_EQ_STR(said(&x), psync);
    CHECK_EQ_STR(hear(&x, "\n\n"), "");
    CHECK_EQ_STR(hear(&x, "+FULLRESYNC " ID " 1000\r\n\n\n"), "LOADING;");
    CHECK_EQ_INT(f->state, FOLLOW_SYNC);
    CHECK_EQ_STR(hear(&x, "\n$EOF:" MARK "\r\n"), "");
    hear_bytes(&x, x.file.data, x.file.size);
    CHECK_EQ_STR(events(&x), "");
    CHECK_EQ_STR(hear(&x, "MARKMARK"), "");
    CHECK_EQ_INT(log_offset(&x.peer.log), 0); /* nothing has changed yet */
    CHECK_EQ_STR(hear(&x, &MARK[8]), "LOADED;");
    CHECK_EQ_STR(said(&x), "REPLCONF ACK 1000\n");
    CHECK_EQ_INT(f->state, FOLLOW_STREAMING);
    CHECK_EQ_STR(x.peer.log.replid, ID);
    CHECK_EQ_INT(log_offset(&x.peer.log), 1000);
    CHECK_EQ_INT(f->sync_received, (long long)x.file.size);
    CHECK_EQ_INT(keyspace_size(x.peer.keyspace, 0), 1);
    CHECK_EQ_STR(hear(&x, "*2\r\n$3\r\nDEL\r\n$1\r\na\r\n"), "2:DEL a;");
    CHECK_EQ_INT(f->applied, 1020);
    CHECK(close_fixture(&x));
}

TEST(a_payload_with_a_length_and_the_stream_right_behind_it)
{
    struct fixture x;
    open_fixture(&x);
    peer_follow(&x.peer);
    events(&x);
    follow_connected(x.peer.follow, x.peer.now);
    hear(&x, "+PONG\r\n+OK\r\n+OK\r\n+OK\r\n");
    CHECK_EQ_STR(hear(&x, "+FULLRESYNC " ID " 1000 0\r\n"), "LOADING;");
    char header[32];
    snprintf(header, sizeof header, "\n$%zu\r\n", x.file.size);
    hear(&x, header);
    CHECK_EQ_INT(x.peer.follow->sync_total, (long long)x.file.size);
    hear_bytes(&x, x.file.data, x.file.size);
    CHECK_EQ_STR(hear(&x, "*1\r\n$4\r\nPING\r\n*3\r\n$3\r\nSET\r\n$1\r\nb\r\n$1\r\n2\r\n"),
                 "LOADED;2:SET b 2;");
    CHECK_EQ_INT(log_offset(&x.peer.log), 1000 + 14 + 27);
    CHECK(close_fixture(&x));
}

TEST(a_partial_resynchronisation_under_a_new_name)
{
    struct fixture x;
    open_fixture(&x);
    log_join_history(&x.peer.log, slice_text("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), 5000, -1);
    peer_follow(&x.peer);
    events(&x);
    follow_connected(x.peer.follow, x.peer.now);
    hear(&x, "+PONG\r\n+OK\r\n+OK\r\n+OK\r\n");
    CHECK_EQ_STR(said(&x) + strlen("PING\nREPLCONF listening-port 6380\n"
                                   "REPLCONF capa eof capa psync2 capa shared\nREPLCONF name b\n"),
                 "PSYNC aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa 5001\n");
    CHECK_EQ_STR(hear(&x, "+CONTINUE " ID "\r\n"), "CONTINUED;");
    CHECK_EQ_STR(said(&x), "REPLCONF ACK 5000\n");
    CHECK_EQ_STR(x.peer.log.replid, ID);
    CHECK_EQ_STR(x.peer.log.replid2, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    CHECK_EQ_INT(x.peer.log.second_offset, 5001);
    CHECK(close_fixture(&x));
}

TEST(what_the_stream_says_of_itself)
{
    struct fixture x;
    open_fixture(&x);
    start_streaming(&x);
    struct follow *f = x.peer.follow;
    CHECK_EQ_STR(hear(&x, "*1\r\n$4\r\nPING\r\n"), "");
    CHECK_EQ_INT(f->applied, 1014);
    CHECK_EQ_STR(said(&x), "");
    CHECK_EQ_STR(hear(&x, "*3\r\n$8\r\nREPLCONF\r\n$6\r\nGETACK\r\n$1\r\n*\r\n"), "");
    CHECK_EQ_STR(said(&x), "REPLCONF ACK 1051\n");
    f->fsynced = 1014;
    CHECK_EQ_STR(hear(&x, "*2\r\n$6\r\nSELECT\r\n$2\r\n11\r\n*2\r\n$3\r\ndel\r\n$1\r\nx\r\n\r\n"),
                 "11:del x;");
    CHECK_EQ_INT(f->applied, 1051 + 24 + 20 + 2);
    CHECK_EQ_INT(x.peer.log.db, 11);
    x.peer.now += SECOND;
    follow_advance(f, x.peer.now);
    CHECK_EQ_STR(said(&x), "REPLCONF ACK 1097 FACK 1014\n");
    CHECK_EQ_INT(follow_received(f), 1097);
    hear(&x, "*2\r\n$3\r\nDEL");
    CHECK_EQ_INT(follow_received(f), 1097 + 11);
    CHECK_EQ_INT(f->applied, 1097);
    CHECK(close_fixture(&x));
}

static const char transaction[] = "*1\r\n$5\r\nMULTI\r\n*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n1\r\n"
                                  "*2\r\n$6\r\nSELECT\r\n$1\r\n4\r\n*1\r\n$4\r\nPING\r\n"
                                  "*3\r\n$3\r\nSET\r\n$1\r\nb\r\n$1\r\n2\r\n*1\r\n$4\r\nEXEC\r\n";

TEST(a_transaction_is_held_until_it_is_whole)
{
    for (size_t cut = 0; cut < sizeof transaction; cut++) {
        struct fixture x;
        open_fixture(&x);
        start_streaming(&x);
        hear_bytes(&x, transaction, cut);
        CHECK_EQ_STR(events(&x), cut + 1 < sizeof transaction ? "" : "0:SET a 1;4:SET b 2;");
        hear_bytes(&x, transaction + cut, sizeof transaction - 1 - cut);
        if (cut + 1 < sizeof transaction) {
            CHECK_EQ_INT(x.peer.follow->applied, 1000);
            CHECK_EQ_STR(events(&x), "0:SET a 1;4:SET b 2;");
        }
        CHECK_EQ_INT(x.peer.follow->applied, 1000 + sizeof transaction - 1);
        CHECK_EQ_INT(x.peer.log.db, 4);
        CHECK(!follow_within(x.peer.follow));
        CHECK(close_fixture(&x));
    }
}

TEST(a_transaction_counts_with_its_last_command)
{
    struct fixture x;
    open_fixture(&x);
    start_streaming(&x);
    struct follow *f = x.peer.follow;
    hear_bytes(&x, transaction, sizeof transaction - 1);
    CHECK_EQ_INT(follow_next(f, x.peer.now), FOLLOW_COMMAND);
    CHECK_EQ_INT(f->db, 0);
    CHECK(follow_applied(f, x.peer.now));
    CHECK(follow_within(f));
    CHECK_EQ_INT(f->applied, 1000);
    CHECK_EQ_INT(follow_next(f, x.peer.now), FOLLOW_COMMAND);
    CHECK_EQ_INT(f->db, 4);
    CHECK(follow_applied(f, x.peer.now));
    CHECK(!follow_within(f));
    CHECK_EQ_INT(f->applied, 1000 + sizeof transaction - 1);
    CHECK_EQ_STR(hear(&x, "*1\r\n$5\r\nMULTI\r\n*1\r\n$4\r\nEXEC\r\n"), "");
    CHECK_EQ_INT(f->applied, 1000 + sizeof transaction - 1 + 15 + 14);
    CHECK(close_fixture(&x));
}

/* Applied by half and then cut off: no history has this state, so this node's gets a new name. */
TEST(half_a_transaction_is_no_history)
{
    struct fixture x;
    open_fixture(&x);
    start_streaming(&x);
    hear_bytes(&x, transaction, sizeof transaction - 1);
    CHECK_EQ_INT(follow_next(x.peer.follow, x.peer.now), FOLLOW_COMMAND);
    CHECK(follow_applied(x.peer.follow, x.peer.now));
    follow_lost(x.peer.follow, "cut", x.peer.now);
    CHECK(strcmp(x.peer.log.replid, ID) != 0);
    CHECK(close_fixture(&x));
}

TEST(discarded_bytes)
{
    static const struct {
        const char *answer;
        int64_t discarded;
    } cases[] = {
        {"+FULLRESYNC " ID " 400 30\r\n", 70}, /* the primary knows */
        {"+FULLRESYNC " ID " 400\r\n", 50}, /* it does not: all that was written here since the promotion */
        {"+FULLRESYNC " ID " 400 999\r\n", 50}, /* nonsense is no knowledge */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fixture x;
        open_fixture(&x);
        peer_set(&x.peer, 0, "a", "1");
        peer_promote(&x.peer);
        peer_set(&x.peer, 0, "a", "2");
        REQUIRE(log_offset(&x.peer.log) == 100);
        peer_follow(&x.peer);
        events(&x);
        follow_connected(x.peer.follow, x.peer.now);
        hear(&x, "+PONG\r\n+OK\r\n+OK\r\n+OK\r\n");
        CHECK_EQ_STR(hear(&x, cases[i].answer), "LOADING;");
        CHECK_EQ_INT(x.peer.follow->discarded, cases[i].discarded);
        CHECK(close_fixture(&x));
    }
}

/* What a primary may say instead of what it should, where, and what becomes of it. */
static const struct {
    const char *name, *says, *why;
} refusals[] = {
    {"ping refused", "-LOADING Redis is loading the dataset in memory\r\n",
     "the primary refuses PING: -LOADING Redis is loading the dataset in memory"},
    {"http", "HTTP/1.1 400 Bad Request\r\n", "the primary refuses PING: HTTP/1.1 400 Bad Request"},
    {"no word", "+PONG\r\n$3\r\n", "unexpected answer in the handshake: $3"},
    {"not ready", "+PONG\r\n+OK\r\n+OK\r\n+OK\r\n-NOMASTERLINK Can't SYNC while not connected\r\n",
     "the primary is not ready yet: -NOMASTERLINK Can't SYNC while not connected"},
    {"psync unknown", "+PONG\r\n+OK\r\n+OK\r\n+OK\r\n-ERR unknown command 'PSYNC'\r\n",
     "unexpected answer to PSYNC: -ERR unknown command 'PSYNC'"},
    {"short id", "+PONG\r\n+OK\r\n+OK\r\n+OK\r\n+FULLRESYNC 123 4\r\n",
     "unexpected answer to PSYNC: +FULLRESYNC: 123 4"},
    {"no offset", "+PONG\r\n+OK\r\n+OK\r\n+OK\r\n+FULLRESYNC " ID "\r\n",
     "unexpected answer to PSYNC: +FULLRESYNC: " ID},
    {"negative offset", "+PONG\r\n+OK\r\n+OK\r\n+OK\r\n+FULLRESYNC " ID " -1\r\n",
     "unexpected answer to PSYNC: +FULLRESYNC: " ID " -1"},
    {"short continue", "+PONG\r\n+OK\r\n+OK\r\n+OK\r\n+CONTINUE 12\r\n",
     "unexpected answer to PSYNC: +CONTINUE 12"},
    {"no payload", "+PONG\r\n+OK\r\n+OK\r\n+OK\r\n+FULLRESYNC " ID " 7\r\n-ERR no fork\r\n",
     "the primary gave up the snapshot: -ERR no fork"},
    {"no length", "+PONG\r\n+OK\r\n+OK\r\n+OK\r\n+FULLRESYNC " ID " 7\r\n$x\r\n",
     "the payload does not begin with a length: $x"},
    {"empty payload", "+PONG\r\n+OK\r\n+OK\r\n+OK\r\n+FULLRESYNC " ID " 7\r\n$0\r\n",
     "the payload does not have its length"},
    {"not an RDB file", "+PONG\r\n+OK\r\n+OK\r\n+OK\r\n+FULLRESYNC " ID " 7\r\n$100\r\nREDIX0010xxxxxxxxxx",
     "the payload cannot be loaded: "},
};

TEST(refusals_end_in_another_attempt)
{
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        struct fixture x;
        open_fixture(&x);
        char replid[REPLID_SIZE + 1];
        memcpy(replid, x.peer.log.replid, sizeof replid);
        peer_set(&x.peer, 0, "kept", "1");
        peer_follow(&x.peer);
        events(&x);
        follow_connected(x.peer.follow, x.peer.now);
        const char *happened = hear(&x, refusals[i].says);
        size_t size = strlen(happened);
        CHECK(size >= 6 && strcmp(happened + size - 6, "CLOSE;") == 0);
        CHECK_EQ_MEM(x.peer.follow->why, strnlen(x.peer.follow->why, strlen(refusals[i].why)),
                     refusals[i].why, strlen(refusals[i].why));
        CHECK_EQ_INT(x.peer.follow->state, FOLLOW_DOWN);
        CHECK_EQ_STR(x.peer.log.replid, replid);
        CHECK_EQ_INT(log_offset(&x.peer.log), 53);
        CHECK(keyspace_find(x.peer.keyspace, 0, slice_text("kept")) != NULL);
        x.peer.now = x.peer.follow->next_attempt_us;
        CHECK_EQ_STR(events(&x), "OPEN;");
        CHECK(close_fixture(&x));
    }
}

TEST(a_wrong_end_mark)
{
    struct fixture x;
    open_fixture(&x);
    peer_follow(&x.peer);
    events(&x);
    follow_connected(x.peer.follow, x.peer.now);
    hear(&x, "+PONG\r\n+OK\r\n+OK\r\n+OK\r\n+FULLRESYNC " ID " 1000\r\n$EOF:" MARK "\r\n");
    hear_bytes(&x, x.file.data, x.file.size);
    CHECK_EQ_STR(hear(&x, "MARKMARKX"), "CLOSE;");
    CHECK_EQ_STR(x.peer.follow->why, "the payload does not end with its mark");
    CHECK(close_fixture(&x));
}

/* What had been loaded when the connection broke is freed in slices, while the data in use is untouched. */
TEST(an_interrupted_synchronisation_is_cleared_away_in_slices)
{
    struct fixture x;
    open_fixture(&x);
    peer_follow(&x.peer);
    struct follow *f = x.peer.follow;
    events(&x);
    follow_connected(f, x.peer.now);
    hear(&x, "+PONG\r\n+OK\r\n+OK\r\n+OK\r\n+FULLRESYNC " ID " 1000\r\n$EOF:" MARK "\r\nREDIS0010");
    size_t before = x.peer.memory.used;
    for (int i = 0; i < 20000; i++) {
        char entry[32];
        hear_bytes(&x, entry, (size_t)snprintf(entry, sizeof entry, "%c\010%08d\004text", 0, i));
        if (i % 100 == 0) CHECK_EQ_STR(events(&x), "");
    }
    events(&x);
    CHECK(x.peer.memory.used > before + 20000 * 20);
    follow_lost(f, "cut", x.peer.now);
    int slices = 0;
    for (; follow_deadline(f) == 0 && slices < 1000; slices++) follow_advance(f, x.peer.now);
    CHECK(slices > 5 && slices < 1000);
    CHECK(x.peer.memory.used <= before);
    CHECK_EQ_INT(follow_deadline(f), f->next_attempt_us);
    CHECK(close_fixture(&x));
}

/* A corrupt stream: what came before it is kept, but next time everything is asked for. */
TEST(a_corrupt_stream_is_not_continued)
{
    static const char *const streams[] = {"*1\r\n$x\r\n",
                                          "hello\r\n",
                                          "*1\r\n$4\r\nEXEC\r\n",
                                          "*2\r\n$6\r\nSELECT\r\n$2\r\n16\r\n",
                                          "*2\r\n$6\r\nSELECT\r\n$2\r\n-1\r\n",
                                          "*1\r\n$5\r\nMULTI\r\n*1\r\n$5\r\nMULTI\r\n",
                                          "*2\r\n$3\r\nSET\r\n$999999999\r\n"};
    for (size_t i = 0; i < sizeof streams / sizeof streams[0]; i++) {
        struct fixture x;
        open_fixture(&x);
        start_streaming(&x);
        CHECK_EQ_STR(hear(&x, "*2\r\n$3\r\nDEL\r\n$1\r\na\r\n"), "0:DEL a;");
        CHECK_EQ_STR(hear(&x, streams[i]), "CLOSE;");
        CHECK_EQ_INT(log_offset(&x.peer.log), 1020);
        CHECK_EQ_STR(x.peer.log.replid, ID);
        x.peer.now = follow_deadline(x.peer.follow);
        CHECK_EQ_STR(events(&x), "OPEN;");
        follow_connected(x.peer.follow, x.peer.now);
        said(&x);
        hear(&x, "+PONG\r\n+OK\r\n+OK\r\n+OK\r\n");
        const char *psync = strstr(said(&x), "PSYNC");
        REQUIRE(psync);
        CHECK_EQ_STR(psync, "PSYNC ? -1\n");
        CHECK_EQ_STR(hear(&x, "+CONTINUE\r\n"), "CLOSE;");
        CHECK(close_fixture(&x));
    }
}

TEST(what_cannot_be_applied_is_given_up)
{
    struct fixture x;
    open_fixture(&x);
    start_streaming(&x);
    hear_bytes(&x, "*1\r\n$4\r\nFOOO\r\n", 14);
    CHECK_EQ_INT(follow_next(x.peer.follow, x.peer.now), FOLLOW_COMMAND);
    follow_abandon(x.peer.follow, "unknown command 'FOOO'", x.peer.now);
    CHECK_EQ_STR(events(&x), "CLOSE;");
    CHECK_EQ_STR(x.peer.follow->why, "cannot apply the stream: unknown command 'FOOO'");
    CHECK(strcmp(x.peer.log.replid, ID) != 0);
    CHECK(close_fixture(&x));
}

TEST(time_outs)
{
    struct fixture x;
    open_fixture(&x);
    peer_follow(&x.peer);
    struct follow *f = x.peer.follow;
    CHECK_EQ_STR(events(&x), "OPEN;");
    x.peer.now += 59 * SECOND;
    follow_advance(f, x.peer.now);
    CHECK_EQ_STR(events(&x), "");
    CHECK_EQ_INT(follow_deadline(f), x.peer.now + SECOND);
    x.peer.now += SECOND;
    follow_advance(f, x.peer.now);
    CHECK_EQ_STR(events(&x), "CLOSE;");
    CHECK_EQ_STR(f->why, "time-out connecting to the primary");

    x.peer.now = follow_deadline(f);
    CHECK_EQ_STR(events(&x), "OPEN;");
    follow_connected(f, x.peer.now);
    x.peer.now += 59 * SECOND;
    hear(&x, "+PONG\r\n+OK\r\n+OK\r\n+OK\r\n");
    x.peer.now += 59 * SECOND;
    follow_advance(f, x.peer.now);
    CHECK_EQ_STR(hear(&x, "\n"), ""); /* a newline is a sign of life */
    x.peer.now += 59 * SECOND;
    follow_advance(f, x.peer.now);
    CHECK_EQ_STR(hear(&x, "+FULLRESYNC " ID " 1000\r\n"), "LOADING;");
    said(&x);
    x.peer.now += 2 * SECOND;
    follow_advance(f, x.peer.now);
    CHECK_EQ_MEM(f->out.data, f->out.size, "\n", 1); /* and so it is the other way round */
    x.peer.now += 58 * SECOND;
    follow_advance(f, x.peer.now);
    CHECK_EQ_STR(events(&x), "CLOSE;");
    CHECK_EQ_STR(f->why, "time-out during full synchronisation");
    CHECK(close_fixture(&x));
}

TEST(back_off_doubles_up_to_its_limit)
{
    struct fixture x;
    open_fixture(&x);
    peer_follow(&x.peer);
    struct follow *f = x.peer.follow;
    int64_t expected = x.peer.options.retry_min_us;
    for (int i = 0; i < 20; i++) {
        CHECK_EQ_STR(events(&x), "OPEN;");
        follow_lost(f, "refused", x.peer.now);
        CHECK_EQ_STR(events(&x), "");
        int64_t delay = follow_deadline(f) - x.peer.now;
        CHECK(delay >= expected / 2 && delay <= expected);
        expected = expected * 2 < x.peer.options.retry_max_us ? expected * 2 : x.peer.options.retry_max_us;
        x.peer.now = follow_deadline(f);
    }
    CHECK_EQ_STR(f->why, "refused");
    CHECK(close_fixture(&x));
}

/* Random bytes at any stage: the connection is closed, or the follow waits for more. */
TEST(garbage)
{
    static const char *const before[] = {"",
                                         "+PONG\r\n",
                                         "+PONG\r\n+OK\r\n+OK\r\n+OK\r\n",
                                         "+PONG\r\n+OK\r\n+OK\r\n+OK\r\n+FULLRESYNC " ID " 10\r\n",
                                         "+PONG\r\n+OK\r\n+OK\r\n+OK\r\n+FULLRESYNC " ID " 10\r\n$EOF:" MARK
                                         "\r\nREDIS0010",
                                         "+PONG\r\n+OK\r\n+OK\r\n+OK\r\n+CONTINUE\r\n",
                                         "+PONG\r\n+OK\r\n+OK\r\n+OK\r\n+CONTINUE\r\n*1\r\n$5\r\nMULTI\r\n"};
    static const char alphabet[] = "*$+-:0123456789\r\n\r\n\r\nPINGEXECMULTISELECT\"' \0\377\376\375";
    struct random r;
    random_init(&r, 5, "garbage");
    for (int round = 0; round < 3000; round++) {
        struct fixture x;
        open_fixture(&x);
        peer_follow(&x.peer);
        events(&x);
        follow_connected(x.peer.follow, x.peer.now);
        hear(&x, before[(size_t)round % (sizeof before / sizeof before[0])]);
        for (int i = 0; i < 20 && x.peer.follow->state != FOLLOW_DOWN; i++) {
            char noise[64];
            size_t size = 1 + random_below(&r, sizeof noise);
            for (size_t k = 0; k < size; k++)
                noise[k] = random_below(&r, 3) ? alphabet[random_below(&r, sizeof alphabet)]
                                               : (char)random_below(&r, 256);
            hear_bytes(&x, noise, size);
            events(&x);
        }
        CHECK(x.peer.follow->state == FOLLOW_DOWN ? x.closes : !x.closes);
        CHECK(close_fixture(&x));
    }
}

TEST_MAIN()
