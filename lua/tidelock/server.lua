-- `tidelock server`: one node in a live world, until a signal or SHUTDOWN stops it.

local stat = require "posix.sys.stat"
local unistd = require "posix.unistd"
local conf = require "tidelock.conf"
local errors = require "tidelock.errors"
local server_log = require "tidelock.server_log"
local tidelock = require "tidelock"

-- what is the place's, not the node's
local PLACE = { port = true, bind = true, name = true }

-- redis-server's
local SAVE = "3600 1 300 100 60 10000"

local function integer(parameter, value)
  local n = math.tointeger(tonumber(value))
  if not n then return nil, ("%s: '%s' is not a number"):format(parameter.where, value) end
  return n
end

-- The directory that a parameter names, from the root; nil and why where there is none.
local function directory(parameter)
  local path = parameter[2]
  local found = stat.stat(path)
  if not found or stat.S_ISDIR(found.st_mode) == 0 then
    return nil, ("%s: there is no directory '%s'"):format(parameter.where, path)
  end
  return path:find "^/" and path or unistd.getcwd() .. "/" .. path
end

-- What a server keeps, and where, if it is not told: redis-server's answers.
local function complete(list)
  local given = {}
  for _, parameter in ipairs(list) do given[parameter[1]] = true end
  if not given.dir then list[#list + 1] = { "dir", unistd.getcwd(), where = "the working directory" } end
  if not given.save then list[#list + 1] = { "save", SAVE, where = "save" } end
  return list
end

-- Options of the place, and the list of the node's parameters.
local function sort_out(list)
  local place, parameters = { port = 6379 }, {}
  for _, parameter in ipairs(complete(list)) do
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
    elseif name == "dir" then
      local path, message = directory(parameter)
      if not path then return nil, message end
      parameter = { name, path, where = parameter.where }
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
  return node, message and errors.plain(message)
end

-- What ends an orderly life: everything that is to be saved is. Nil and why where that fails, and the node goes on.
local function shut_down(world, node)
  local _, message = node:call "SHUTDOWN"
  while not message and node:is_up() do -- its files are being closed
    world:stopping(false)
    world:step()
  end
  if not node:is_up() then return true end
  world:stopping(false)
  return nil, message
end

local function say(line)
  print(line)
  io.stdout:flush()
end

-- Serves until told to stop.
local function serve(world, node, complain)
  local watch = server_log.new(say)
  while true do
    while not world:stopping() do
      watch(node)
      world:step(1000)
    end
    if not node:is_up() then return 0 end
    local done, message = shut_down(world, node)
    if done then return 0 end
    complain("server: %s", message)
  end
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
  node:call "PING" -- answered when everything has been loaded
  if node:failure() then return complain("server: %s", node:failure()) end

  say(("tidelock %s ready to accept connections on port %d (pid %d)"):format(tidelock.version, node.port,
    unistd.getpid()))
  return serve(world, node, complain)
end

return { main = main }
