-- What is not as in Redis 7.0, by command: docs/commands.md shows it, and is made from it (docs/generate.lua). What
-- concerns no single command is in docs/server.md.

return {
  { "bzpopmin bzpopmax bzmpop blpop brpop blmove brpoplpush blmpop xread xreadgroup",
    "A store in a Lua state has nobody to wait for: there they answer at once." },
  { "bzpopmin bzpopmax bzmpop blpop brpop blmove brpoplpush blmpop",
    "Who waits is served too when a command such as ZUNIONSTORE or SORT puts what it wants over a value of another "
    .. "type, as in Redis since 7.2." },
  { "bitfield", "`OVERFLOW SAT` takes a SET far below a signed field's least value to the least value; Redis takes one "
    .. "below about -2^63 + 2^(n-1) to the greatest." },
  { "command", "`COMMAND DOCS` and the like also tell of our own commands: ASYNC, DURABLE, TOKEN, WAITAOF, WAITFOR." },
  { "config", "Ours: `node-name`, `sync-…`, `repl-ack-period-ms`, `repl-retry-…-ms`, `min-replicas-max-lag-bytes`. " },
  { "debug", "What `HELP` lists; digests are not Redis's; `RELOAD` knows `NOSAVE` only. `PAUSE-CRON`, "
    .. "`REPLYBUFFER`, `QUICKLIST-PACKED-THRESHOLD`, `AOF-FLUSH-SLEEP` and `SET-DISABLE-DENY-SCRIPTS` are accepted and "
    .. "have no effect." },
  { "acl", "One user, `default`, who may do everything: `SETUSER` sets its password and refuses other rules; `LOG` is "
    .. "empty; `GENPASS` draws from the node's seed." },
  { "client", "`TRACKING` can be switched `OFF` only: it is." },
  { "function script", "No scripting: what empties, lists or counts answers as without any; nothing can be loaded." },
  { "module", "`LIST` is empty; nothing can be loaded." },
  { "cluster", "There is no cluster: always an error, as Redis's without one." },
  { "flushall flushdb", "`SYNC` and `ASYNC` mean the same: what was flushed is freed in slices." },
  { "hrandfield srandmember zrandmember", "A negative count asks for 2^24 elements at most; Redis answers "
    .. "any number." },
  { "latency", "Events `command`, `fast-command`, `expire-cycle`, `eviction-cycle`; `DOCTOR` in other words." },
  { "memory", "`USAGE` is what is really taken, not a sample: `SAMPLES` is accepted and has no effect. "
    .. "`STATS` without what a node does not know (resident set, fragmentation); `DOCTOR` in other words." },
  { "lolwut", "No art." },
  { "asking readonly readwrite", "There is no cluster: always an error, as Redis's without one." },
  { "migrate", "Who only reads goes on meanwhile; Redis stands still. Not inside a transaction, not at a replica. One "
    .. "connection is kept for the next. CLIENT PAUSE, FAILOVER and the like under way end it with an error." },
  { "multi exec", "A write behind REPLICAOF in the same EXEC is refused as by any replica." },
  { "set", "Over an expired key it logs the SET only; Redis logs a DEL first. `ASYNC`: this write waits for nobody." },
  { "setbit", "A bit that is set that way already leaves the string's encoding; Redis makes it `raw`." },
  { "sort sort_ro", "Compares texts in the C locale; `ALPHA` with `BY` leaves what compares equal in another order "
    .. "than Redis; leaves a sorted set as it is, where Redis turns a `listpack` into a `skiplist`; a number "
    .. "out of a double's range is an error in that call alone; is logged as the list that it stores." },
  { "wait", "Waits for this connection's last *write*; Redis also counts other connections' writes up to this one's "
    .. "last read." },
  { "xadd xtrim xdel", "A node left without live entries is dropped, so `radix-tree-keys` can be smaller." },
  { "xgroup xreadgroup xinfo", "`ENTRIESREAD` does not wrap." },
}
