-- A real redis-server at the other end of a replication link, and at both ends of ours: full and partial
-- synchronisation, the stream, acknowledgements, chains, promotion; what they hold is compared key by key.

local support = require "spec.server.support"
local dataset = require "spec.server.dataset"

describe("replication with redis-server:", function()
  local servers = support.servers()

  after_each(function() servers:stop_all() end)

  local function start(kind, given)
    if kind == "redis" then return servers:redis(given) end
    return servers:start(given)
  end

  -- the synchronisations a primary has granted
  local function syncs(server)
    local stats = server:info "stats"
    return { full = stats.sync_full, partial = stats.sync_partial_ok }
  end

  -- a chain of servers, each the replica of the one before it
  local function chain(kinds)
    local list = {}
    for i, kind in ipairs(kinds) do
      list[i] = start(kind, { replicaof = list[i - 1] })
      if i > 1 then list[i]:in_step_with(list[i - 1]) end
    end
    return table.unpack(list)
  end

  for _, kinds in ipairs { { "tidelock", "redis" }, { "redis", "tidelock" } } do
    local name = ("%s follows %s: "):format(kinds[2], kinds[1])

    it(name .. "a hundred thousand keys with and without expiry", function()
      local primary = start(kinds[1])
      dataset.write(primary, "key", 100000)
      dataset.churn(primary, "before")
      local replica = start(kinds[2], { replicaof = primary })
      replica:in_step_with(primary)
      assert.is_true(dataset.same(primary, replica) > 100000)
      assert.same({ full = 1, partial = 0 }, syncs(primary))
    end)

    it(name .. "writes while the snapshot is taken", function()
      local primary = start(kinds[1])
      dataset.write(primary, "key", 10000)
      local replica = start(kinds[2])
      replica:follow(primary)
      for round = 1, 20 do
        dataset.write(primary, "key", 500) -- what the snapshot has seen or not
        dataset.churn(primary, "during" .. round)
      end
      replica:in_step_with(primary)
      dataset.same(primary, replica)
    end)

    it(name .. "the stream, in several databases", function()
      local primary, replica = chain(kinds)
      dataset.churn(primary, "stream")
      dataset.write(primary, "stream", 2000)
      replica:in_step_with(primary)
      dataset.same(primary, replica)
      assert.matches("READONLY", select(2, replica:call("SET", "k", "v")))
    end)

    it(name .. "keys that expire are deleted by the primary", function()
      local primary, replica = chain(kinds)
      local commands = {}
      for i = 1, 200 do commands[i] = { "SET", "short:" .. i, i, "PX", 50 + i } end
      primary:pipeline(commands)
      assert.equal(1, primary:call("WAIT", 1, 5000))
      support.eventually("they are gone", function() return replica:call "DBSIZE" == 0 end)
      assert.equal(0, primary:call "DBSIZE")
      replica:in_step_with(primary)
    end)

    it(name .. "acknowledgements are counted, on demand", function()
      local primary, replica = chain(kinds)
      for i = 1, 10 do
        primary:call("SET", "k", i)
        assert.equal(1, primary:call("WAIT", 1, 5000))
        assert.equal(tostring(i), replica:call("GET", "k"))
      end
      replica:freeze()
      primary:call("SET", "k", "later")
      assert.equal(0, primary:call("WAIT", 1, 100))
      replica:thaw()
      assert.equal(1, primary:call("WAIT", 1, 5000))
    end)

    it(name .. "a lost connection is continued", function()
      local primary, replica = chain(kinds)
      for round = 1, 3 do
        primary:call("CLIENT", "KILL", "TYPE", "replica")
        dataset.churn(primary, "round" .. round)
        replica:in_step_with(primary)
        assert.same({ full = 1, partial = round }, syncs(primary))
      end
      dataset.same(primary, replica)
    end)

    it(name .. "a password is given", function()
      local primary = start(kinds[1], { "--requirepass", "secret" })
      assert.equal("OK", primary:call("AUTH", "secret"))
      primary:call("SET", "k", "v")
      local replica = start(kinds[2], { "--masterauth", "secret", replicaof = primary })
      replica:in_step_with(primary)
      assert.equal("v", replica:call("GET", "k"))
    end)
  end

  for _, kinds in ipairs { { "tidelock", "redis" }, { "redis", "tidelock" } } do
    it(("keys go from %s to %s (MIGRATE)"):format(kinds[1], kinds[2]), function()
      local from, to = start(kinds[1]), start(kinds[2], { "--requirepass", "secret" })
      assert.equal("OK", to:call("AUTH", "secret"))
      dataset.write(from, "key", 500)
      -- times to live go as such, and lose the way's time
      local keys, persist = from:call("KEYS", "*"), {}
      for i, key in ipairs(keys) do persist[i] = { "PERSIST", key } end
      from:pipeline(persist)
      local function migrate(...)
        return from:call("MIGRATE", "127.0.0.1", to.port, "", 0, 5000, ...)
      end
      assert.matches("Target instance replied with error: NOAUTH", select(2, migrate("COPY", "KEYS", keys[1])))
      assert.equal("OK", migrate("COPY", "AUTH", "secret", "KEYS", table.unpack(keys)))
      assert.equal("OK", to:call("CONFIG", "SET", "requirepass", ""))
      dataset.same(from, to)
      assert.matches("Target instance replied with error: BUSYKEY", select(2, migrate("KEYS", keys[1])))
      assert.equal("OK", migrate("REPLACE", "AUTH2", "default", "any", "KEYS", table.unpack(keys)))
      assert.equal(0, from:call "DBSIZE")
      assert.equal(#keys, to:call "DBSIZE")
      assert.equal("NOKEY", migrate("KEYS", keys[1]))
      to:kill()
      from:call("SET", "k", "v")
      assert.matches("^IOERR error or timeout ", select(2, migrate("KEYS", "k")))
      assert.equal("v", from:call("GET", "k"))
    end)
  end

  it("a redis-server that sends its snapshot as a file is followed too", function()
    local primary = start("redis", { "--repl-diskless-sync", "no" })
    dataset.write(primary, "key", 2000)
    local replica = start("tidelock", { replicaof = primary })
    replica:in_step_with(primary)
    dataset.same(primary, replica)
  end)

  it("a redis-server that loads while it receives follows us too", function()
    local primary = start "tidelock"
    dataset.write(primary, "key", 2000)
    local replica = start("redis", { "--repl-diskless-load", "swapdb", replicaof = primary })
    replica:in_step_with(primary)
    dataset.same(primary, replica)
  end)

  -- redis-server does not say up to where the two share their history (ours do: failover_spec)
  it("a former primary among redis-servers loses what it wrote alone, and says how much at most", function()
    local primary, replica = chain { "tidelock", "redis" }
    dataset.churn(primary, "shared")
    assert.equal(1, primary:call("WAIT", 1, 5000))
    assert.equal("OK", replica:call("REPLICAOF", "NO", "ONE"))
    local fork = primary:info("replication").master_repl_offset
    dataset.churn(primary, "alone")
    local alone = primary:info("replication").master_repl_offset - fork
    dataset.churn(replica, "there")
    primary:follow(replica)
    primary:in_step_with(replica)
    local discarded = primary:info("stats").repl_discarded_bytes
    assert.is_true(discarded >= alone and discarded <= fork + alone, discarded)
    dataset.same(primary, replica)
  end)

  -- what cannot be copied must not be skipped: from then on the copy would differ, and nobody would know
  it("a command that only redis-server knows ends the link, and INFO says why", function()
    local primary, replica = chain { "redis", "tidelock" }
    primary:call("SET", "k", "v")
    assert.equal(1, primary:call("WAIT", 1, 5000))
    assert.equal("lib", primary:call("FUNCTION", "LOAD",
      "#!lua name=lib\nredis.register_function('f', function() return 1 end)"))
    primary:call("SET", "k", "later")
    support.eventually("the link is down for that", function()
      local why = tostring(replica:info("replication").master_link_error)
      return why:find "command .* not know", why
    end)
    assert.equal("v", replica:call("GET", "k"))
  end)

  for _, kinds in ipairs { { "redis", "tidelock", "redis" }, { "tidelock", "redis", "tidelock" } } do
    it(("a chain %s"):format(table.concat(kinds, " → ")), function()
      local top, middle, bottom = chain(kinds)
      dataset.churn(top, "one")
      dataset.write(top, "two", 2000)
      middle:in_step_with(top)
      bottom:in_step_with(middle)
      dataset.same(top, middle)
      assert.is_true(dataset.same(top, bottom) > 2000)
      assert.equal(top:info("replication").master_replid, bottom:info("replication").master_replid)

      -- the middle is promoted, and the bottom goes on without noticing more than a new name
      assert.equal("OK", middle:call("REPLICAOF", "NO", "ONE"))
      dataset.churn(middle, "three")
      bottom:in_step_with(middle)
      dataset.same(middle, bottom)
      assert.is_true(syncs(middle).full == 1, "the bottom had to start over")

      -- and the former top, which wrote nothing of its own, continues as its replica
      top:follow(middle)
      top:in_step_with(middle)
      assert.equal(1, syncs(middle).full)
      dataset.same(middle, top)
    end)
  end

  -- which: of the two replicas of the killed primary, the one that is promoted, and the one that follows it
  for _, which in ipairs {
    { "tidelock", "redis", "tidelock" }, { "tidelock", "tidelock", "redis" }, { "redis", "tidelock", "redis" },
    { "redis", "tidelock", "tidelock" }, { "redis", "redis", "tidelock" }, { "tidelock", "redis", "redis" },
  } do
    it(("%s is killed, %s is promoted, %s continues"):format(table.unpack(which)), function()
      local primary = start(which[1])
      local heir, other = start(which[2], { replicaof = primary }), start(which[3], { replicaof = primary })
      heir:in_step_with(primary)
      other:in_step_with(primary)
      dataset.churn(primary, "before")
      assert.equal(2, primary:call("WAIT", 2, 5000))
      primary:kill()
      assert.equal("OK", heir:call("REPLICAOF", "NO", "ONE"))
      dataset.churn(heir, "after")
      other:follow(heir)
      other:in_step_with(heir)
      assert.same({ full = 0, partial = 1 }, syncs(heir))
      dataset.same(heir, other)
    end)
  end

  it("a snapshot that redis-cli --rdb takes of us is one that redis-server starts with", function()
    local server = start "tidelock"
    dataset.write(server, "key", 10000)
    dataset.churn(server, "more")
    local real = start "redis"
    real:stop()
    local file = real.directory .. "/dump.rdb"
    local output, status = server:cli { "--rdb", file }
    assert.equal(0, status, output)
    output, status = support.run { "redis-check-rdb", file }
    assert.equal(0, status, output)
    real:restart()
    assert.is_true(dataset.same(server, real) > 10000)
  end)
end)
