-- Somebody who asks a server for something small once a millisecond while something else goes on (inside/pinger.lua).

local measure = require "bench.measure"
local servers = require "bench.servers"

local pinger = {}

-- The pinger goes before all else on the machine and the server before all but it, where that is allowed: it is the
-- server's delays that are wanted. A server must not be given a real-time priority: it may wait, spinning, for a thread
-- of its own that has none.
local PINGER_AHEAD = "chrt --fifo --pid 1 $$ >/dev/null 2>&1 || true"
local SERVER_AHEAD = "(renice -n -20 -p $(ls /proc/%d/task); echo -20 > /proc/%d/autogroup) >/dev/null 2>&1 || true"
local START_MS = 60000

---@param node tidelock.ProcessNode
function pinger.prefer(node)
  servers.shell(SERVER_AHEAD, node.pid, node.pid)
end

---Calls fn() while somebody asks.
---@param context table
---@param world tidelock.ProcessWorld
---@param node tidelock.ProcessNode
---@param fn fun()
---@param keys? integer SETs of so many keys; otherwise PINGs
---@return { p50_ms: number, p99_ms: number, p999_ms: number, worst_ms: number, cpu_p999_ms: number, count: integer }
function pinger.run(context, world, node, fn, keys)
  local path = os.tmpname()
  local command = ("%s; exec '%s' run '%s/inside/pinger.lua' %d %d %s > %s"):format(PINGER_AHEAD,
    context.tidelock, context.directory, node.port, node.pid, keys or "", path)
  local process = assert(io.popen(command, "w"))
  local good, message = world:await(function() return measure.size(path) > 0 end, START_MS, 10), "no pinger"
  if good then good, message = pcall(fn) end
  process:close()
  local times = {}
  for line in io.lines(path) do
    local name, value = line:match "^([%w_]+) ([%d.]+)$"
    if name then times[name] = tonumber(value) end
  end
  os.remove(path)
  if not good then error(message, 0) end
  assert(times.count, "the pinger has failed")
  return times
end

return pinger
