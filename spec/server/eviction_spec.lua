-- maxmemory beside redis-server: with room for the same number of keys, the same requests find as much.

local support = require "spec.server.support"

describe("a cache", function()
  local servers = support.servers()
  after_each(function() servers:stop_all() end)

  local FIT, ALL, BATCH, ROUNDS = 1500, 5000, 50, 300
  local VALUE = ("x"):rep(100)

  -- keys drawn after Zipf, the same for everybody: a generator of its own
  local function draws()
    local state, sums, sum = 42, {}, 0
    for i = 1, ALL do
      sum = sum + 1 / i ^ 0.9
      sums[i] = sum
    end
    return function()
      state = (state * 1103515245 + 12345) & 0x7fffffff
      local wanted, low, high = state / 0x7fffffff * sum, 1, ALL
      while low < high do
        local middle = (low + high) // 2
        if sums[middle] < wanted then low = middle + 1 else high = middle end
      end
      return low
    end
  end

  local function used(server) return server:info("memory").used_memory end

  -- as much memory as FIT keys take
  local function limit(server)
    local commands = {}
    for i = 1, FIT do commands[i] = { "SET", "k" .. ALL + i, VALUE } end
    server:pipeline(commands)
    local full = used(server)
    server:call "FLUSHALL"
    support.eventually("what was flushed is freed", function() return used(server) < full - FIT * 90 end)
    server:call("CONFIG", "SET", "maxmemory", full)
  end

  -- the share of reads that hit, once it is full
  local function hits(server, policy)
    local draw, hit, asked = draws(), 0, 0
    server:call("CONFIG", "SET", "maxmemory-policy", policy, "maxmemory-samples", 10)
    limit(server)
    for round = 1, ROUNDS do
      local reads, keys, writes = {}, {}, {}
      for i = 1, BATCH do
        keys[i] = "k" .. draw()
        reads[i] = { "GET", keys[i] }
      end
      local replies = server:pipeline(reads)
      for i = 1, BATCH do
        local there = replies[i] == VALUE
        if round > ROUNDS / 3 then hit, asked = hit + (there and 1 or 0), asked + 1 end
        if not there then writes[#writes + 1] = { "SET", keys[i], VALUE } end
      end
      for _, reply in ipairs(#writes > 0 and server:pipeline(writes) or {}) do assert.equal("OK", reply) end
    end
    assert.is_true(server:info("stats").evicted_keys > 0)
    return hit / asked
  end

  for _, policy in ipairs { "allkeys-lfu", "allkeys-lru", "allkeys-random" } do
    it(("hits as often as redis-server's under %s"):format(policy), function()
      local ours, theirs = hits(servers:start(), policy), hits(servers:redis(), policy)
      assert.is_true(ours > 0.4 and ours > theirs - 0.04, ("%.3f, redis-server %.3f"):format(ours, theirs))
    end)
  end
end)
