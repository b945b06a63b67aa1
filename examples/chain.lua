-- A chain: c follows b, b follows a. Replicas hand on the very bytes they got, under the history's own name, so after a
-- promotion everybody goes on where they were: no full synchronisation, however the nodes are hung up anew.
--
--   build/tidelock run examples/chain.lua

local tidelock = require "tidelock"

local world = tidelock.sim { seed = 1, check = true }
local a = world:node { name = "a" }
local b = world:node { name = "b", replicaof = a }
local c = world:node { name = "c", replicaof = b }
local d = world:node { name = "d", replicaof = c }
world:links { latency = 5 }

local function settle(what)
  assert(world:await(function() return world:converged() end))
  local full, partial = 0, 0
  for _, node in ipairs(world:nodes()) do
    local state = node:state()
    full, partial = full + state.full_syncs, partial + state.partial_syncs
  end
  print(("%-42s  %6d keys  %d full and %d partial synchronisations"):format(what, a:dbsize(), full, partial))
end

for i = 1, 1000 do a:set("key:" .. i, i) end
settle "a <- b <- c <- d"

d:replicaof(a)
for i = 1, 1000 do a:set("more:" .. i, i) end
settle "d goes to a: a <- b <- c, a <- d"

b:promote()
a:replicaof(b)
for i = 1, 1000 do b:set("after:" .. i, i) end
settle "b is promoted: b <- c, b <- a <- d"

local function cut_off_c(minutes)
  world:link(b, c):cut()
  for i = 1, 1000 do b:set("unseen:" .. i, ("%d of %d"):format(i, minutes)) end
  world:sleep(60000 * minutes)
  world:link(b, c):heal()
end

cut_off_c(2)
settle "c was cut off for two minutes"

b:config("repl-backlog-size", "16kb")
cut_off_c(2)
settle "again, with a backlog of 16 KiB"
assert(world:check())
world:close()
