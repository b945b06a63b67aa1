-- What `tidelock server` was told, sorted: what is the place's (addresses, the port), what is the process's (its log,
-- its pid file, whether it goes into the background), and the parameters of the node, which are all of them that it
-- knows: CONFIG GET tells them. Lists come from tidelock.conf.

local stat = require "posix.sys.stat"
local unistd = require "posix.unistd"

local server_options = {}

local PIDFILE = "/var/run/tidelock.pid"

-- What this server has not, and why it says so instead of going on without.
local ABSENT = {
  loadmodule = "there are no modules here",
}

---A message that says where the parameter was given, and as what.
---@param parameter table { name, value, where =, line = }
function server_options.refuse(parameter, why)
  local line = parameter.line or parameter[1] .. " " .. parameter[2]
  return ("%s: '%s': %s"):format(parameter.where, line:gsub("%c", "?"), why)
end

-- A directory from the root; nil and why where there is none.
local function directory(path)
  local found = stat.stat(path)
  if not found or stat.S_ISDIR(found.st_mode) == 0 then return nil, ("there is no directory '%s'"):format(path) end
  return path:find "^/" and path or unistd.getcwd() .. "/" .. path
end

local function port_number(value)
  local port = math.tointeger(tonumber(value))
  if not port then return nil, "argument couldn't be parsed into an integer" end
  if port < 0 or port > 65535 then return nil, "argument must be between 0 and 65535 inclusive" end
  return port
end

-- Parameters that are looked at here: the value to go on with, or nil and why not.
local READ = {
  port = function(value, told)
    local port, why = port_number(value)
    told.place.port = port
    return port and value, why
  end,
  bind = function(value, told)
    told.place.host = value
    return value
  end,
  dir = function(value) return directory(value) end,
  replicaof = function(value)
    local port = value:match "^%S+ (%S+)$"
    if not port then return nil, "wrong number of arguments" end
    if port:find "^%d+$" and tonumber(port) <= 65535 or value:lower() == "no one" then return value end
    return nil, "Invalid master port"
  end,
}

-- Where its files are if it is not told; the node knows what else a server does then.
local function complete(list)
  for _, parameter in ipairs(list) do
    if parameter[1] == "dir" then return end
  end
  list[#list + 1] = { "dir", unistd.getcwd(), where = "by default" }
end

-- The process's, by name.
local function process_of(list)
  local process = {
    daemonize = "no", supervised = "no", pidfile = "", logfile = "", unixsocket = "", loglevel = "notice",
  }
  for _, parameter in ipairs(list) do process[parameter[1]] = parameter[2] end
  process.daemonize = process.daemonize:lower() == "yes"
  process.loglevel = process.loglevel:lower()
  if process.daemonize and process.pidfile == "" then process.pidfile = PIDFILE end
  return process
end

-- A list in which the one user comes last, its lines as one: its password may be told as the digest of requirepass,
-- wherever that stands. Nil and why not where there is another user.
local function user_last(list)
  local ordered, user = {}, nil
  for _, parameter in ipairs(list) do
    local rules = parameter[1] == "user" and parameter[2]:match "^default(.*)$"
    if parameter[1] ~= "user" then
      ordered[#ordered + 1] = parameter
    elseif not rules then
      return nil, server_options.refuse(parameter, "there is one user, 'default': see requirepass")
    else
      user = { "user", (user and user[2] or "default") .. rules, where = parameter.where, line = parameter.line }
    end
  end
  ordered[#ordered + 1] = user
  return ordered
end

---@class tidelock.ServerOptions
---@field place table for World:node: host, port, name, served
---@field parameters table[] { name, value, where = } of the node
---@field process table<string, string|boolean> values by name

---Sorts what was told.
---@param list table[] of tidelock.conf; it is changed
---@param file? string the configuration file, from the root
---@return tidelock.ServerOptions|nil told, string? message
function server_options.sort(list, file)
  local told = { place = { port = 6379, served = { config_file = file } }, parameters = {} }
  complete(list)
  local ordered, message = user_last(list)
  if not ordered then return nil, message end
  for _, parameter in ipairs(ordered) do
    local name, value = parameter[1], parameter[2]
    if ABSENT[name] then return nil, server_options.refuse(parameter, ABSENT[name]) end
    if READ[name] then
      local read, why = READ[name](value, told)
      if not read then return nil, server_options.refuse(parameter, why) end
      parameter[2] = read
    end
    if name == "name" then
      told.place.name = value
    elseif name ~= "port" and name ~= "bind" then
      told.parameters[#told.parameters + 1] = parameter
    end
  end
  told.place.served.parameters = told.parameters
  told.process = process_of(list)
  if told.place.port == 0 and told.process.unixsocket ~= "" then told.place.host = "" end -- no TCP at all
  return told
end

---What a node says of a parameter it refuses, with the place where it was given.
---@param message string
---@param parameters table[]
---@return string
function server_options.located(message, parameters)
  local unknown = message:match "^Unknown option.*'(.-)'$"
  local name, why = message:match "^CONFIG SET failed %(possibly related to argument '(.-)'%) %- (.*)$"
  for _, parameter in ipairs(parameters) do
    if parameter[1] == unknown then return server_options.refuse(parameter, "unknown option") end
    if parameter[1] == name then return server_options.refuse(parameter, why) end
  end
  for _, parameter in ipairs(parameters) do -- replicaof
    if message:find(parameter[1], 1, true) then return server_options.refuse(parameter, message) end
  end
  return message
end

return server_options
