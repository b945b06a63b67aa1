-- The lab: what experiments are made of. An experiment is a function of a world; here is how it writes down what
-- clients saw (history), writes under a durability setting (writers), judges what is left (judge), and is run many
-- times by seed (trials) to a table (report).
--
--   local lab = require "tidelock.lab"
--   local trial = lab.trial(world, "WAIT 1")
--   local writers = trial:writers { clients = 4, writes = 25, every = 4, target = function() return primary end }
--   ... break something ...
--   writers:join()
--   return trial:judge(primary)

local lab = {
  ---@type fun(world: tidelock.World, setting: string): tidelock.Trial
  trial = require("tidelock.lab.trial").new,
  ---@type fun(options: tidelock.TrialsOptions): tidelock.Summary
  trials = require("tidelock.lab.trials").run,
  ---@type fun(options: tidelock.CompareOptions)
  compare = require("tidelock.lab.compare").run,
  ---@type fun(summaries: tidelock.Summary[]): string
  report = require("tidelock.lab.report").table,
}

---Whether these replicas all stream from their primaries. Works in every world.
---@param replicas tidelock.Node[]
---@return boolean
function lab.all_stream(replicas)
  for _, replica in ipairs(replicas) do
    local role = replica:role()
    if not role or role[1] ~= "slave" or role[4] ~= "connected" then return false end
  end
  return true
end

---The replication offset a replica has applied. Works in every world, also while its link is down.
---@param node tidelock.Node
---@return integer offset -1: the node does not answer
function lab.offset(node)
  local state = node:state()
  return state and state.offset or -1
end

---The replica that has got furthest; the first of equals.
---@param replicas tidelock.Node[]
---@return tidelock.Node
function lab.most_advanced(replicas)
  local best, best_offset = nil, -2
  for _, replica in ipairs(replicas) do
    local offset = lab.offset(replica)
    if offset > best_offset then best, best_offset = replica, offset end
  end
  return best
end

---Watches a node from a client's place until it has not answered for `after` milliseconds.
---@param world tidelock.World
---@param node tidelock.Node
---@param after tidelock.Milliseconds
function lab.await_down(world, node, after)
  local probe <close> = world:client(node, { timeout = after })
  local heard = world:now()
  while world:now() - heard < after do
    if probe:ping() then heard = world:now() end
    world:sleep(after / 5)
  end
end

return lab
