-- The command lines of `tidelock backup`, `tidelock restore` and `tidelock check`. Each is a function of what was given
-- that returns the exit status; results go to stdout, progress (on a terminal) and what went wrong to stderr.

local backup_check = require "tidelock.backup_check"
local backup_file = require "tidelock.backup_file"
local backup_restore = require "tidelock.backup_restore"
local backup_schedule = require "tidelock.backup_schedule"
local backup_source = require "tidelock.backup_source"
local clock = require "tidelock.clock"
local errors = require "tidelock.errors"
local progress = require "tidelock.progress"
local signal = require "posix.signal"

local backup_cli = {}

-- ---- backup -------------------------------------------------------------------------------------------------------

---One backup of a server, into `path`.
---@param server { host: string, port: integer, auth?: string[], timeout?: number }
---@param path string
---@param shown boolean whether there is a progress bar, terminal or not
---@param stopped? fun(): boolean whether to give it up
local function back_up(server, path, shown, stopped)
  local source <close>, message, code =
    backup_source.open(server.host, server.port, { auth = server.auth, timeout = server.timeout, stopped = stopped })
  if not source then return nil, message, code end
  local bar <close> = progress.bytes("backup", shown)
  return backup_file.write(path, {
    replid = source.replid, offset = source.offset,
    read = function()
      local piece, why, what = source:read()
      bar:advance(source.received, source.total)
      return piece, why, what
    end,
  }, clock.wall_ms())
end

local function server_of(given, complain)
  local host, port = given.server:match "^%[?(.-)%]?:(%d+)$"
  port = math.tointeger(port)
  if not port or port < 1 or port > 65535 or host == "" then
    return nil, complain("backup: HOST:PORT expected, got '%s'", given.server)
  end
  local password = given.password or os.getenv "REDISCLI_AUTH"
  local auth = password and (given.user and { given.user, password } or { password })
  return { host = host, port = port, auth = auth, timeout = given.timeout }
end

local function say_made(made)
  print(("%s: %d bytes, history %s, offset %d, verified"):format(made.path, made.bytes, made.replid, made.offset))
  io.stdout:flush()
end

-- Into a directory: with the time in the name, of which `keep` stay; again and again with `every`.
local function back_up_into(server, given, complain)
  local stopping = false
  for _, number in ipairs { signal.SIGTERM, signal.SIGINT } do
    signal.signal(number, function() stopping = true end)
  end
  local function stopped() return stopping end
  local good, message = backup_schedule.run {
    server = server, directory = given.path, keep = given.keep, every = given.every, count = given.count,
    stopped = stopped,
    make = function(path) return back_up(server, path, given.progress, stopped) end,
    made = function(made, removed)
      say_made(made)
      for _, name in ipairs(removed) do print("  removed " .. name) end
      io.stdout:flush()
    end,
    failed = function(why, retry)
      complain("backup: %s%s", errors.plain(why), retry and (" (again in %g s)"):format(retry / 1000) or "")
    end,
  }
  if message then return complain("backup: %s", errors.plain(message)) end
  return (good or stopping) and 0 or 1
end

function backup_cli.backup(given, complain)
  local server, status = server_of(given, complain)
  if not server then return status end
  if backup_file.kind(given.path) == "directory" or given.every or given.keep then
    if backup_file.kind(given.path) == "file" then
      return complain("backup: %s: --every and --keep want a directory", given.path)
    end
    return back_up_into(server, given, complain)
  end
  local made, message = back_up(server, given.path, given.progress)
  if not made then return complain("backup: %s", errors.plain(message)) end
  say_made(made)
  return 0
end

-- ---- restore ------------------------------------------------------------------------------------------------------

-- The Gregorian calendar, counted from March, so that the day that is not always there is the last one.
local function days_since_1970(year, month, day)
  if month <= 2 then year, month = year - 1, month + 12 end
  return 365 * year + year // 4 - year // 100 + year // 400 + (153 * (month - 3) + 2) // 5 + day - 719469
end

-- Unix time of "1700000000" or "2023-11-14T22:13:20Z" (UTC); nil: it is none.
local function time_of(text)
  if math.tointeger(text) then return math.tointeger(text) end
  local year, month, day, hour, minute, second = text:match "^(%d%d%d%d)-(%d%d)-(%d%d)[T ](%d%d):(%d%d):(%d%d)Z?$"
  if not year then return nil end
  return days_since_1970(tonumber(year), tonumber(month), tonumber(day)) * 86400 + hour * 3600 + minute * 60 + second
end

function backup_cli.restore(given, complain)
  local to_time = given.to_time and time_of(given.to_time)
  if given.to_time and not to_time then
    return complain("restore: a time is '2026-01-31T12:00:00Z' or a unix time, not '%s'", given.to_time)
  end
  local bar <close> = progress.bytes("restore", given.progress)
  local done, message = backup_restore.restore {
    source = given.source, directory = given.dir, journal = given.journal, to_offset = given.to_offset,
    to_time = to_time, force = given.force, advance = function(read, total) bar:advance(read, total) end,
  }
  bar:remove()
  if not done then return complain("restore: %s", errors.plain(message)) end
  print(("%s: %d keys, %sdigest %s"):format(given.dir, done.keys,
    done.replid and ("history %s, offset %d, "):format(done.replid, done.offset) or "", done.digest))
  for _, note in ipairs(done.notes) do print("  " .. note) end
  return 0
end

-- ---- check --------------------------------------------------------------------------------------------------------

function backup_cli.check(given, complain)
  local worst = 0
  for _, path in ipairs(given.files) do
    local bar <close> = progress.bytes("check", given.progress)
    local report, message = backup_check.check(path, function(done, total) bar:advance(done, total) end)
    bar:remove()
    if report then
      print(table.concat(backup_check.describe(report), "\n"))
      if not report.good then worst = 1 end
    else
      worst = complain("check: %s", errors.plain(message))
    end
  end
  return worst
end

local function positive(text)
  local number = math.tointeger(text)
  if number and number > 0 then return number end
  return nil, ("a number of at least 1 expected, got '%s'"):format(text)
end

local function duration(text)
  local ms = backup_schedule.duration(text)
  if ms then return ms end
  return nil, ("a time as 1h, 30m, 10s or 100ms expected, got '%s'"):format(text)
end

-- ---- the parser ---------------------------------------------------------------------------------------------------

---Adds the commands to a parser.
function backup_cli.add(parser)
  local backup = parser:command("backup", "Write a backup of a server to a file."):add_help "-h --help"
  backup:argument("server", "The server, ours or Redis's."):argname "HOST:PORT"
  backup:argument("path", "The file to write, or a directory: then the file's name has the time in it.")
    :argname "FILE"
  backup:option("--every", "Again and again: 1h, 30m, 10s, 100ms. One that fails is tried again soon."):argname "TIME"
    :convert(duration)
  backup:option("--keep", "Keep so many in the directory, and remove older ones of this server."):argname "N"
    :convert(positive)
  backup:option("--count", "With --every: end when so many have been made."):argname "N":convert(positive)
  backup:option("--user", "Name to authenticate with.")
  backup:option("--password", "Password to authenticate with (or the environment's REDISCLI_AUTH).")
  backup:option("--timeout", "Give up when nothing comes for so many milliseconds (60000)."):convert(tonumber)
  backup:flag("--progress", "Show progress on stderr even if it is no terminal.")

  local restore = parser:command("restore", "Put the data of a backup, or of a moment of a journal, into a directory.")
    :add_help "-h --help"
  restore:argument("source", "A backup, an RDB file, or a journal: its manifest or its directory."):argname "FILE"
  restore:option("--dir", "Where a server will be started (`--dir`); made if it is not there."):argname "DIR"
    :count(1)
  restore:option("--journal", "Go on from FILE with what this journal has from there on."):argname "JOURNAL"
  restore:mutex(
    restore:option("--to-offset", "As the data were at this replication offset."):argname "N":convert(math.tointeger),
    restore:option("--to-time", "As they were at this time: 2026-01-31T12:00:00Z, or a unix time."):argname "TIME")
  restore:flag("--force", "Even if DIR is not empty: what is in the way is put aside.")
  restore:flag("--progress", "Show progress on stderr even if it is no terminal.")

  local check = parser:command("check", "Say what backups, RDB files and journals hold, or where they are damaged.")
    :add_help "-h --help"
  check:argument("files", "Files, manifests of journals, or their directories."):argname("FILE"):args "+"
  check:flag("--progress", "Show progress on stderr even if it is no terminal.")
end

return backup_cli
