-- A snapshot (BGSAVE) under load: the memory it takes at its peak, beyond what the dataset takes, and what a client's
-- SETs take longer. Redis forks: to its own growth comes what only the child still has.

local measure = require "bench.measure"
local pinger = require "bench.pinger"
local servers = require "bench.servers"

local VALUE_SIZE, SAMPLE_MS, QUIET_MS, SAVES = 32, 25, 4000, 3
local EXTRA_MAX, SLOWER_MAX = 10, 2

-- Bytes of a process, and of its children what they do not share with it.
local function footprint(pid)
  local total = measure.rss(pid)
  local file <close> = io.open(("/proc/%d/task/%d/children"):format(pid, pid))
  for child in (file and file:read "a" or ""):gmatch "%d+" do
    total = total + measure.private(assert(math.tointeger(tonumber(child))))
  end
  return total
end

-- Snapshots, one after the other; the most memory seen meanwhile.
local function save(world, node)
  local peak = 0
  for _ = 1, SAVES do
    assert(node:call "BGSAVE")
    repeat
      peak = math.max(peak, footprint(node.pid))
      world:sleep(SAMPLE_MS)
    until node:info("persistence").rdb_bgsave_in_progress == 0
    assert(node:info("persistence").rdb_last_bgsave_status == "ok", "BGSAVE failed")
  end
  return peak
end

-- Keeps a server busy as long as fn() runs.
local function under_load(node, keys, fn)
  local _ <close> = servers.background_load(node, {
    keys = keys, clients = 10, pipeline = 1, value_size = VALUE_SIZE,
  })
  return fn()
end

local function side(context, name, path)
  return function()
    local keys = context.snapshot_keys
    local world <close>, node = servers.start(name)
    pinger.prefer(node)
    local empty = measure.rss(node.pid)
    servers.fill(node, path, keys)
    return under_load(node, keys, function()
      local quiet = pinger.run(context, world, node, function() world:sleep(QUIET_MS) end, { keys = keys })
      local before, peak = measure.rss(node.pid), 0
      local saving = pinger.run(context, world, node, function() peak = save(world, node) end, { keys = keys })
      return {
        extra = (peak - before) / (before - empty) * 100, quiet = quiet.p99_ms, saving = saving.p99_ms,
        slower = saving.p99_ms / quiet.p99_ms,
      }
    end)
  end
end

return function(context)
  local path = context:requests_file("key:%012d", VALUE_SIZE, context.snapshot_keys)
  local got = measure.alternate(math.min(context.rounds, 3), {
    ours = side(context, "ours", path), rival = side(context, "rival", path),
  })
  local what = ("BGSAVE of %gM keys under load: "):format(context.snapshot_keys / 1e6)
  local function add(name, comparison, unit, limit)
    context.table:add { what = what .. name, unit = unit, comparison = comparison, digits = 2, limit = limit }
  end
  add("extra memory at its peak", got.extra, "%", EXTRA_MAX)
  add("a SET's p99 without it", got.quiet, "ms")
  add("a SET's p99 meanwhile", got.saving, "ms")
  add("p99 meanwhile / without", got.slower, "", SLOWER_MAX)
end
