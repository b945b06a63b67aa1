/* hiredis_async.c: what a C program built on hiredis's asynchronous interface and on libuv does with a server: requests
 * whose replies come to callbacks, messages of channels and patterns on a connection of their own, a command that
 * blocks beside others that do not. The specs build and run it; prints "ok".
 *
 *   hiredis_async PORT
 */
#include <hiredis/adapters/libuv.h>
#include <hiredis/async.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition)                                                    \
    do {                                                                    \
        if (!(condition)) {                                                 \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
            exit(1);                                                        \
        }                                                                   \
    } while (0)

enum { REQUESTS = 1000, MESSAGES = 100 };

struct run {
    redisAsyncContext *requests, *subscriber, *worker;
    int counted, messages, pattern_messages, closed;
};

static void on_connect(const redisAsyncContext *c, int status)
{
    if (status != REDIS_OK) fprintf(stderr, "%s\n", c->errstr);
    CHECK(status == REDIS_OK);
}

static void on_disconnect(const redisAsyncContext *c, int status)
{
    CHECK(status == REDIS_OK);
    ((struct run *)c->data)->closed++;
}

static redisAsyncContext *connect_to(const char *port, struct run *run)
{
    redisAsyncContext *c = redisAsyncConnect("127.0.0.1", atoi(port));
    CHECK(c && !c->err);
    c->data = run;
    CHECK(redisLibuvAttach(c, uv_default_loop()) == REDIS_OK);
    CHECK(redisAsyncSetConnectCallback(c, on_connect) == REDIS_OK);
    CHECK(redisAsyncSetDisconnectCallback(c, on_disconnect) == REDIS_OK);
    return c;
}

/* Replies come in the order of the requests. */
static void on_count(redisAsyncContext *c, void *reply, void *data)
{
    const redisReply *r = reply;
    struct run *run = data;
    CHECK(c == run->requests && r && r->type == REDIS_REPLY_INTEGER && r->integer == ++run->counted);
}

/* All messages have been seen when the worker is woken: everything is over. */
static void on_job(redisAsyncContext *c, void *reply, void *data)
{
    const redisReply *r = reply;
    struct run *run = data;
    CHECK(c == run->worker && r && r->type == REDIS_REPLY_ARRAY && r->elements == 2);
    CHECK(strcmp(r->element[1]->str, "job") == 0);
    CHECK(run->counted == REQUESTS && run->messages == MESSAGES && run->pattern_messages == MESSAGES);
    redisAsyncDisconnect(run->requests);
    redisAsyncDisconnect(run->worker);
    redisAsyncDisconnect(run->subscriber);
}

static void on_message(redisAsyncContext *c, void *reply, void *data)
{
    const redisReply *r = reply;
    struct run *run = data;
    (void)c;
    if (!r) return; /* the connection ends */
    CHECK(r->type == REDIS_REPLY_ARRAY && r->elements >= 3);
    if (strcmp(r->element[0]->str, "message") == 0) {
        CHECK(r->elements == 3 && atoi(r->element[2]->str) == run->messages);
        run->messages++;
    } else if (strcmp(r->element[0]->str, "pmessage") == 0) {
        CHECK(r->elements == 4 && atoi(r->element[3]->str) == run->pattern_messages);
        run->pattern_messages++;
    } else if (strcmp(r->element[0]->str, "psubscribe") == 0) {
        /* both subscriptions are there: publish, and then wake the worker up */
        CHECK(r->element[2]->integer == 2);
        for (int i = 0; i < MESSAGES; i++)
            CHECK(redisAsyncCommand(run->requests, NULL, NULL, "PUBLISH news %d", i) == REDIS_OK);
    }
    if (run->messages == MESSAGES && run->pattern_messages == MESSAGES)
        CHECK(redisAsyncCommand(run->requests, NULL, NULL, "RPUSH async:jobs job") == REDIS_OK);
}

int main(int argc, char **argv)
{
    struct run run = {.counted = 0};
    CHECK(argc == 2);
    run.requests = connect_to(argv[1], &run);
    run.subscriber = connect_to(argv[1], &run);
    run.worker = connect_to(argv[1], &run);
    CHECK(redisAsyncCommand(run.requests, NULL, NULL, "DEL async:n async:jobs") == REDIS_OK);
    for (int i = 0; i < REQUESTS; i++)
        CHECK(redisAsyncCommand(run.requests, on_count, &run, "INCR async:n") == REDIS_OK);
    CHECK(redisAsyncCommand(run.worker, on_job, &run, "BLPOP async:jobs 30") == REDIS_OK);
    CHECK(redisAsyncCommand(run.subscriber, on_message, &run, "SUBSCRIBE news") == REDIS_OK);
    CHECK(redisAsyncCommand(run.subscriber, on_message, &run, "PSUBSCRIBE n*") == REDIS_OK);
    uv_run(uv_default_loop(), UV_RUN_DEFAULT);
    CHECK(run.closed == 3);
    puts("ok");
    return 0;
}
