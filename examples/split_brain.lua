-- Two primaries. The old primary is cut off with some of the clients; on the other side a replica is promoted. The old
-- one goes on saying OK, and gives all of that up when it comes back. min-replicas-to-write bounds it: a primary that
-- has not heard from enough replicas for min-replicas-max-lag seconds refuses to write.
--
--   build/tidelock run examples/split_brain.lua [--trials N]

local lab = require "tidelock.lab"
local tidelock = require "tidelock"

local function split_brain(min_replicas, max_lag)
  return function(world)
    local a = world:node { name = "a", min_replicas_to_write = min_replicas, min_replicas_max_lag = max_lag }
    local b = world:node { name = "b", replicaof = a }
    local c = world:node { name = "c", replicaof = a }
    world:links { latency = 2, jitter = 1 }
    assert(world:await(function() return lab.all_stream { b, c } end))

    local trial = lab.trial(world, "async")
    local stay = trial:writers { clients = 2, writes = 200, every = 50, target = function() return a end }
    world:sleep(1000 + 1000 * world:random())
    trial:mark "fault"
    world:partition({ a }, { b, c })
    world:sleep(500)
    b:promote()
    c:replicaof(b)
    stay:join()

    world:heal()
    a:replicaof(b)
    assert(world:await(function() return world:converged() end))
    return trial:judge(b)
  end
end

local trials = arg[1] == "--trials" and math.tointeger(tonumber(arg[2])) or 100
print "min-replicas  max-lag s   acknowledged   of those given up   for as long as (p99 ms)"
for _, setting in ipairs { { 0, 10 }, { 1, 10 }, { 1, 4 }, { 1, 1 } } do
  local summary = lab.trials {
    name = ("%d, %d s"):format(setting[1], setting[2]),
    count = trials,
    experiment = split_brain(setting[1], setting[2]),
    world = function(seed) return tidelock.sim { seed = seed, check = true } end,
  }
  print(("%12d %10d %14d %12d (%2.0f %%) %24.0f"):format(setting[1], setting[2], summary.acked, summary.lost,
    100 * summary.lost / summary.acked, summary.loss_window:percentile(0.99) or 0))
end
