-- The server's log: lines as redis-server writes them, which tools know how to read:
--
--   4711:M 22 Nov 2026 10:00:00.123 * Ready to accept connections on port 6379
--
-- the process, its role (M a primary, S a replica, C on its way up), the time, how much it matters (. debug,
-- - verbose, * notice, # warning), and what. They go to stdout or are appended to a file, which is opened anew each
-- time, so that it can be moved away meanwhile; and to syslog where that is asked for.

local ptime = require "posix.time"
local unistd = require "posix.unistd"

local LEVELS = { debug = 0, verbose = 1, notice = 2, warning = 3 }
local MARKS = { [0] = ".", "-", "*", "#" }
local LEVEL_OF = { ["."] = 0, ["-"] = 1, ["*"] = 2, ["#"] = 3 }

---@class tidelock.ServerLog
---@field path string "": stdout
---@field level integer of what is said at least
---@field private syslog? fun(level: integer, text: string)
---@field private trouble string with the link to the primary, as it was said last
local Log = {}
Log.__index = Log

local server_log = {}

---@param path string a file; "": stdout
---@param level string "debug", "verbose", "notice" or "warning"
---@return tidelock.ServerLog|nil, string? message the file cannot be written to
function server_log.new(path, level)
  local log = setmetatable({ path = path, level = LEVELS[level] or LEVELS.notice, trouble = "" }, Log)
  if path == "" then return log end
  local file, message = io.open(path, "a")
  if not file then return nil, message end
  file:close()
  return log
end

---Whatever is said from now on also goes to syslog.
---@param ident string
---@param facility string "local0" to "local7", "user"
---@return boolean known whether there is such a facility
function Log:use_syslog(ident, facility)
  local syslog = require "posix.syslog"
  local number = syslog["LOG_" .. facility:upper()]
  if not number then return false end
  syslog.openlog(ident, syslog.LOG_PID | syslog.LOG_NDELAY, number)
  local priorities = { [0] = syslog.LOG_DEBUG, syslog.LOG_INFO, syslog.LOG_NOTICE, syslog.LOG_WARNING }
  self.syslog = function(level, text) syslog.syslog(priorities[level], text) end
  return true
end

local function stamp(time_ms)
  return ("%s.%03d"):format(os.date("%d %b %Y %H:%M:%S", time_ms // 1000), time_ms % 1000)
end

-- Milliseconds since 1970.
local function now_ms()
  local now = ptime.clock_gettime(ptime.CLOCK_REALTIME)
  return now.tv_sec * 1000 + now.tv_nsec // 1000000
end

-- Appends whole lines.
function Log:write(lines)
  local file = self.path == "" and io.stdout or io.open(self.path, "a")
  if not file then return end
  file:write(lines)
  if file == io.stdout then file:flush() else file:close() end
end

function Log:line(level, time_ms, role, text)
  if self.syslog then self.syslog(level, text) end
  return ("%d:%s %s %s %s\n"):format(unistd.getpid(), role, stamp(time_ms), MARKS[level], text)
end

---Says something, now.
---@param mark "."|"-"|"*"|"#"
---@param role "C"|"M"|"S"
function Log:say(mark, role, format, ...)
  local level = LEVEL_OF[mark]
  if level >= self.level then self:write(self:line(level, now_ms(), role, format:format(...))) end
end

-- The same trouble again: other numbers in it are no news.
local function gist(text)
  return (text:gsub("%d+", "N"))
end

-- Why a node does not follow its primary: once, not at each attempt.
function Log:follow_link(node)
  local state = node:state()
  if not state then return end
  local trouble = gist(state.link_error)
  if trouble ~= self.trouble and trouble ~= "" then self:say("#", "S", "replication: %s", state.link_error) end
  self.trouble = trouble
end

---Says what a node has had to say since it was asked last: its lines are `<ms> <role> <level> <text>`, and it knows by
---itself what its `loglevel` leaves out.
---@param node tidelock.Node
function Log:follow(node)
  local lines = {}
  for time_ms, role, level, text in node:diary():gmatch "(%d+) (%u) (%d) ([^\n]*)\n" do
    lines[#lines + 1] = self:line(math.tointeger(level), math.tointeger(time_ms), role, text)
  end
  if #lines > 0 then self:write(table.concat(lines)) end
  self:follow_link(node)
end

return server_log
