-- `tidelock server`: one node in a live world, until a signal or SHUTDOWN stops it.

local signal = require "posix.signal"
local unistd = require "posix.unistd"
local conf = require "tidelock.conf"
local errors = require "tidelock.errors"
local server_log = require "tidelock.server_log"
local server_options = require "tidelock.server_options"
local server_process = require "tidelock.server_process"
local tidelock = require "tidelock"

local TURN_MS = 100 -- at most; a step ends when the node has something to say

---Makes the node that a command line describes.
---@param world tidelock.World
---@param told tidelock.ServerOptions
---@return tidelock.Node|nil, string? message
local function make(world, told)
  local ok, node, message = pcall(world.node, world, told.place)
  if not ok then return nil, server_options.located(node:gsub("^node: ", ""), told.parameters) end
  return node, message and errors.plain(message)
end

-- A node in a simulated world, for a moment: whether all parameters are good, before anything has begun.
local function try(told)
  local world <close> = tidelock.sim {}
  local node, message = make(world, told)
  return node ~= nil, message
end

local function role_of(node)
  return node:is_primary() == false and "S" or "M"
end

-- ---- the end --------------------------------------------------------------------------------------------------------

-- What a signal has SHUTDOWN do.
local function shutdown_words(node, number)
  local name = number == signal.SIGINT and "shutdown-on-sigint" or "shutdown-on-sigterm"
  local configured = node:config("GET", name)
  local words = {}
  for word in (configured and configured[name] or ""):gmatch "%S+" do
    if word ~= "default" then words[#words + 1] = word end
  end
  return words
end

-- What ends an orderly life: replicas get what they lack, everything that is to be saved is. Nil and why where that
-- fails, and the node goes on. A second SIGINT does not wait for it.
local function shut_down(world, node, number, log)
  local message
  world:stopping(false)
  world:go(function()
    message = select(2, node:call("SHUTDOWN", table.unpack(shutdown_words(node, number)))) or "it goes on"
  end)
  while not message and node:is_up() do
    world:step(TURN_MS)
    log:follow(node)
    local stopping, again = world:stopping()
    if stopping and node:is_up() and again == signal.SIGINT then
      log:say("#", role_of(node), "You insist... exiting now.")
      os.exit(1)
    end
    world:stopping(false)
  end
  if not node:is_up() then return true end
  return nil, message
end

-- Serves until told to stop.
local function serve(world, node, log)
  while true do
    while not world:stopping() do
      world:step(TURN_MS)
      log:follow(node)
    end
    if not node:is_up() then return end
    local _, number = world:stopping()
    log:say("#", role_of(node), "Received %s scheduling shutdown...", number == signal.SIGINT and "SIGINT" or "SIGTERM")
    local done, message = shut_down(world, node, number, log)
    log:follow(node)
    if done then return end
    log:say("#", role_of(node), "Cannot shut down: %s", message)
  end
end

-- ---- the beginning --------------------------------------------------------------------------------------------------

-- Says on stderr why there will be no server, and in the log, where that is another place; in Redis's words where it
-- cannot listen.
local function give_up(log, complain, message)
  local port = message:match "TCP listening socket .*:(%d+): "
  if port then
    log:say("#", "M", "Warning: %s", message)
    log:say("#", "M", "Failed listening on port %s (TCP), aborting.", port)
  elseif log.path ~= "" then
    log:say("#", "C", "%s", message)
  end
  return complain("server: %s", message)
end

-- The log, once everything that can be known to be wrong is known.
local function begin(told)
  local process = told.process
  local good, message = try(told)
  if not good then return nil, message end
  local log
  log, message = server_log.new(process.logfile, process.loglevel)
  if not log then return nil, ("Can't open the log file: %s"):format(message) end
  if process["syslog-enabled"] == "yes" then
    local facility = process["syslog-facility"] or "local0"
    if not log:use_syslog(process["syslog-ident"] or "redis", facility) then
      return nil, ("syslog-facility: there is no '%s'"):format(facility)
    end
  end
  return log
end

-- The node, loaded; nil and why not.
local function start(world, told, log)
  local done, message = world:watch_signals()
  if not done then return nil, message end
  local node
  node, message = make(world, told)
  if not node then return nil, message end
  log:say("#", "C", "tidelock %s is starting, pid=%d", tidelock.version, unistd.getpid())
  log:say("#", role_of(node), "Running mode=standalone, port=%d, PID: %d", node.port, unistd.getpid())
  log:say("#", role_of(node), "Server initialized")
  if told.process.pidfile ~= "" then
    local written, problem = server_process.write_pid(told.process.pidfile)
    if not written then log:say("#", role_of(node), "Failed to write PID file: %s", problem) end
  end
  node:call "PING" -- answered when everything has been loaded
  log:follow(node)
  if node:failure() then return nil, node:failure() end
  return node
end

-- From the first line of the log to the last.
local function live(told, log, complain)
  local process = told.process
  local supervisor = not process.daemonize and server_process.supervisor(process.supervised)
  if process.daemonize then
    local done, message = server_process.daemonize()
    if not done then return give_up(log, complain, message) end
  end
  local world <close> = tidelock.live {}
  local node, message = start(world, told, log)
  if not node then return give_up(log, complain, message) end
  if told.place.host ~= "" then log:say("*", role_of(node), "Ready to accept connections on port %d", node.port) end
  if process.unixsocket ~= "" then
    log:say("*", role_of(node), "The server is now ready to accept connections at %s", process.unixsocket)
  end
  server_process.tell(supervisor, "READY=1")
  serve(world, node, log)
  server_process.tell(supervisor, "STOPPING=1")
  if process.pidfile ~= "" then
    log:say("*", "M", "Removing the pid file.")
    os.remove(process.pidfile)
  end
  log:say("#", "M", "tidelock is now ready to exit, bye bye...")
  return 0
end

-- The line that tools which start servers of their own ask for first, in redis-server's words: what it serves as.
local function version()
  local world <close> = tidelock.sim {}
  local served = world:node():call("INFO", "server"):match "redis_version:(%S+)"
  return ("Redis server v=%s sha=00000000:0 malloc=libc bits=64 build=tidelock-%s"):format(served, tidelock.version)
end

---Serves until told to stop.
---@param words string[]
---@param complain fun(format: string, ...): integer
---@return integer status
local function main(words, complain)
  if #words == 1 and (words[1] == "--version" or words[1] == "-v") then
    print(version())
    return 0
  end
  local list, message, file = conf.command_line(words)
  if not list then return complain("server: %s", message) end
  if file and not file:find "^/" then file = unistd.getcwd() .. "/" .. file end
  local told
  told, message = server_options.sort(list, file)
  if not told then return complain("server: %s", message) end
  unistd.chdir(told.process.dir) -- names of files are relative to it
  local log
  log, message = begin(told)
  if not log then return complain("server: %s", message) end
  return live(told, log, complain)
end

return { main = main }
