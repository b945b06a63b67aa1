-- `tidelock backup HOST:PORT DIR`: backups with the time in their names, again and again, of which the last so many are
-- kept. Older ones go only when a newer one is there, good; and only files with names that this makes of the server.

local backup_file = require "tidelock.backup_file"
local clock = require "tidelock.clock"
local dirent = require "posix.dirent"
local errors = require "tidelock.errors"
local poll = require "posix.poll"
local signal = require "posix.signal"
local stat = require "posix.sys.stat"

local backup_schedule = {}

local RETRY_MS = 10000 -- at the latest, after one that failed
local UNITS = { ms = 1, s = 1000, m = 60 * 1000, h = 60 * 60 * 1000, d = 24 * 60 * 60 * 1000 }
local STAMP = "%d%d%d%d%d%d%d%dT%d%d%d%d%d%d%.%d%d%dZ"

---Milliseconds of "1h", "90s", "100ms"; nil: it is no duration, or none at all.
---@param text string
---@return integer|nil
function backup_schedule.duration(text)
  local number, unit = text:match "^(%d+)(%l+)$"
  local ms = UNITS[unit] and math.tointeger(number) * UNITS[unit]
  return ms and ms > 0 and ms or nil
end

-- ---- names --------------------------------------------------------------------------------------------------------

-- what the names of a server's backups begin with
local function prefix_of(server)
  return ("%s-%d-"):format(server.host:gsub("[^%w.-]", "_"), server.port)
end

-- The part of a name behind the prefix, nil: it is another's.
local function behind(prefix, name)
  return name:sub(1, #prefix) == prefix and name:sub(#prefix + 1) or nil
end

---The backups of a server in a directory, the oldest first.
---@param directory string
---@param server { host: string, port: integer }
---@return string[] names
function backup_schedule.list(directory, server)
  local prefix, found = prefix_of(server), {}
  for _, name in ipairs(dirent.dir(directory) or {}) do
    if (behind(prefix, name) or ""):find("^" .. STAMP .. "%.rdb$") then found[#found + 1] = name end
  end
  table.sort(found)
  return found
end

-- A name that is not taken yet.
local function new_path(directory, server)
  local ms = clock.wall_ms()
  while true do
    local stamp = ("%s.%03dZ"):format(os.date("!%Y%m%dT%H%M%S", ms // 1000), ms % 1000)
    local path = ("%s/%s%s.rdb"):format(directory, prefix_of(server), stamp)
    if not backup_file.kind(path) then return path end
    ms = ms + 1
  end
end

-- Removes what somebody who was killed has left half written.
local function clear_up(directory, server)
  local prefix = "." .. prefix_of(server)
  for _, name in ipairs(dirent.dir(directory) or {}) do
    local pid = (behind(prefix, name) or ""):match("^" .. STAMP .. "%.rdb%.(%d+)%-%d+%.part$")
    if pid and signal.kill(math.tointeger(pid), 0) ~= 0 then os.remove(directory .. "/" .. name) end
  end
end

-- Keeps the newest; the names of those that went.
local function remove_older(directory, server, keep)
  local names, removed = backup_schedule.list(directory, server), {}
  for i = 1, #names - keep do
    if os.remove(directory .. "/" .. names[i]) then removed[#removed + 1] = names[i] end
  end
  return removed
end

-- ---- once, and again ------------------------------------------------------------------------------------------------

---@class tidelock.Schedule
---@field server { host: string, port: integer }
---@field directory string made if it is not there
---@field keep integer|nil how many; nil: all
---@field every integer|nil ms; nil: once
---@field count integer|nil that many, and no more
---@field make fun(path: string): table|nil, string? makes one
---@field made fun(backup: table, removed: string[]) told of each that is good
---@field failed fun(message: string, retry_ms: integer|nil) …and of each that is not
---@field stopped fun(): boolean whether to come to an end

-- Makes one, and removes what is too old then.
local function once(schedule)
  local made, message = schedule.make(new_path(schedule.directory, schedule.server))
  if not made then return nil, message end
  local removed = schedule.keep and remove_older(schedule.directory, schedule.server, schedule.keep) or {}
  schedule.made(made, removed)
  return true
end

-- Sleeps until then, or until told to stop.
local function sleep_until(deadline, stopped)
  while not stopped() do
    local left = deadline - clock.monotonic_ms()
    if left <= 0 then return end
    poll.poll({}, math.min(left, 1000))
  end
end

---Makes backups until it has made `count`, or is stopped. Those that were due while one took longer are left out.
---@param schedule tidelock.Schedule
---@return boolean|nil good whether the last one was; nil and a message: there is no such directory
function backup_schedule.run(schedule)
  if not backup_file.kind(schedule.directory) then
    local done, message = stat.mkdir(schedule.directory)
    if not done then return errors.fail("ERR", "%s", message) end
  end
  clear_up(schedule.directory, schedule.server)
  local due, count, good = clock.monotonic_ms(), 0, true
  while not schedule.stopped() do
    local message
    good, message = once(schedule)
    local retry = schedule.every and math.min(schedule.every, RETRY_MS)
    if good then count = count + 1 elseif not schedule.stopped() then schedule.failed(message, retry) end
    if not schedule.every or count == schedule.count then break end
    local now = clock.monotonic_ms()
    if good then due = math.max(due + schedule.every, now) else due = math.max(now + retry, due) end
    sleep_until(due, schedule.stopped)
  end
  return good ~= nil
end

return backup_schedule
