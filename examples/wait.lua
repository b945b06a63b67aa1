-- What WAIT costs, by distance: the latency of a write that waits for 0, 1 or 2 of its replicas, for replicas at
-- different distances from the primary, with a little jitter. The client is half a millisecond away.
--
--   build/tidelock run examples/wait.lua

local tidelock = require "tidelock"
local samples = require "tidelock.lab.samples"

local WRITES = 1000

-- ms that a SET and a WAIT for so many replicas take together
local function latencies(replicas, distances)
  local world <close> = tidelock.sim { seed = 1 }
  local primary = world:node { name = "primary" }
  local client = world:client(primary)
  world:link(client, primary):set { latency = 0.5 }
  for i, distance in ipairs(distances) do
    local replica = world:node { name = "replica-" .. i, replicaof = primary }
    world:link(primary, replica):set { latency = distance, jitter = distance / 5 }
  end
  assert(world:await(function() return primary:state().replicas == #distances end))

  local seen = samples.new()
  for i = 1, WRITES do
    local before = world:now()
    client:pipeline(function(p)
      p:set("key:" .. i, i)
      p:wait(replicas, 1000)
    end)
    seen:add(world:now() - before)
  end
  return seen
end

print "replicas at (ms)   WAIT   p50 ms   p99 ms"
for _, distances in ipairs { { 0.2, 0.2 }, { 0.2, 5 }, { 5, 5 }, { 5, 40 }, { 40, 40 } } do
  for replicas = 0, #distances do
    local seen = latencies(replicas, distances)
    print(("%-16s %6d %8.1f %8.1f"):format(table.concat(distances, ", "), replicas, seen:percentile(0.5),
      seen:percentile(0.99)))
  end
end
