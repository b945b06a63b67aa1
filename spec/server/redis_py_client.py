"""What a Python program built on Debian's python3-redis does with a server; prints "ok". The specs run it.

    redis_py_client.py PORT
"""
import sys
import threading

import redis


def values(r):
    assert r.set("py:a", b"\x00\xff\r\n") and r.get("py:a") == b"\x00\xff\r\n"
    assert r.get("py:none") is None
    assert r.set("py:a", "x", nx=True) is None
    assert r.set("py:b", "1", px=60000, get=True) is None
    assert 0 < r.pttl("py:b") <= 60000
    assert r.expire("py:b", 100) and 99 <= r.ttl("py:b") <= 100
    assert r.persist("py:b") and r.ttl("py:b") == -1
    assert r.incrby("py:n", 5) == 5 and r.incrbyfloat("py:n", 0.5) == 5.5
    assert r.mset({"py:m1": 1, "py:m2": 2}) and r.mget("py:m1", "py:m2", "py:m3") == [b"1", b"2", None]
    assert r.type("py:a") == b"string" and r.exists("py:a", "py:none") == 1
    assert r.delete("py:m1", "py:m2") == 2
    assert r.setrange("py:r", 3, "abc") == 6 and r.getrange("py:r", 2, 4) == b"\x00ab"
    try:
        r.incr("py:a")
        raise AssertionError("an error was expected")
    except redis.ResponseError as e:
        assert str(e) == "value is not an integer or out of range", e


def pipelines(r):
    with r.pipeline(transaction=False) as p:
        for i in range(1000):
            p.set(f"py:p:{i}", i)
        assert p.execute() == [True] * 1000
    with r.pipeline(transaction=True) as p:
        p.set("py:t", 1).incr("py:t").get("py:t")
        assert p.execute() == [True, 2, b"2"]
    with r.pipeline() as p:
        p.watch("py:t")
        seen = int(p.get("py:t"))
        p.multi()
        p.set("py:t", seen + 1)
        assert p.execute() == [True]
    with r.pipeline() as p:
        p.watch("py:t")
        r.set("py:t", "somebody else")
        p.multi()
        p.set("py:t", "mine")
        try:
            p.execute()
            raise AssertionError("WatchError was expected")
        except redis.WatchError:
            pass
    assert r.get("py:t") == b"somebody else"


def scans(r):
    found = set(r.scan_iter("py:p:*", count=100))
    assert found == {f"py:p:{i}".encode() for i in range(1000)}, len(found)
    assert r.dbsize() >= 1000


def about_the_server(r, port):
    info = r.info()
    assert info["role"] == "master" and info["redis_version"].startswith("7.0")
    assert info["tcp_port"] == port and info["connected_clients"] >= 1
    assert info["db0"]["keys"] == r.dbsize()
    assert r.config_get("maxmemory")["maxmemory"] == "0"
    assert r.config_set("maxmemory", "0")
    assert r.ping() and r.echo("hello") == b"hello" and r.time()[0] > 1600000000
    assert r.client_setname("py") and r.client_getname() == "py"
    clients = r.client_list()
    assert any(c["name"] == "py" and c["cmd"] == "client|list" for c in clients), clients
    assert r.client_id() in [int(c["id"]) for c in clients]
    assert r.role()[0] == b"master"
    assert r.wait(0, 10) == 0
    assert r.command_count() > 50 and "get" in r.command()


def databases(r, port):
    other = redis.Redis(host="127.0.0.1", port=port, db=3)
    assert other.set("py:a", "in 3") and r.get("py:a") != b"in 3"
    assert other.flushdb() and other.dbsize() == 0
    other.close()


def locks(r):
    """What a lock takes and holds; giving it back is a script, and scripts are not among what every server has."""
    lock = r.lock("py:lock", timeout=60, blocking=False)
    assert lock.acquire() and lock.owned() and lock.locked()
    assert not r.lock("py:lock", timeout=60).acquire(blocking=False)
    assert 0 < r.pttl("py:lock") <= 60000
    assert r.delete("py:lock") == 1 and not lock.owned()


def threads(port):
    pool = redis.ConnectionPool(host="127.0.0.1", port=port, max_connections=16)
    r = redis.Redis(connection_pool=pool)
    r.delete("py:threads")

    def work():
        for _ in range(200):
            r.incr("py:threads")

    all_of_them = [threading.Thread(target=work) for _ in range(8)]
    for t in all_of_them:
        t.start()
    for t in all_of_them:
        t.join()
    assert r.get("py:threads") == b"1600"
    pool.disconnect()


def main():
    port = int(sys.argv[1])
    r = redis.Redis(host="127.0.0.1", port=port, single_connection_client=True, socket_timeout=20)
    r.flushall()
    values(r)
    pipelines(r)
    scans(r)
    about_the_server(r, port)
    databases(r, port)
    locks(r)
    threads(port)
    r.close()
    print("ok")


main()
