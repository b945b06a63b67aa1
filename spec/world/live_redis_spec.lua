-- Nodes of this process and a real redis-server: each follows the other.

local tidelock = require "tidelock"
local support = require "spec.server.support"

describe("a live node and redis-server", function()
  local servers = support.servers()
  local world, node

  before_each(function()
    world = tidelock.live {}
    node = world:node { name = "ours" }
  end)
  after_each(function()
    world:close()
    servers:stop_all()
  end)

  -- redis-server is asked while the world turns: a world that stands still answers nobody
  local function redis(real)
    return world:client("127.0.0.1:" .. real.port)
  end

  local function fields(text)
    local found = {}
    for name, value in text:gmatch "([%w_]+):([^\r\n]*)" do found[name] = tonumber(value) or value end
    return found
  end

  local function in_step(follower, primary)
    return world:await(function()
      local here, there = fields(follower:call("INFO", "replication")), fields(primary:call("INFO", "replication"))
      return here.master_link_status == "up" and here.slave_repl_offset == there.master_repl_offset
        and here.master_replid == there.master_replid,
        ("%s %s of %s"):format(here.master_link_status, here.slave_repl_offset, there.master_repl_offset)
    end, 20000)
  end

  it("redis-server follows: full synchronisation, stream, WAIT, and on after a break", function()
    for i = 1, 5000 do node:set("before:" .. i, ("x"):rep(i % 200)) end
    node:set("volatile", "v", "PX", 600000)
    local real = redis(servers:redis())
    assert.is_true(real:call("REPLICAOF", "127.0.0.1", node.port))
    assert(in_step(real, node))
    assert.equal(node:dbsize(), real:call "DBSIZE")
    assert.equal(("x"):rep(77), real:get "before:77")
    assert.equal(node:pexpiretime "volatile", real:pexpiretime "volatile")

    node:set("after", "1")
    assert.equal(1, node:wait(1, 10000))
    assert.equal("1", real:get "after")

    assert.equal(1, real:call("CLIENT", "KILL", "TYPE", "master"))
    node:incr "after"
    assert(in_step(real, node))
    assert.equal("2", real:get "after")
    assert.equal(1, node:info().sync_full)
    assert.equal(1, node:info().sync_partial_ok)
  end)

  it("follows redis-server, is promoted, and hands the history on", function()
    local first, second = redis(servers:redis()), redis(servers:redis())
    for i = 1, 2000 do first:set("before:" .. i, ("y"):rep(i % 300)) end
    assert(node:replicaof("127.0.0.1:" .. servers.list[1].port))
    assert(in_step(node, first))
    assert.equal(2000, node:dbsize())
    assert.equal(("y"):rep(123), node:get "before:123")
    first:set("after", "1")
    assert.equal(1, first:call("WAIT", 1, 10000))
    assert.equal("1", node:get "after")
    local value, _, code = node:set("refused", 1)
    assert.is_nil(value)
    assert.equal("READONLY", code)

    -- a second redis-server joins behind us, and stays without a full synchronisation when the first one dies
    assert.is_true(second:call("REPLICAOF", "127.0.0.1", node.port))
    assert(in_step(second, node))
    servers.list[1]:kill()
    node:promote()
    assert.is_true(node:set("mine", "2"))
    assert(in_step(second, node))
    assert.equal("2", second:get "mine")
    assert.equal(1, node:info().sync_full)
  end)
end)
