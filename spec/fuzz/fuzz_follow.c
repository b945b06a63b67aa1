/* Fuzzes the replica's end of a channel: a primary that says anything. The first bytes of the input choose how far the
 * conversation has got and into which pieces the rest is cut. Whatever comes, the follow goes on, waits or closes; its
 * log, its offset and its memory stay sound.
 *
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "peers.h"

#define ID "1234567890abcdef1234567890abcdef12345678"
#define READY "+PONG\r\n+OK\r\n+OK\r\n+OK\r\n"

static void demand(bool holds)
{
    if (!holds) abort();
}

/* Everything the follow asks for, as a node would do it. Reconnects at once when a connection is wanted. */
static void settle(struct peer *p)
{
    struct follow *f = p->follow;
    bool open = false, close = false;
    int64_t before = log_offset(&p->log), loaded = p->loaded;
    peer_step(p, &open, &close);
    demand(f->applied == log_offset(&p->log));
    demand(p->loaded > loaded || log_offset(&p->log) >= before);
    demand(!f->given && !follow_within(f) && !f->loaded);
    demand(f->start <= f->at && f->at <= f->input.size);
    if (open) follow_connected(f, p->now);
    bytes_clear(&f->out);
}

static void hear(struct peer *p, const uint8_t *data, size_t size, size_t piece)
{
    while (size > 0) {
        size_t room;
        char *place = follow_input_reserve(p->follow, &room);
        if (!place) return;
        size_t part = size < piece ? size : piece;
        if (part > room) part = room;
        memcpy(place, data, part);
        follow_input_commit(p->follow, part, p->now);
        settle(p);
        data += part;
        size -= part;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const before[] = {"",
                                         READY,
                                         READY "+CONTINUE\r\n",
                                         READY "+FULLRESYNC " ID " 100\r\n",
                                         READY "+FULLRESYNC " ID " 100\r\n$EOF:" ID "\r\nREDIS0010",
                                         READY "+FULLRESYNC " ID " 100\r\n$200\r\nREDIS0010"};
    if (size < 2) return 0;
    struct peer p;
    demand(peer_open(&p, 1));
    p.options.bulk_max = 4096;
    p.memory.limit = 64 << 20;
    peer_follow(&p);
    demand(p.follow != NULL);
    settle(&p);
    const char *opening = before[data[0] % (sizeof before / sizeof before[0])];
    hear(&p, (const uint8_t *)opening, strlen(opening), 1000);
    hear(&p, data + 2, size - 2, 1 + (size_t)data[1] * (size_t)data[1] / 16);
    p.now += 120 * SECOND;
    follow_advance(p.follow, p.now);
    settle(&p);
    demand(peer_close(&p));
    return 0;
}
