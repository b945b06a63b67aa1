-- A node inside a program that has a loop of its own. The world says which descriptor to watch (world:fd) and how long
-- to wait for it at most (world:timeout), and does what there is to do (world:step). Meanwhile it is a server: Redis
-- clients use it over TCP, and the program uses the same data directly, without a socket.
--
--   build/tidelock run examples/live.lua [PORT [SECONDS]]
--   redis-cli -p PORT incr visitors

local tidelock = require "tidelock"
local poll = require "posix.poll".poll

local world = tidelock.live {}
local node = assert(world:node { name = "embedded", port = math.tointeger(tonumber(arg[1])) or 6379 })
local seconds = tonumber(arg[2]) or 10
print(("redis-cli -p %d incr visitors    (for %g seconds)"):format(node.port, seconds))
io.stdout:flush()

-- the program's own part: something to do every so often
local function report()
  print(("visitors: %s, commands: %d"):format(node:get "visitors" or "none", node:state().commands))
  io.stdout:flush()
end

local deadline, next_report = world:now() + 1000 * seconds, world:now()
while world:now() < deadline do
  if world:now() >= next_report then
    report()
    next_report = next_report + 1000
  end
  local own = math.min(next_report, deadline) - world:now()
  local wait = math.min(own, world:timeout() or own)
  poll({ [world:fd()] = { events = { IN = true } } }, math.max(0, math.ceil(wait)))
  world:step(0)
end
report()
world:close()
