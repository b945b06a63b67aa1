-- The real redis-sentinel watches servers of ours: it finds the replicas and the other sentinels (over pub/sub),
-- replaces a primary that has died, and takes the old one back as a replica.

local support = require "spec.server.support"

local FAILOVER_MS = 30000

describe("redis-sentinel #timing", function()
  local servers = support.servers()

  after_each(function() servers:stop_all() end)

  -- a reply's flat list of names and values
  local function fields(list)
    local found = {}
    for i = 1, #list, 2 do found[list[i]] = list[i + 1] end
    return found
  end

  local function primary_port(sentinel)
    return tonumber(sentinel:call("SENTINEL", "GET-MASTER-ADDR-BY-NAME", "main")[2])
  end

  -- INFO replication over a connection of its own: a sentinel closes clients' connections when it changes a role
  local function replication(server)
    local client <close> = server:connect()
    local text, found = client:call("INFO", "replication") or "", {}
    for name, value in text:gmatch "([%w_]+):([^\r\n]*)" do found[name] = value end
    return found
  end

  -- whether `replica` follows `primary` and has all it has
  local function in_step(replica, primary)
    local here, there = replication(replica), replication(primary)
    return here.master_port == tostring(primary.port) and here.master_link_status == "up"
      and here.slave_repl_offset == there.master_repl_offset
  end

  local function ask(server, ...)
    local client <close> = server:connect()
    return client:call(...)
  end

  it("completes a failover and takes the old primary back", function()
    local a = servers:start {}
    local others = { servers:start { replicaof = a }, servers:start { replicaof = a } }
    local sentinels = {}
    for i = 1, 3 do sentinels[i] = servers:sentinel(a, 2) end
    support.eventually("the sentinels know everybody", function()
      local seen = {}
      for i, sentinel in ipairs(sentinels) do
        local main = fields(sentinel:call("SENTINEL", "MASTER", "main"))
        seen[i] = ("%s %s %s"):format(main["num-slaves"], main["num-other-sentinels"], main.flags)
      end
      return table.concat(seen, ",") == "2 2 master,2 2 master,2 2 master", table.concat(seen, ",")
    end, FAILOVER_MS)
    assert.equal("OK", ask(a, "SET", "k", "v"))
    support.eventually("replicas in step", function() return in_step(others[1], a) and in_step(others[2], a) end)

    local old_port = a.port
    a:kill()
    local b, c
    support.eventually("one is promoted, the other follows it", function()
      local port = primary_port(sentinels[1])
      if port == old_port or primary_port(sentinels[2]) ~= port or primary_port(sentinels[3]) ~= port then
        return nil, port
      end
      b, c = others[1], others[2]
      if port == c.port then b, c = c, b end
      return replication(b).role == "master" and in_step(c, b), port
    end, FAILOVER_MS)
    assert.equal("v", ask(b, "GET", "k"))
    assert.equal("OK", ask(b, "SET", "k", "w"))
    assert.matches("sync_full:0", (ask(b, "INFO", "stats")))

    a:restart()
    support.eventually("the old primary follows", function() return in_step(a, b) end, FAILOVER_MS)
    assert.equal("w", ask(a, "GET", "k"))
  end)
end)
