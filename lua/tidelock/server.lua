-- `tidelock server`: one node in a live world, until a signal or SHUTDOWN stops it.

local unistd = require "posix.unistd"
local conf = require "tidelock.conf"
local tidelock = require "tidelock"

-- what is the place's, not the node's
local PLACE = { port = true, bind = true, name = true }

local function integer(parameter, value)
  local n = math.tointeger(tonumber(value))
  if not n then return nil, ("%s: '%s' is not a number"):format(parameter.where, value) end
  return n
end

-- Options of the place, and the list of the node's parameters.
local function sort_out(list)
  local place, parameters = { port = 6379 }, {}
  for _, parameter in ipairs(list) do
    local name, value = parameter[1], parameter[2]
    if name == "port" then
      local port, message = integer(parameter, value)
      if not port or port < 0 or port > 65535 then
        return nil, message or ("%s: %s is not a port"):format(parameter.where, value)
      end
      place.port = port
    elseif name == "bind" then
      place.host = value
    elseif name == "name" then
      place.name = value
    elseif name == "replicaof" and not value:find "^%S+ %d+$" and value:lower() ~= "no one" then
      return nil, ("%s: a host and a port expected, got '%s'"):format(parameter.where, value)
    end
    if not PLACE[name] then parameters[#parameters + 1] = parameter end
  end
  return place, parameters
end

-- What the node says of a parameter it refuses, with the place where it was given.
local function located(message, parameters)
  local unknown = message:match "^Unknown option.*'(.-)'$"
  message = unknown and ("unknown option '%s'"):format(unknown) or message
  local name, why = message:match "^CONFIG SET failed %(possibly related to argument '(.-)'%) %- (.*)$"
  if name then message = name .. ": " .. why end
  for _, parameter in ipairs(parameters) do
    if message:find(parameter[1], 1, true) then
      return ("%s: %s"):format(parameter.where, message:gsub("^%S+: ", "", 1))
    end
  end
  return message
end

---Makes the node that a command line describes.
---@param world tidelock.World
---@param place table
---@param parameters table[]
---@return tidelock.Node|nil, string? message
local function make(world, place, parameters)
  place.config = {}
  for _, parameter in ipairs(parameters) do place.config[parameter[1]] = parameter[2] end
  local ok, node, message = pcall(world.node, world, place)
  if not ok then return nil, located(node:gsub("^node: ", ""), parameters) end
  return node, message and message:gsub("^ERR ", "")
end

---Serves until told to stop.
---@param words string[]
---@param complain fun(format: string, ...): integer
---@return integer status
local function main(words, complain)
  local list, message = conf.command_line(words)
  if not list then return complain("server: %s", message) end
  local place, parameters = sort_out(list)
  if not place then return complain("server: %s", parameters) end

  local world <close> = tidelock.live {}
  local done
  done, message = world:watch_signals()
  if not done then return complain("server: %s", message) end
  local node
  node, message = make(world, place, parameters)
  if not node then return complain("server: %s", message) end

  print(("tidelock %s ready to accept connections on port %d (pid %d)"):format(tidelock.version, node.port,
    unistd.getpid()))
  io.stdout:flush()
  while not world:stopping() do world:step() end
  return 0
end

return { main = main }
