/* test_resp_peek.c: what a look ahead at requests sees, in input that is cut anywhere and in input that is none. */
#include "resp/peek.h"

#include <stdlib.h>

#include "test.h"

#define SET "*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$5\r\nvalue\r\n"
#define PING "*1\r\n$4\r\nPING\r\n"
#define GET "*2\r\n$3\r\nGET\r\n$10\r\n0123456789\r\n"

static size_t peek(const char *text, size_t size, struct resp_peeked *peeked, size_t max)
{
    static char block[4096];
    memset(block, '*', sizeof block);
    memcpy(block, text, size);
    return resp_peek_keys(block, size, peeked, max);
}

TEST(the_keys_of_whole_requests_are_seen)
{
    static const char text[] = SET PING GET SET;
    struct resp_peeked peeked[8];
    CHECK_EQ_INT(peek(text, sizeof text - 1, peeked, 8), 3);
    CHECK_EQ_MEM(peeked[0].key.data, peeked[0].key.size, "key", 3);
    CHECK_EQ_MEM(peeked[1].key.data, peeked[1].key.size, "0123456789", 10);
    CHECK_EQ_MEM(peeked[2].key.data, peeked[2].key.size, "key", 3);
    CHECK_EQ_MEM(peeked[0].element.data, peeked[0].element.size, "value", 5);
    CHECK(peeked[1].element.data == NULL);
    CHECK_EQ_INT(peek(text, sizeof text - 1, peeked, 2), 2);
    CHECK_EQ_INT(peek(text, 0, peeked, 2), 0);
}

TEST(a_cut_hides_the_request_that_is_cut_and_no_other)
{
    static const char text[] = SET GET;
    struct resp_peeked peeked[8];
    for (size_t size = 0; size < sizeof text - 1; size++) {
        char *exact = malloc(size + 1); /* so that reading beyond it is seen */
        memcpy(exact, text, size);
        size_t found = resp_peek_keys(exact, size, peeked, 8);
        CHECK_EQ_INT(found, size >= sizeof SET - 1);
        free(exact);
    }
}

TEST(what_is_unusual_ends_the_look)
{
    static const char *const texts[] = {
        "GET key\r\n" SET,
        "*-1\r\n" SET,
        "*\r\n" SET,
        "*9999999\r\n" SET,
        "*2\r\n$-1\r\n" SET,
        "*2\r\n+GET\r\n" SET,
        "*2\r\n$3\r\nGET\r\n$999999\r\nkey\r\n",
        "*9\r\n$3\r\nDEL\r\n$1\r\na\r\n",
    };
    struct resp_peeked peeked[8];
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        CHECK_EQ_INT(peek(texts[i], strlen(texts[i]), peeked, 8), 0);
}

TEST_MAIN()
