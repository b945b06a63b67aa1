-- A failover, and what it loses. A primary and two replicas 1 to 20 ms away; clients write; the primary crashes in the
-- middle; the more advanced replica is promoted; everything heals. What were clients told that is not there any more?
-- And what did it cost them: a reply waits for nobody, for a replica's memory, or for a replica's disk.
--
--   build/tidelock run examples/failover.lua                    1,000 simulated trials per setting, then real processes
--   build/tidelock run examples/failover.lua --replay 42 async  one simulated trial, as a transcript

local lab = require "tidelock.lab"

local function failover(setting)
  local journal = setting:find "fsynced$" and "yes" or "no"
  return function(world)
    local function node(name, primary)
      return world:node { name = name, replicaof = primary, appendonly = journal, appendfsync = "always" }
    end
    local a = node "a"
    local b, c = node("b", a), node("c", a)
    for _, pair in ipairs { { a, b }, { a, c }, { b, c } } do
      world:link(pair[1], pair[2]):set { latency = 1 + 19 * world:random() }
    end
    assert(world:await(function() return lab.all_stream { b, c } end, 10000, 10))

    local trial, primary = lab.trial(world, setting), a
    local writers = trial:writers {
      clients = 4, writes = 25, every = 8, link = { latency = 0.5 }, timeout = 250,
      target = function() return primary end,
    }
    world:sleep(50 + 100 * world:random())
    trial:mark "fault"
    a:crash "power"

    lab.await_down(world, a, 100)
    trial:mark "detected"
    local promoted = lab.most_advanced { b, c }
    local other = promoted == b and c or b
    promoted:promote()
    other:replicaof(promoted)
    primary = promoted
    trial:mark "promoted"

    world:sleep(100)
    a:restart()
    a:replicaof(promoted)
    writers:join()
    assert(world:await(function() return world:converged() end, 10000, 5))
    return trial:judge(promoted), trial
  end
end

lab.compare {
  script = "examples/failover.lua",
  experiment = failover,
  settings = { "async", "WAIT 1", "ANY 1", "ANY 1 fsynced" },
  simulated = 1000,
  real = 3,
  arguments = arg,
}
