-- Pauses: how long a PING waits while a server does something large: it takes keys in as fast as they come, a million
-- of them expire at once, everything is flushed, a large collection is saved, and deleted.
--
-- A machine has pauses of its own, and more of them when it is busy. So the server has a processor to itself, as one
-- has that must answer in time; and at the same time somebody else asks a neighbour, a redis-server that has nothing
-- else to do and goes before all: its lateness is the machine's. And beside each the CPU time that the server took
-- while one waited: a busy machine adds to the time, not to that.

local machine = require "bench.machine"
local measure = require "bench.measure"
local pinger = require "bench.pinger"
local servers = require "bench.servers"

local SETTLE_MS, TARGET_MS, ROUNDS_MAX = 1000, 2, 3
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

-- Collections go after the flush, so that they are not lost in what others do.
local function collections(context, world, node)
  local list = {}
  for _, kind in ipairs(KINDS) do
    local what = ("a %s of %gM elements: "):format(kind, context.keys / 1e6)
    list[#list + 1] = {
      what = what .. "BGSAVE",
      prepare = function() fill_collection(node, kind, "one", context.keys) end,
      run = function()
        assert(node:call "BGSAVE")
        world:await(function() return node:info("persistence").rdb_bgsave_in_progress == 0 end, 120000, 20)
        assert(node:info("persistence").rdb_last_bgsave_status == "ok", "BGSAVE failed")
        world:sleep(SETTLE_MS)
      end,
    }
    list[#list + 1] = {
      what = what .. "DEL, UNLINK",
      prepare = function() fill_collection(node, kind, "two", context.keys) end,
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

-- What is told of each step, and what of that has a target.
local FIGURES = {
  { name = "p999_ms", what = "p99.9", limit = TARGET_MS }, { name = "worst_ms", what = "worst" },
  { name = "idle_p999_ms", what = "p99.9 of an idle redis-server beside it" },
  { name = "cpu_p999_ms", what = "p99.9 of the server's CPU time" },
}

-- The times of all steps of one server, by name of step and figure; the names of the steps in order go to `order`.
local function measure_side(context, side, order)
  local world <close>, node = servers.start(side, { bgsave_cpulist = machine.others() })
  local _ <close> = pinger.give_processor(world, node)
  local _ <close>, neighbour = servers.start "rival"
  pinger.prefer(node)
  pinger.prefer_idle(neighbour)
  local values = {}
  for _, list in ipairs { steps(context, world, node), collections(context, world, node) } do
    for _, step in ipairs(list) do
      io.stderr:write("    ", side, ": ", step.what, "\n")
      if step.prepare then step.prepare() end
      local times, idle = pinger.run(context, world, node, step.run, { neighbour = neighbour })
      times.idle_p999_ms = idle.p999_ms
      order[#order + 1] = step.what
      for _, figure in ipairs(FIGURES) do values[step.what .. figure.name] = times[figure.name] end
    end
  end
  return values
end

return function(context)
  local order
  local function side(name)
    return function()
      order = {}
      return measure_side(context, name, order)
    end
  end
  local got = measure.alternate(math.min(context.rounds, ROUNDS_MAX), { ours = side "ours", rival = side "rival" })
  for i, step in ipairs(order) do -- the first is the machine itself
    for _, figure in ipairs(FIGURES) do
      context.table:add {
        what = ("PING while %s: %s"):format(step, figure.what), unit = "ms",
        comparison = got[step .. figure.name], digits = 2, limit = i > 1 and figure.limit or nil,
      }
    end
  end
end
