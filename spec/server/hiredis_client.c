/* hiredis_client.c: what a C program built on Debian's libhiredis does with a server. The specs build and run it.
 *
 *   hiredis_client PORT            replies, pipelines, transactions, binary values; prints "ok"
 *   hiredis_client PORT wait MS    SET foo bar and WAIT 1 MS on one connection; prints WAIT's answer and how long it took
 *   hiredis_client A B latency N   N SETs at each of two ports, in turn; prints the two medians in microseconds
 *
 * Debian 12's hiredis is 0.14: it knows RESP2 alone, so HELLO asks for that.
 */
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CHECK(condition)                                                                     \
    do {                                                                                     \
        if (!(condition)) {                                                                  \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                  \
            exit(1);                                                                         \
        }                                                                                    \
    } while (0)

static double now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static redisContext *connect_to(const char *port)
{
    redisContext *c = redisConnectWithTimeout("127.0.0.1", atoi(port), (struct timeval){.tv_sec = 20});
    CHECK(c && !c->err);
    CHECK(redisSetTimeout(c, (struct timeval){.tv_sec = 20}) == REDIS_OK);
    return c;
}

static void check_status(redisReply *r, const char *text)
{
    CHECK(r && r->type == REDIS_REPLY_STATUS && strcmp(r->str, text) == 0);
    freeReplyObject(r);
}

static void check_integer(redisReply *r, long long value)
{
    CHECK(r && r->type == REDIS_REPLY_INTEGER && r->integer == value);
    freeReplyObject(r);
}

static void check_string(redisReply *r, const char *text, size_t size)
{
    CHECK(r && r->type == REDIS_REPLY_STRING && r->len == size && memcmp(r->str, text, size) == 0);
    freeReplyObject(r);
}

static void synchronous(redisContext *c)
{
    redisReply *r = redisCommand(c, "HELLO 2");
    CHECK(r && r->type == REDIS_REPLY_ARRAY && r->elements == 14);
    freeReplyObject(r);
    check_status(redisCommand(c, "SET h:a %s", "one"), "OK");
    check_string(redisCommand(c, "GET h:a"), "one", 3);
    check_integer(redisCommand(c, "APPEND h:a %b", "\0\r\n", (size_t)3), 6);
    check_string(redisCommand(c, "GET h:a"), "one\0\r\n", 6);
    r = redisCommand(c, "GET h:none");
    CHECK(r && r->type == REDIS_REPLY_NIL);
    freeReplyObject(r);
    r = redisCommand(c, "INCR h:a");
    CHECK(r && r->type == REDIS_REPLY_ERROR);
    CHECK(strcmp(r->str, "ERR value is not an integer or out of range") == 0);
    freeReplyObject(r);
    r = redisCommand(c, "MGET h:a h:none h:a");
    CHECK(r && r->type == REDIS_REPLY_ARRAY && r->elements == 3);
    CHECK(r->element[0]->len == 6 && r->element[1]->type == REDIS_REPLY_NIL && r->element[2]->len == 6);
    freeReplyObject(r);
}

static void pipelined(redisContext *c)
{
    enum { COUNT = 10000 };
    check_integer(redisCommand(c, "DEL h:n"), 0);
    for (int i = 0; i < COUNT; i++) CHECK(redisAppendCommand(c, "INCRBY h:n %d", 2) == REDIS_OK);
    for (int i = 1; i <= COUNT; i++) {
        redisReply *r;
        CHECK(redisGetReply(c, (void **)&r) == REDIS_OK);
        check_integer(r, 2 * i);
    }
}

static void transaction(redisContext *c)
{
    check_status(redisCommand(c, "WATCH h:t"), "OK");
    check_status(redisCommand(c, "MULTI"), "OK");
    check_status(redisCommand(c, "SET h:t 1"), "QUEUED");
    check_status(redisCommand(c, "INCR h:t"), "QUEUED");
    redisReply *r = redisCommand(c, "EXEC");
    CHECK(r && r->type == REDIS_REPLY_ARRAY && r->elements == 2);
    CHECK(r->element[0]->type == REDIS_REPLY_STATUS && r->element[1]->integer == 2);
    freeReplyObject(r);
}

static void run_wait(redisContext *c, const char *timeout_ms)
{
    check_status(redisCommand(c, "SET foo bar"), "OK");
    double begin = now_us();
    redisReply *r = redisCommand(c, "WAIT 1 %s", timeout_ms);
    CHECK(r && r->type == REDIS_REPLY_INTEGER);
    printf("%lld %.3f\n", r->integer, (now_us() - begin) / 1000);
    freeReplyObject(r);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, compare);
    return values[count / 2];
}

/* The two take turns at every single SET, and in who is first: what disturbs the machine disturbs both. */
static void latency(redisContext *a, redisContext *b, size_t count)
{
    redisContext *both[2] = {a, b};
    double *took[2];
    for (int i = 0; i < 2; i++) CHECK((took[i] = calloc(count, sizeof(double))) != NULL);
    for (size_t i = 0; i < 2 * count; i++) {
        size_t which = (i ^ i / 2) & 1; /* 0 1 1 0 */
        double begin = now_us();
        check_status(redisCommand(both[which], "SET key:%u value", (unsigned)(i / 2 % 1000)), "OK");
        took[which][i / 2] = now_us() - begin;
    }
    printf("%.3f %.3f\n", median(took[0], count), median(took[1], count));
    for (int i = 0; i < 2; i++) free(took[i]);
}

int main(int argc, char **argv)
{
    CHECK(argc == 2 || argc == 4 || argc == 5);
    redisContext *c = connect_to(argv[1]);
    if (argc == 5) {
        redisContext *other = connect_to(argv[2]);
        latency(c, other, (size_t)atoi(argv[4]));
        redisFree(other);
    } else if (argc == 4) {
        run_wait(c, argv[3]);
    } else {
        synchronous(c);
        pipelined(c);
        transaction(c);
        puts("ok");
    }
    redisFree(c);
    return 0;
}
