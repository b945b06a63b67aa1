-- The servers that are compared, each a process of its own, and what is done with both alike: fill, drive, ask.

local tidelock = require "tidelock"
local measure = require "bench.measure"
local posix_signal = require "posix.signal"

local servers = {}

local SIDES = { ours = "tidelock", rival = "redis-server" }
servers.SIDES = SIDES

---Starts a server of a kind in a world of its own: closing the world kills it and removes its directory.
---@param side "ours"|"rival"
---@param config? table of the server
---@return tidelock.ProcessWorld world, tidelock.ProcessNode node
function servers.start(side, config)
  local world = tidelock.processes { server = SIDES[side] }
  local node, message = world:node { name = "primary", config = config }
  if not node then
    world:close()
    error(message, 0)
  end
  return world, node
end

---Adds a replica, connected directly and not through the world's relays.
---@param world tidelock.ProcessWorld
---@param primary tidelock.ProcessNode
---@param name? string
---@return tidelock.ProcessNode
function servers.add_replica(world, primary, name)
  local replica = assert(world:node { name = name or "replica" })
  assert(replica:call("REPLICAOF", primary.host, tostring(primary.port)))
  return replica
end

---Whether a replica has all and streams.
---@param replica tidelock.ProcessNode
function servers.streams(replica)
  local role = replica:role()
  return role ~= nil and role[1] == "slave" and role[4] == "connected"
end

---Waits until a replica streams.
---@param world tidelock.ProcessWorld
---@param replica tidelock.ProcessNode
---@param every? number ms
function servers.await_stream(world, replica, every)
  assert(world:await(function() return servers.streams(replica) end, 120000, every or 5))
end

---Waits until a replica has applied all that its primary has.
---@param world tidelock.ProcessWorld
---@param primary tidelock.ProcessNode
---@param replica tidelock.ProcessNode
function servers.await_level(world, primary, replica)
  assert(world:await(function()
    local at, of = replica:info "replication", primary:info "replication"
    return at and of and at.slave_repl_offset == of.master_repl_offset
  end, 60000, 20))
end

-- ---- commands -------------------------------------------------------------------------------------------------------

---Runs a command and returns what it printed; raises that if it failed.
---@param format string
---@return string
function servers.shell(format, ...)
  local command = format:format(...)
  local pipe = assert(io.popen(command .. " 2>&1"))
  local output = pipe:read "a" or ""
  if not pipe:close() then error(("'%s' failed: %s"):format(command, output), 0) end
  return output
end

-- ---- filling --------------------------------------------------------------------------------------------------------

---Writes a file of SET requests, for redis-cli --pipe.
---@param path string
---@param keys integer
---@param key_format string of the key's number, from 0
---@param value_size integer
function servers.write_requests(path, keys, key_format, value_size)
  local file <close> = assert(io.open(path, "w"))
  local key_size = #key_format:format(0)
  local request = ("*3\r\n$3\r\nSET\r\n$%d\r\n%s\r\n$%d\r\n%%0%dd\r\n"):format(key_size, key_format, value_size,
    value_size)
  local batch = {}
  for i = 0, keys - 1 do
    batch[#batch + 1] = request:format(i, i * 2654435761 % 4294967296)
    if #batch == 10000 or i == keys - 1 then
      assert(file:write(table.concat(batch)))
      batch = {}
    end
  end
end

---Writes a temporary file of any requests. Closing it removes it.
---@param requests integer
---@param words_of fun(i: integer): string[] the words of request `i`, from 0
---@return { name: string }
function servers.temporary_requests(requests, words_of)
  local made = setmetatable({ name = os.tmpname() }, { __close = function(self) os.remove(self.name) end })
  local file <close> = assert(io.open(made.name, "w"))
  for i = 0, requests - 1 do
    local words = words_of(i)
    for n, word in ipairs(words) do words[n] = ("$%d\r\n%s\r\n"):format(#word, word) end
    assert(file:write("*", #words, "\r\n", table.concat(words)))
  end
  return made
end

---Sends a file of requests to a server.
---@param node tidelock.ProcessNode
---@param path string
---@param keys integer how many requests are in it
function servers.fill(node, path, keys)
  local output = servers.shell("redis-cli -p %d --pipe < %s", node.port, path)
  local errors, replies = output:match "errors: (%d+), replies: (%d+)"
  if errors ~= "0" or tonumber(replies) ~= keys then error("redis-cli --pipe: " .. output, 0) end
end

-- ---- driving --------------------------------------------------------------------------------------------------------

---@class bench.Load
---@field test? "set"|"get" a test of redis-benchmark's own, or
---@field command? string a command with its arguments
---@field requests integer
---@field keys integer chosen from, at random
---@field clients integer
---@field pipeline integer
---@field value_size? integer of the test's values

---Drives a server with redis-benchmark.
---@param node tidelock.ProcessNode
---@param load bench.Load
---@return { cpu_us: number, per_second: number } cpu_us of the server per command
function servers.drive(node, load)
  local test = load.test and ("-t %s -d %d"):format(load.test, load.value_size) or ""
  local before = measure.cpu(node.pid)
  local output = servers.shell("redis-benchmark -p %d -n %d -r %d -c %d -P %d %s --csv %s", node.port, load.requests,
    load.keys, load.clients, load.pipeline, test, load.command or "")
  local used = measure.cpu(node.pid) - before
  local rate = output:match '"[^"\n]+","([%d.]+)",[^\n]*\n$'
  if not rate then error("redis-benchmark: " .. output, 0) end
  return { cpu_us = used / load.requests * 1e6, per_second = assert(tonumber(rate)) }
end

---Keeps a server busy with SETs of random keys, in the background, until it is closed.
---@param node tidelock.ProcessNode
---@param load bench.Load
function servers.background_load(node, load)
  local command = "echo $$; exec redis-benchmark -p %d -t set -l -r %d -c %d -P %d -d %d -q >/dev/null 2>&1"
  local pipe = assert(io.popen(command:format(node.port, load.keys, load.clients, load.pipeline, load.value_size)))
  local pid = assert(math.tointeger(tonumber(pipe:read "l")))
  return setmetatable({}, { __close = function()
    posix_signal.kill(pid, posix_signal.SIGKILL)
    pipe:close()
  end })
end

return servers
