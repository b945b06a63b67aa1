-- A failover by hand: the primary is killed, or cut off while it writes on; one replica is promoted, the other pointed
-- to it, continues without a full synchronisation; the old primary comes back as a replica and says what it gave up.

local support = require "spec.server.support"

describe("after a failover", function()
  local servers = support.servers()
  local a, b, c

  before_each(function()
    a = servers:start { "--node-name", "a" }
    b = servers:start { replicaof = a, "--node-name", "b" }
    c = servers:start { replicaof = a, "--node-name", "c" }
    b:in_step_with(a)
    c:in_step_with(a)
  end)

  after_each(function() servers:stop_all() end)

  -- N writes, pipelined; each is one key of its own
  local function write(server, prefix, count)
    local commands = {}
    for i = 1, count do commands[i] = { "SET", ("%s:%06d"):format(prefix, i), i } end
    for i, reply in ipairs(server:pipeline(commands)) do assert.equal("OK", reply, i) end
  end

  -- how many of them a server has
  local function written(server, prefix, count)
    local commands = {}
    for i = 1, count do commands[i] = { "EXISTS", ("%s:%06d"):format(prefix, i) } end
    local found = 0
    for _, reply in ipairs(server:pipeline(commands)) do found = found + reply end
    return found
  end

  -- the bytes of one such write in the log
  local function size_of_write(prefix, i)
    return #support.resp.encode("SET", ("%s:%06d"):format(prefix, i), i)
  end

  local function digest(server)
    return (assert(server:call("DEBUG", "DIGEST")))
  end

  local function syncs(server)
    local stats = server:info "stats"
    return { full = stats.sync_full, partial = stats.sync_partial_ok, refused = stats.sync_partial_err }
  end

  -- Load until the primary dies under it: a client that writes without waiting; how many writes were acknowledged.
  local function killed_under_load(primary)
    local client = primary:connect()
    local acknowledged, sent = 0, 0
    while sent < 20000 do
      local requests = {}
      for _ = 1, 500 do
        sent = sent + 1
        requests[#requests + 1] = support.resp.encode("SET", ("load:%06d"):format(sent), sent)
      end
      client:send(table.concat(requests))
      if sent == 20000 then primary:kill() end
      while acknowledged < sent do
        local reply = client:receive()
        if not reply then break end
        assert.equal("OK", reply)
        acknowledged = acknowledged + 1
      end
    end
    client:close()
    return acknowledged, sent
  end

  -- the more advanced of two replicas whose primary is gone, and the other
  local function ranked()
    for _, replica in ipairs { b, c } do
      support.eventually("the loss is noticed", function()
        return replica:info("replication").master_link_status == "down"
      end)
    end
    local at_b, at_c = b:info("replication").slave_repl_offset, c:info("replication").slave_repl_offset
    if at_b >= at_c then return b, c end
    return c, b
  end

  it("by kill -9 the second replica continues, and the old primary comes back as a replica", function()
    local history = a:info("replication").master_replid
    local acknowledged, sent = killed_under_load(a)
    local first, second = ranked()
    local fork = first:info("replication").slave_repl_offset

    assert.equal("OK", first:call("REPLICAOF", "NO", "ONE"))
    local promoted = first:info "replication"
    assert.equal("master", promoted.role)
    assert.not_equal(history, promoted.master_replid)
    assert.equal(history, promoted.master_replid2)
    assert.equal(fork + 1, promoted.second_repl_offset)

    -- +CONTINUE, not a full synchronisation
    second:follow(first)
    second:in_step_with(first)
    assert.same({ full = 0, partial = 1, refused = 0 }, syncs(first))
    assert.equal(1, second:info("stats").repl_full_syncs_taken) -- its first one
    assert.equal(0, second:info("stats").repl_discarded_bytes)
    assert.equal(digest(first), digest(second))

    -- writes go on, and reach everybody
    write(first, "after", 100)
    assert.equal(1, first:call("WAIT", 1, 5000))
    assert.equal(100, written(second, "after", 100))

    -- what is left is a prefix of what was written; what is missing of the acknowledged writes is what was given up
    local kept = written(first, "load", sent)
    assert.is_true(kept > 0 and kept <= sent, kept)
    assert.equal(tostring(kept), first:call("GET", ("load:%06d"):format(kept)))
    assert.is_true(acknowledged <= sent)

    -- it comes back with nothing: a full synchronisation
    a:restart()
    a:follow(first)
    a:in_step_with(first)
    assert.equal(1, syncs(first).full)
    assert.equal(digest(first), digest(a))
    assert.equal(2, first:info("replication").connected_slaves)
    assert.matches("READONLY", select(2, a:call("SET", "k", "v")))
  end)

  it("the old primary that was only cut off says how many writes of its own it gave up", function()
    write(a, "shared", 1000)
    assert.equal(2, a:call("WAIT", 2, 5000))
    local fork = a:info("replication").master_repl_offset

    -- b is promoted while a lives; nothing tells a, and some clients go on writing there
    assert.equal("OK", b:call("REPLICAOF", "NO", "ONE"))
    c:follow(b)
    c:in_step_with(b)
    assert.same({ full = 0, partial = 1, refused = 0 }, syncs(b))
    write(a, "own", 37)
    write(b, "new", 500)
    assert.equal(fork + 37 * size_of_write("own", 10) - 9, a:info("replication").master_repl_offset)

    a:follow(b)
    a:in_step_with(b)
    local stats = a:info "stats"
    assert.equal(37 * size_of_write("own", 10) - 9, stats.repl_discarded_bytes)
    assert.equal(1, stats.repl_full_syncs_taken)
    assert.same({ 0, 500, 1000 }, { written(a, "own", 37), written(a, "new", 500), written(a, "shared", 1000) })
    assert.equal(digest(b), digest(a))
    assert.equal(digest(b), digest(c))
    -- the others had nothing to give up
    assert.equal(0, b:info("stats").repl_discarded_bytes)
    assert.equal(0, c:info("stats").repl_discarded_bytes)
  end)

  it("the old primary that was frozen meanwhile and wrote nothing of its own continues too", function()
    write(a, "shared", 100)
    assert.equal(2, a:call("WAIT", 2, 5000))
    a:freeze()
    assert.equal("OK", b:call("REPLICAOF", "NO", "ONE"))
    c:follow(b)
    write(b, "new", 100)
    a:thaw()
    a:follow(b)
    a:in_step_with(b)
    assert.same({ full = 0, partial = 2, refused = 0 }, syncs(b))
    assert.equal(0, a:info("stats").repl_discarded_bytes)
    assert.equal(digest(b), digest(a))
  end)

  it("a frozen primary that wakes with writes in its sockets gives those up", function()
    write(a, "shared", 100)
    assert.equal(2, a:call("WAIT", 2, 5000))
    local client = a:connect()
    assert.equal("PONG", client:call "PING")
    a:freeze()
    -- the kernel takes them; nobody answers
    for i = 1, 10 do client:send(support.resp.encode("SET", ("own:%06d"):format(i), i)) end
    assert.equal("OK", b:call("REPLICAOF", "NO", "ONE"))
    c:follow(b)
    c:in_step_with(b)
    write(b, "new", 10)
    a:thaw()
    -- it knows of nothing: to these clients it is still the primary
    for _ = 1, 10 do assert.equal("OK", client:receive()) end
    client:close()
    a:follow(b)
    a:in_step_with(b)
    assert.equal(10 * size_of_write("own", 1) + 1, a:info("stats").repl_discarded_bytes)
    assert.equal(0, written(a, "own", 10))
    assert.equal(digest(b), digest(a))
  end)

  it("a sub-replica continues under the new name", function()
    local d = servers:start { replicaof = c, "--node-name", "d" }
    d:in_step_with(c)
    write(a, "shared", 100)
    assert.equal(2, a:call("WAIT", 2, 5000))
    a:kill()
    local first, second = ranked()
    assert.equal("OK", first:call("REPLICAOF", "NO", "ONE"))
    second:follow(first)
    second:in_step_with(first)
    write(first, "new", 10)
    local below = first == c and first or second
    d:in_step_with(below == c and c or first)
    assert.equal(1, d:info("stats").repl_full_syncs_taken)
    support.eventually("the new writes arrive", function() return written(d, "new", 10) == 10 end)
    assert.equal(digest(first), digest(d))
  end)

  it("a replica that is behind the backlog synchronises fully", function()
    assert.equal("OK", a:call("CONFIG", "SET", "repl-backlog-size", 65536))
    local before = syncs(a)
    c:freeze()
    a:call("CLIENT", "KILL", "TYPE", "replica")
    b:in_step_with(a)
    write(a, "much", 10000)
    assert.equal(1, a:call("WAIT", 1, 5000))
    c:thaw()
    c:in_step_with(a)
    assert.same({ full = before.full + 1, partial = 1, refused = before.refused + 1 }, syncs(a))
    assert.equal(2, c:info("stats").repl_full_syncs_taken)
    assert.equal(digest(a), digest(c))
  end)
end)
