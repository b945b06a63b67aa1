"""What programs built on Debian's python3-redis are told by a server, printed line by line: run against two servers, the
same. Nothing that differs from run to run is printed. The specs run it (spec/server/transcripts_spec.lua).

    redis_py_flows.py PORT
"""
import sys
import threading
import time

import redis

PORT = int(sys.argv[1])


def connect(**options):
    return redis.Redis(host="127.0.0.1", port=PORT, socket_timeout=20, **options)


def show(name, ask, *arguments, **named):
    try:
        result = ask(*arguments, **named)
    except redis.RedisError as error:
        result = (type(error).__name__, str(error))
    print(name + ":", ascii(result))
    return result


def until(ask):
    deadline = time.monotonic() + 30
    while not ask():
        if time.monotonic() > deadline:
            raise AssertionError("not in time")
        time.sleep(0.002)


def strings(r):
    show("set", r.set, "s", "v", ex=100, nx=True)
    show("set again", r.set, "s", "w", nx=True)
    show("get and set", r.set, "s", "w", get=True, keepttl=True)
    show("ttl", r.ttl, "s")
    show("getex", r.getex, "s", persist=True)
    show("getdel", r.getdel, "s")
    show("mset", r.mset, {"a": 1, "b": 2})
    show("msetnx", r.msetnx, {"a": 1, "c": 2})
    show("mget", r.mget, ["a", "b", "c"])
    show("incrbyfloat", r.incrbyfloat, "a", 0.25)
    show("setbit", r.setbit, "bits", 7, 1)
    show("bitop", r.bitop, "NOT", "not", "bits")
    show("bitpos", r.bitpos, "not", 0)
    show("bitfield", r.bitfield("bits", "SAT").incrby("u2", 0, 5).get("u8", "#0").execute)
    show("lcs", r.execute_command, "LCS", "a", "b", "LEN")
    show("expiry", r.expireat, "a", 4102444800)
    show("expire gt", r.expire, "a", 10, gt=True)
    show("error", r.lpush, "a", 1)
    show("binary", r.set, b"\0\xff", b"\r\n\0")
    show("binary back", r.get, b"\0\xff")


def collections(r):
    show("hset", r.hset, "h", mapping={"name": "ann", "age": 30})
    show("hgetall", r.hgetall, "h")
    show("hmget", r.hmget, "h", "name", "none")
    show("hincrbyfloat", r.hincrbyfloat, "h", "age", 0.5)
    show("hscan_iter", lambda: sorted(r.hscan_iter("h", match="a*")))
    show("rpush", r.rpush, "l", *"abcabc")
    show("lrange", r.lrange, "l", 1, -2)
    show("linsert", r.linsert, "l", "before", "c", "x")
    show("lpos", r.lpos, "l", "b", rank=-1)
    show("lmove", r.lmove, "l", "m", "RIGHT", "LEFT")
    show("lmpop", r.lmpop, 2, "none", "l", direction="LEFT", count=2)
    show("lrem", r.lrem, "l", 0, "a")
    show("ltrim", r.ltrim, "l", 0, 1)
    show("sort", r.sort, "l", alpha=True, desc=True)
    show("sadd", r.sadd, "s1", *range(5))
    show("smismember", r.smismember, "s1", [1, 9])
    show("sinter", lambda: r.sadd("s2", 3, 4, 5) and sorted(r.sinter("s1", "s2")))
    show("sintercard", r.sintercard, 2, ["s1", "s2"], 1)
    show("sscan_iter", lambda: sorted(r.sscan_iter("s1")))
    show("zadd", r.zadd, "z", {"one": 1, "two": 2, "three": 3.5})
    show("zadd gt", r.zadd, "z", {"one": 5, "two": 1}, gt=True, ch=True)
    show("zincrby", r.zincrby, "z", 0.25, "two")
    show("zrange", r.zrange, "z", 0, -1, withscores=True, desc=True)
    show("by score", r.zrange, "z", 2, "(5", byscore=True, offset=0, num=1)
    show("zrangebylex", lambda: r.zadd("lex", {"a": 0, "b": 0, "c": 0}) and r.zrangebylex("lex", "(a", "+"))
    show("zunion", r.zunion, {"z": 2, "lex": 1}, aggregate="MAX", withscores=True)
    show("zdiffstore", r.zdiffstore, "d", ["z", "lex"])
    show("zmpop", r.zmpop, 2, ["none", "z"], min=True, count=2)
    show("zrevrank", r.zrevrank, "lex", "a")
    show("zscan_iter", lambda: sorted(r.zscan_iter("lex")))
    show("encodings", lambda: [r.object("encoding", k) for k in ("h", "l", "s1", "s2", "z")])
    show("restore", lambda: r.restore("copy", 0, r.dump("h")) and r.hgetall("copy"))


def pipelines(r):
    with r.pipeline(transaction=False) as p:
        p.set("p", 1).incr("p").lpush("p", 1).get("p")
        show("pipeline", p.execute, raise_on_error=False)
    with r.pipeline() as p:
        p.set("p", 1).lpush("p", 1).hgetall("h")
        show("multi", p.execute, raise_on_error=False)
    with r.pipeline() as p:
        p.set("p", 2).execute_command("GET")
        show("refused", p.execute)
    show("nothing of it", r.get, "p")
    attempts = []

    def double(p):
        attempts.append(1)
        value = int(p.get("n") or 1)
        if len(attempts) < 3:
            r.incr("n")
        p.multi()
        p.set("n", value * 2)
        p.get("n")

    show("transaction", r.transaction, double, "n")
    show("attempts", len, attempts)


def messages(r):
    seen = []
    listener = r.pubsub(ignore_subscribe_messages=True)
    listener.subscribe(**{"news": lambda m: seen.append((m["type"], m["channel"], m["data"]))})
    listener.psubscribe(**{"n?ws*": lambda m: seen.append((m["type"], m["pattern"], m["channel"], m["data"]))})
    thread = listener.run_in_thread(sleep_time=0.01)
    until(lambda: r.pubsub_numsub("news") == [(b"news", 1)] and r.pubsub_numpat() == 1)
    show("publish", r.publish, "news", "hello")
    show("publish", r.publish, "newspaper", b"\0")
    until(lambda: len(seen) == 3)
    show("messages", lambda: seen)
    show("channels", r.pubsub_channels)
    thread.stop()
    thread.join()
    with r.pubsub() as p:
        p.subscribe("a", "b")
        p.ping("there?")
        p.unsubscribe("a", "b")
        show("one by one", lambda: [p.get_message(timeout=20) for _ in range(5)])


def streams(r):
    show("xadd", r.xadd, "x", {"f": "v"}, id="1-1")
    show("xadd before", r.xadd, "x", {"f": "v"}, id="1-1")
    show("xgroup", r.xgroup_create, "x", "g", id="0")
    show("again", r.xgroup_create, "x", "g")
    show("xreadgroup", r.xreadgroup, "g", "one", {"x": ">"}, count=5)
    got = []
    reader = threading.Thread(target=lambda: got.append(connect().xreadgroup("g", "two", {"x": ">"}, block=0)))
    reader.start()
    until(lambda: r.info("clients")["blocked_clients"] == 1)
    r.xadd("x", {"f": "w"}, id="2-1")
    reader.join()
    show("blocked", lambda: got)
    show("xpending", r.xpending, "x", "g")
    show("xpending of one", lambda: [(p["message_id"], p["consumer"], p["times_delivered"])
                                     for p in r.xpending_range("x", "g", "-", "+", 10)])
    show("xclaim", r.xclaim, "x", "g", "three", 0, ["1-1"])
    show("xautoclaim", r.xautoclaim, "x", "g", "four", 0)
    show("xack", r.xack, "x", "g", "1-1", "2-1")
    show("xinfo", r.xinfo_stream, "x")
    show("groups", r.xinfo_groups, "x")
    show("xtrim", r.xtrim, "x", maxlen=1, approximate=False)
    show("xrevrange", r.xrevrange, "x")
    show("xread", r.xread, {"x": "0"}, block=10)


def blocking(r):
    for name, ask, give in (
        ("blpop", lambda c: c.blpop(["none", "q"], 0), lambda: r.rpush("q", 1, 2)),
        ("brpoplpush", lambda c: c.brpoplpush("q3", "q4", 0), lambda: r.rpush("q3", "x")),
        ("blmove", lambda c: c.blmove("q5", "q6", 0), lambda: r.rpush("q5", "y")),
        ("bzpopmax", lambda c: c.bzpopmax(["zq"], 0), lambda: r.zadd("zq", {"a": 1})),
        ("bzmpop", lambda c: c.bzmpop(0, 1, ["zq2"], min=True), lambda: r.zadd("zq2", {"b": 2})),
    ):
        got = []
        thread = threading.Thread(target=lambda: got.append(ask(connect())))
        thread.start()
        until(lambda: r.info("clients")["blocked_clients"] == 1)
        give()
        thread.join()
        show(name, lambda: got)
    show("in vain", r.blpop, "none", 0.01)


def scans(r):
    with r.pipeline(transaction=False) as p:
        for i in range(2000):
            p.set(f"scan:{i}", i)
        p.execute()
    show("scan_iter", lambda: len(set(r.scan_iter("scan:*", count=50))))
    show("some", lambda: sorted(r.scan_iter("scan:199?")))
    show("of a type", lambda: sorted(r.scan_iter(_type="hash")))


def connections(r):
    text = connect(decode_responses=True)
    show("decoded", text.hgetall, "h")
    show("decoded mget", text.mget, "b", "none")
    pool = redis.ConnectionPool(host="127.0.0.1", port=PORT, max_connections=2)
    a, b = redis.Redis(connection_pool=pool), redis.Redis(connection_pool=pool)
    show("one pool", lambda: a.set("pool", 1) and b.incr("pool"))
    show("killed", lambda: r.client_kill_filter(_id=a.client_id()))
    show("back again", a.get, "pool")
    show("another database", lambda: connect(db=5).set("k", "in 5") and r.get("k"))
    show("move", lambda: connect(db=5).move("k", 6) and connect(db=6).get("k"))
    show("swapdb", r.swapdb, 6, 7)
    show("no such database", connect(db=16).ping)
    show("password", connect(password="x").ping)
    show("client list", lambda: [c["name"] for c in r.client_list() if c["id"] == str(r.client_id())])
    show("config", r.config_get, "maxmemory-policy")
    show("no such parameter", r.config_set, "nosuch", 1)
    show("command", r.command_getkeys, "MSET", "a", 1, "b", 2)


def main():
    r = connect(single_connection_client=True)
    r.flushall()
    for flow in (strings, collections, pipelines, messages, streams, blocking, scans, connections):
        print("--", flow.__name__)
        flow(r)
    print("ok")


main()
