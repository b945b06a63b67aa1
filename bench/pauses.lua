-- Pauses: how long a PING waits while a server does something large: it takes keys in as fast as they come, a million
-- of them expire at once, a large collection is deleted, everything is flushed.

local measure = require "bench.measure"
local pinger = require "bench.pinger"
local servers = require "bench.servers"

local SETTLE_MS, TARGET_MS = 1000, 2
local KEY_SPACE = 2000000000 -- keys drawn from so many are nearly all different

local function collection_words(kind, i)
  if kind == "hash" then return "HSET", 2 end
  if kind == "zset" then return "ZADD", 2, i end
  return ({ set = "SADD", list = "RPUSH" })[kind], 1
end

-- requests that make one collection, a hundred elements each (a stream's one by one)
local function collection_requests(kind, key)
  if kind == "stream" then return function() return { "XADD", key, "*", "field", "value" } end end
  return function(i)
    local command, each = collection_words(kind, i)
    local words = { command, key }
    for n = i * 100, i * 100 + 99 do
      if each == 2 then words[#words + 1] = tostring(n) end
      words[#words + 1] = ("element:%d"):format(n)
    end
    return words
  end
end

local KINDS = { "hash", "zset", "set", "list", "stream" }

local function fill_collection(node, kind, key, count)
  local requests = kind == "stream" and count or count // 100
  local file <close> = servers.temporary_requests(requests, collection_requests(kind, key))
  servers.fill(node, file.name, requests)
end

-- A command that may take its time.
local function ask(node, command)
  servers.shell("redis-cli -p %d -e %s", node.port, command)
end

-- What one server goes through; each step gives its times.
local function steps(context, world, node)
  local table_keys, expiring = context.table_keys, context.keys
  return {
    { what = "nothing else", run = function() world:sleep(2 * SETTLE_MS) end },
    { what = ("a table grows to %gM keys"):format(table_keys / 1e6), run = function()
      servers.drive(node, {
        command = "SET key:__rand_int__ value", requests = table_keys, keys = KEY_SPACE, clients = 20, pipeline = 16,
      })
    end },
    { what = ("%gM keys expire at once"):format(expiring / 1e6), prepare = function()
      local at = os.time() + math.ceil(expiring / 50000)
      local file <close> = servers.temporary_requests(expiring, function(i)
        return { "SET", ("brief:%d"):format(i), "x", "EXAT", tostring(at) }
      end)
      context.size = node:dbsize()
      servers.fill(node, file.name, expiring)
      world:sleep(math.max(0, at - os.time() - 1) * 1000)
    end, run = function()
      world:await(function() return node:dbsize() <= context.size end, 120000, 100)
      world:sleep(SETTLE_MS)
    end },
    { what = ("everything is flushed, %gM keys"):format(table_keys / 1e6), run = function()
      ask(node, "FLUSHALL")
      world:sleep(3 * SETTLE_MS)
    end },
  }
end

-- Deletions go after the flush, so that they are not lost in what others do.
local function deletions(context, world, node)
  local list = {}
  for _, kind in ipairs(KINDS) do
    list[#list + 1] = {
      what = ("a %s of %gM elements: DEL, UNLINK"):format(kind, context.keys / 1e6),
      prepare = function()
        fill_collection(node, kind, "one", context.keys)
        fill_collection(node, kind, "two", context.keys)
      end,
      run = function()
        ask(node, "DEL one")
        world:sleep(SETTLE_MS)
        ask(node, "UNLINK two")
        world:sleep(SETTLE_MS)
      end,
    }
  end
  return list
end

-- The times of all steps of one server, in order.
local function measure_side(context, side)
  local world <close>, node = servers.start(side)
  pinger.prefer(node)
  local results = {}
  for _, list in ipairs { steps(context, world, node), deletions(context, world, node) } do
    for _, step in ipairs(list) do
      io.stderr:write("    ", side, ": ", step.what, "\n")
      if step.prepare then step.prepare() end
      local times = pinger.run(context, world, node, step.run)
      results[#results + 1] = { what = step.what, p999 = times.p999_ms, worst = times.worst_ms }
    end
  end
  return results
end

return function(context)
  local ours, rival = measure_side(context, "ours"), measure_side(context, "rival")
  for i, values in ipairs(ours) do
    for _, name in ipairs { "p999", "worst" } do
      local got = measure.alternate(1, {
        ours = function() return { ms = values[name] } end, rival = function() return { ms = rival[i][name] } end,
      })
      context.table:add {
        what = ("PING while %s: %s"):format(values.what, name == "p999" and "p99.9" or "worst"), unit = "ms",
        comparison = got.ms, digits = 2, limit = name == "p999" and TARGET_MS or nil,
      }
    end
  end
end
