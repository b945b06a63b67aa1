-- CPU time per command of the core families, one key or one collection each, as redis-benchmark drives them, in
-- pipelines of 16 and one at a time. Every round begins with an empty server: both sides' collections are alike.

local measure = require "bench.measure"
local servers = require "bench.servers"

local CLIENTS = 50

-- What is sent: redis-benchmark puts a random number below `keys` for each __rand_int__
local VALUE = ("x"):rep(32)
local COMMANDS = {
  { name = "INCR", command = "INCR counter:__rand_int__" },
  { name = "MSET", command = "MSET" .. (" key:__rand_int__ " .. VALUE):rep(10), share = 0.2 },
  { name = "LPUSH", command = "LPUSH mylist " .. VALUE },
  { name = "LRANGE_100", command = "LRANGE mylist 0 99", share = 0.1, prepare = "LPUSH mylist " .. VALUE },
  { name = "HSET", command = "HSET myhash element:__rand_int__ " .. VALUE },
  { name = "SADD", command = "SADD myset element:__rand_int__" },
  { name = "ZADD", command = "ZADD myzset __rand_int__ element:__rand_int__" },
  { name = "XADD", command = "XADD mystream '*' field " .. VALUE },
}

local MODES = {
  { pipeline = 16, target = 0.7, share = 1 },
  { pipeline = 1, target = 1.0, share = 0.3 },
}

local function side(context, node, command, mode)
  local load = {
    command = command.command, keys = context.keys, clients = CLIENTS, pipeline = mode.pipeline,
    requests = math.ceil(context.command_requests * (command.share or 1) * mode.share),
  }
  return function()
    assert(node:call "FLUSHALL")
    if command.prepare then
      servers.drive(node, { command = command.prepare, requests = 1000, keys = 1, clients = 1, pipeline = 16 })
    end
    return servers.drive(node, load)
  end
end

return function(context)
  local _ <close>, our_node = servers.start "ours"
  local _ <close>, rival_node = servers.start "rival"
  for _, mode in ipairs(MODES) do
    for _, command in ipairs(COMMANDS) do
      local got = measure.alternate(math.min(context.rounds, 3), {
        ours = side(context, our_node, command, mode), rival = side(context, rival_node, command, mode),
      }, true)
      context.table:add {
        what = ("%s, pipeline %d: server CPU per command"):format(command.name, mode.pipeline), unit = "us",
        comparison = got.cpu_us, target = mode.target, digits = 2,
      }
    end
  end
end
