-- tidelock run bench/inside/nodes.lua COUNT HOW: many nodes in one simulator. HOW: idle (bytes each), tree (replicas,
-- ten below each, run until all stream).

local tidelock = require "tidelock"
local lab = require "tidelock.lab"
local measure = require "bench.measure"

local BRANCHES = 10
local count, how = math.tointeger(tonumber(arg[1])), arg[2]

local world <close> = tidelock.sim { seed = 1 }
collectgarbage()
local before, began = measure.rss "self", os.clock()
local nodes = {}
for i = 1, count + (how == "tree" and 1 or 0) do
  local primary = how == "tree" and nodes[(i - 2) // BRANCHES + 1] or nil
  nodes[i] = assert(world:node { replicaof = i > 1 and primary or nil })
end
if how == "tree" then
  nodes[1]:set("foo", "bar")
  local replicas = table.move(nodes, 2, #nodes, 1, {})
  assert(world:await(function() return lab.all_stream(replicas) end, 120000, 100))
  assert(world:await(function() return nodes[#nodes]:get "foo" == "bar" end, 120000, 100))
else
  world:run(1000)
end
collectgarbage()
print(("node_kib %.3f"):format((measure.rss "self" - before) / count / 1024))
print(("rss_mib %.1f"):format(measure.rss "self" / 2 ^ 20))
print(("seconds %.3f"):format(os.clock() - began))
