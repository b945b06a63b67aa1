-- What is measured inside one Lua process: the store beside a plain table, simulated trials, idle nodes. Each runs in a
-- process of its own (bench/inside/NAME.lua), which prints `name value` lines, so that none sees another's garbage.

local measure = require "bench.measure"
local servers = require "bench.servers"

local inside = {}

-- runs one; its values by name
local function run(context, name, ...)
  local words = { ("'%s' run '%s/inside/%s.lua'"):format(context.tidelock, context.directory, name), ... }
  local values = {}
  for key, value in servers.shell("%s", table.concat(words, " ")):gmatch "([%w_]+) ([%d.]+)\n" do
    values[key] = tonumber(value)
  end
  return values
end

---`store:set` and `store:get` beside an assignment to a table and an index of it; `get` also beside an index and a
---string that is made of bytes.
function inside.store(context)
  local store, plain = {}, {}
  for i = 1, context.rounds do
    -- one process measures both, one after the other, and begins with another one each time
    local got = run(context, "store", context.keys, i % 2)
    store[i] = { set = got.store_set, get = got.store_get, made = got.store_get }
    plain[i] = { set = got.table_set, get = got.table_get, made = got.table_made }
  end
  local ours, rival = 0, 0
  local compared = measure.alternate(context.rounds, {
    ours = function() ours = ours + 1 return store[ours] end,
    rival = function() rival = rival + 1 return plain[rival] end,
  })
  for _, name in ipairs { "set", "get" } do
    local c = compared[name]
    -- per second here, so that more is better as in the budget
    context.table:add {
      what = ("store:%s, %d keys, beside a Lua table"):format(name, context.keys), unit = "M/s", comparison = c,
      target = 0.5, at_least = true,
    }
  end
  context.table:add {
    what = ("store:get, %d keys, beside a Lua table and a string made of bytes"):format(context.keys), unit = "M/s",
    comparison = compared.made,
  }
end

local function spread_of(context, rounds, name, field, ...)
  local values = {}
  for i = 1, rounds do values[i] = run(context, name, ...)[field] end
  return measure.spread(values)
end

---Failover trials of the demo's size: simulated, and with redis-server processes.
function inside.trials(context)
  local checked = spread_of(context, context.rounds, "trials", "per_second", context.trials, "check")
  local unchecked = spread_of(context, context.rounds, "trials", "per_second", context.trials, "nocheck")
  context.table:add {
    what = "simulated failover trials per second of CPU, every one checked", unit = "1/s", own = checked, target = 1000,
    at_least = true, digits = 0,
  }
  context.table:add {
    what = "the same, unchecked", unit = "1/s", own = unchecked, target = 1000, at_least = true, digits = 0,
  }
  local real = spread_of(context, 1, "trials", "per_second", context.real_trials, "real")
  local ratio = { median = checked.median / real.median, low = checked.low / real.high, high = checked.high / real.low }
  context.table:add {
    what = "the same script on redis-server processes", unit = "1/s",
    comparison = { ours = checked, rival = real, ratio = ratio }, target = 1000, at_least = true, digits = 1,
  }
end

---Nodes in a simulator: idle ones, and replicas in a tree.
function inside.nodes(context)
  local idle = run(context, "nodes", context.nodes, "idle")
  local tree = run(context, "nodes", context.nodes, "tree")
  local function one(value) return { median = value, low = value, high = value } end
  context.table:add {
    what = ("an idle simulated node, RSS (%d nodes)"):format(context.nodes), unit = "KiB", own = one(idle.node_kib),
    target = 16, digits = 1,
  }
  context.table:add {
    what = ("%d replicas in a tree, all streaming: RSS"):format(context.nodes), unit = "MiB", own = one(tree.rss_mib),
    target = 1024, digits = 0,
  }
  context.table:add {
    what = ("%d replicas in a tree: CPU time until all stream"):format(context.nodes), unit = "s",
    own = one(tree.seconds), digits = 1,
  }
end

return inside
