-- Somebody who asks a server for something small once a millisecond while something else goes on (inside/pinger.lua).

local machine = require "bench.machine"
local measure = require "bench.measure"
local servers = require "bench.servers"

local unistd = require "posix.unistd"

local pinger = {}

-- The pinger goes before all else on the machine and the server before all but it, where that is allowed: it is the
-- server's delays that are wanted. A server that works must not be given a real-time priority: it may wait, spinning,
-- for a thread of its own that has none.
local PINGER_AHEAD = "chrt --fifo --pid 1 $$ >/dev/null 2>&1 || true"
local SERVER_AHEAD = "(renice -n -20 -p $(ls /proc/%d/task); echo -20 > /proc/%d/autogroup) >/dev/null 2>&1 || true"
local IDLE_AHEAD = "chrt --fifo --pid 1 %d >/dev/null 2>&1 || true"
local START_MS = 60000

---Puts a server before all but the pinger.
---@param node tidelock.ProcessNode
function pinger.prefer(node)
  servers.shell(SERVER_AHEAD, node.pid, node.pid)
end

---Puts a server that has nothing to do where the pinger is: what it is late is neither its nor the scheduler's.
---@param node tidelock.ProcessNode
function pinger.prefer_idle(node)
  servers.shell(IDLE_AHEAD, node.pid)
end

---Gives what `node` does in its main thread a processor of its own, the first. This process, whatever it starts and the
---other threads of `node` have the others, until what it returns is closed. Without that a server waits until its own
---clients leave the processor to it, and what one sees is the scheduler. Nothing happens where machine.others() is nil.
---@param world tidelock.ProcessWorld of `node`, which was started with machine.others() for its children
---@param node tidelock.ProcessNode
---@return table closable
function pinger.give_processor(world, node)
  local list, own = machine.others(), unistd.getpid()
  if not list then return setmetatable({}, { __close = function() end }) end
  assert(node:call "BGSAVE") -- whoever makes threads for files has them now
  assert(world:await(function() return node:info("persistence").rdb_bgsave_in_progress == 0 end, START_MS, 10))
  servers.shell("taskset -a -p -c %s %d && taskset -p -c 0 %d", list, node.pid, node.pid)
  servers.shell("taskset -a -p -c %s %d", list, own)
  return setmetatable({}, { __close = function() servers.shell("taskset -a -p -c 0,%s %d", list, own) end })
end

-- Somebody who asks `node` from now on; what ends it and gives the times, or nil where it failed.
local function start(context, node, keys)
  local path = os.tmpname()
  local command = ("%s; exec '%s' run '%s/inside/pinger.lua' %d %d %s > %s"):format(PINGER_AHEAD,
    context.tidelock, context.directory, node.port, node.pid, keys or "", path)
  local process = assert(io.popen(command, "w"))
  local function ready() return measure.size(path) > 0 end
  return ready, function()
    process:close()
    local times = {}
    for line in io.lines(path) do
      local name, value = line:match "^([%w_]+) ([%d.]+)$"
      if name then times[name] = tonumber(value) end
    end
    os.remove(path)
    return times.count and times
  end
end

---@class bench.Times
---@field p50_ms number
---@field p99_ms number
---@field p999_ms number
---@field worst_ms number
---@field cpu_p999_ms number
---@field count integer

---Calls fn() while somebody asks, and somebody else a neighbour that has nothing to do, if there is one.
---@param context table
---@param world tidelock.ProcessWorld
---@param node tidelock.ProcessNode
---@param fn fun()
---@param options? { keys?: integer, neighbour?: tidelock.ProcessNode } keys: SETs of so many; otherwise PINGs
---@return bench.Times times, bench.Times|nil neighbour
function pinger.run(context, world, node, fn, options)
  options = options or {}
  local ready, stop = start(context, node, options.keys)
  local also_ready, also_stop = function() return true end, function() return nil end
  if options.neighbour then also_ready, also_stop = start(context, options.neighbour) end
  local good, message = world:await(function() return ready() and also_ready() end, START_MS, 10), "no pinger"
  if good then good, message = pcall(fn) end
  local times, neighbour = stop(), also_stop()
  if not good then error(message, 0) end
  assert(times and (neighbour or not options.neighbour), "the pinger has failed")
  return times, neighbour
end

return pinger
