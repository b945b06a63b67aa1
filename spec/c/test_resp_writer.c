/* test_resp_writer.c: replies and requests as bytes, in both protocols.
 *
 * SPDX-License-Identifier: MIT */
#include "resp/writer.h"

#include <math.h>

#include "resp/reader.h"
#include "test.h"

struct fixture {
    struct memory memory;
    struct bytes out;
    struct resp_writer writer;
    struct reply *reply;
};

static void open_writer(struct fixture *f, int protocol)
{
    memory_init(&f->memory);
    bytes_init(&f->out, &f->memory);
    resp_writer_init(&f->writer, &f->out, protocol);
    f->reply = &f->writer.reply;
}

#define WRITES(protocol, call, want)                                  \
    do {                                                              \
        struct fixture f;                                             \
        open_writer(&f, protocol);                                    \
        struct reply *r = f.reply;                                    \
        call;                                                         \
        CHECK_EQ_MEM(f.out.data, f.out.size, want, sizeof(want) - 1); \
        bytes_free(&f.out);                                           \
    } while (0)
#define WRITES_BOTH(call, want) \
    do {                        \
        WRITES(2, call, want);  \
        WRITES(3, call, want);  \
    } while (0)

TEST(the_same_in_both)
{
    WRITES_BOTH(reply_ok(r), "+OK\r\n");
    WRITES_BOTH(reply_status(r, ""), "+\r\n");
    WRITES_BOTH(reply_error(r, "ERR no such key"), "-ERR no such key\r\n");
    WRITES_BOTH(reply_error(r, "ERR bad\r\n+OK"), "-ERR bad  +OK\r\n");
    WRITES_BOTH(reply_integer(r, 0), ":0\r\n");
    WRITES_BOTH(reply_integer(r, 9), ":9\r\n");
    WRITES_BOTH(reply_integer(r, 10), ":10\r\n");
    WRITES_BOTH(reply_integer(r, -1), ":-1\r\n");
    WRITES_BOTH(reply_integer(r, INT64_MAX), ":9223372036854775807\r\n");
    WRITES_BOTH(reply_integer(r, INT64_MIN), ":-9223372036854775808\r\n");
    WRITES_BOTH(reply_bulk_text(r, ""), "$0\r\n\r\n");
    WRITES_BOTH(reply_bulk_text(r, "value"), "$5\r\nvalue\r\n");
    WRITES_BOTH(reply_bulk(r, slice_of("a\0\r\nb", 5)), "$5\r\na\0\r\nb\r\n");
    WRITES_BOTH(reply_bulk_text(r, "ten bytes."), "$10\r\nten bytes.\r\n");
    WRITES_BOTH(reply_array(r, 0), "*0\r\n");
    WRITES_BOTH(reply_array(r, 123), "*123\r\n");
}

TEST(resp2)
{
    WRITES(2, reply_null(r), "$-1\r\n");
    WRITES(2, reply_null_array(r), "*-1\r\n");
    WRITES(2, reply_real(r, 3.25), "$4\r\n3.25\r\n");
    WRITES(2, reply_real(r, (double)INFINITY), "$3\r\ninf\r\n");
    WRITES(2, reply_boolean(r, true), ":1\r\n");
    WRITES(2, reply_boolean(r, false), ":0\r\n");
    WRITES(2, r->ops->big_number(r, slice_text("12345678901234567890")), "$20\r\n12345678901234567890\r\n");
    WRITES(2, reply_verbatim(r, "txt", slice_text("text")), "$4\r\ntext\r\n");
    WRITES(2, reply_map(r, 2), "*4\r\n");
    WRITES(2, reply_set(r, 3), "*3\r\n");
    WRITES(2, reply_push(r, 3), "*3\r\n");
}

TEST(resp3)
{
    WRITES(3, reply_null(r), "_\r\n");
    WRITES(3, reply_null_array(r), "_\r\n");
    WRITES(3, reply_real(r, 3.14), ",3.1400000000000001\r\n");
    WRITES(3, reply_real(r, -2), ",-2\r\n");
    WRITES(3, reply_real(r, (double)INFINITY), ",inf\r\n");
    WRITES(3, reply_real(r, (double)-INFINITY), ",-inf\r\n");
    WRITES(3, reply_boolean(r, true), "#t\r\n");
    WRITES(3, reply_boolean(r, false), "#f\r\n");
    WRITES(3, r->ops->big_number(r, slice_text("-12345678901234567890")), "(-12345678901234567890\r\n");
    WRITES(3, reply_verbatim(r, "txt", slice_text("text")), "=8\r\ntxt:text\r\n");
    WRITES(3, reply_map(r, 2), "%2\r\n");
    WRITES(3, reply_set(r, 3), "~3\r\n");
    WRITES(3, reply_push(r, 3), ">3\r\n");
}

TEST(errors_are_counted)
{
    struct fixture f;
    open_writer(&f, 2);
    reply_error(f.reply, "ERR one");
    reply_ok(f.reply);
    reply_error_format(f.reply, "ERR %s", "two");
    CHECK_EQ_INT(f.reply->errors, 2);
    bytes_free(&f.out);
}

TEST(requests)
{
    static const char want[] = "*3\r\n$3\r\nSET\r\n$10\r\n0123456789\r\n$0\r\n\r\n";
    const struct slice argv[] = {slice_text("SET"), slice_text("0123456789"), slice_text("")};
    struct memory m;
    struct bytes out;
    struct resp_reader r;
    memory_init(&m);
    bytes_init(&out, &m);
    CHECK(resp_write_request(&out, 3, argv));
    CHECK_EQ_MEM(out.data, out.size, want, sizeof want - 1);
    CHECK_EQ_INT(resp_request_size(3, argv), out.size);
    resp_reader_init(&r, &m, &(struct resp_limits){1 << 20, 100, 100, false});
    CHECK_EQ_INT(resp_read_request(&r, out.data, out.size), RESP_REQUEST);
    REQUIRE(r.argc == 3);
    for (int i = 0; i < 3; i++) CHECK(slice_equal(r.argv[i], argv[i]));
    resp_reader_free(&r);
    bytes_free(&out);
}

TEST(sizes_of_requests)
{
    static char data[12345];
    struct memory m;
    struct bytes out;
    memory_init(&m);
    bytes_init(&out, &m);
    for (size_t size = 0; size < sizeof data; size = size * 3 / 2 + 1) {
        struct slice argv[12];
        for (int i = 0; i < 12; i++) argv[i] = slice_of(data, size + (size_t)i);
        for (int argc = 0; argc <= 12; argc++) {
            bytes_clear(&out);
            CHECK(resp_write_request(&out, argc, argv));
            CHECK_EQ_INT(resp_request_size(argc, argv), out.size);
        }
    }
    bytes_free(&out);
}

TEST(out_of_memory)
{
    struct fixture f;
    open_writer(&f, 3);
    f.memory.fail_after = 0;
    reply_bulk_text(f.reply, "value");
    CHECK(f.out.failed);
    reply_ok(f.reply);
    reply_integer(f.reply, 1);
    reply_verbatim(f.reply, "txt", slice_text("x"));
    CHECK_EQ_INT(f.out.size, 0); /* nothing comes after a hole */
    CHECK(!resp_write_request(&f.out, 1, (struct slice[]){slice_text("a")}));
    CHECK_EQ_INT(f.memory.used, 0);
}

TEST_MAIN()
