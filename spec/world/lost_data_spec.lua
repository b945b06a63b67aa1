-- A primary that comes back without its data: its replicas keep theirs, unless they are told otherwise.

local tidelock = require "tidelock"

describe("a primary that has lost its data", function()
  local world

  before_each(function() world = tidelock.sim { seed = 11 } end)
  after_each(function() world:close() end)

  local function link(node)
    local info = node:info()
    return info.master_link_status, info.master_link_error
  end

  -- a primary with some keys, its replica and that one's, in step; then the primary without its data
  local function lose(options)
    local a = world:node(options or { name = "a" })
    local b = world:node { name = "b", replicaof = a }
    local c = world:node { name = "c", replicaof = b }
    for i = 1, 20 do a:set("k" .. i, i) end
    assert(world:await(function() return c:get "k20" == "20" end))
    a:crash()
    for name in pairs(a:files()) do a:file(name, false) end
    a:restart()
    world:run(5000)
    return a, b, c
  end

  local function refuses(node)
    local status, why = link(node)
    assert.equal("down", status)
    assert.matches("^the primary has lost its data: ", why)
    assert.is_true(node:info().repl_full_syncs_refused > 1) -- it asks again
    assert.equal("20", node:get "k20")
  end

  it("does not take it from its replicas", function()
    local _, b, c = lose()
    refuses(b)
    assert.equal("up", (link(c)))
    assert.equal("20", c:get "k20")
  end)

  it("is refused while it has less, and is followed when it has more", function()
    local a, b = lose()
    a:set("new", 1)
    world:run(5000)
    refuses(b)
    for i = 1, 30 do a:set("again" .. i, ("x"):rep(100)) end
    assert(world:await(function() return b:get "again30" end))
    assert.is_nil(b:get "k20")
  end)

  it("is followed by its replicas when they are told so once more", function()
    local a, b, c = lose()
    assert(b:replicaof(a))
    assert(world:await(function() return b:dbsize() == 0 and c:dbsize() == 0 end))
    assert.equal("up", (link(b)))
    assert.equal("up", (link(c))) -- whose primary is a replica: it takes what is handed on
  end)

  it("is followed as Redis does with replica-refuse-older-history no", function()
    local a, b = lose()
    assert(b:call("CONFIG", "SET", "replica-refuse-older-history", "no"))
    assert(world:await(function() return b:dbsize() == 0 end))
    a:set("k", "v")
    assert(world:await(function() return b:get "k" == "v" end))
  end)

  it("becomes the replica of the one that has it", function()
    local a, b, c = lose()
    b:promote()
    assert(a:replicaof(b))
    assert(world:await(function() return a:get "k20" == "20" end))
    b:set("later", 1)
    assert(world:await(function() return a:get "later" and c:get "later" end))
  end)

  it("is refused by a replica that has just started with what it had, too", function()
    local a = world:node { name = "a" }
    local b = world:node { name = "b", replicaof = a, dir = ".", appendonly = "yes" }
    a:set("k20", 20)
    assert(world:await(function() return b:get "k20" == "20" end))
    b:call "BGREWRITEAOF"
    world:run(2000)
    a:crash()
    b:crash "process"
    a:restart()
    b:restart()
    world:run(5000)
    refuses(b)
  end)

  it("is not one that restarts with its data, be it behind", function()
    local a = world:node { name = "a", dir = ".", appendonly = "yes", appendfsync = "no" }
    local b = world:node { name = "b", replicaof = a }
    a:set("kept", 1)
    a:call "BGREWRITEAOF"
    assert(world:await(function() return a:info().aof_rewrites == 1 or a:info().aof_base_size > 0 end))
    world:run(2000)
    for i = 1, 100 do a:set("k" .. i, i) end
    assert(world:await(function() return b:get "k100" end))
    world:disks { lose = 1 }
    a:crash()
    a:restart()
    assert(world:await(function() return (link(b)) == "up" and b:dbsize() == a:dbsize() end))
    assert.equal("1", b:get "kept")
    assert.is_true(b:dbsize() < 101)
  end)

  it("is another matter than another primary that has none", function()
    local a = world:node { name = "a" }
    local b = world:node { name = "b", replicaof = a }
    a:set("k", "v")
    assert(world:await(function() return b:get "k" end))
    local other = world:node { name = "other" }
    assert(b:replicaof(other))
    assert(world:await(function() return b:dbsize() == 0 end))
  end)
end)
