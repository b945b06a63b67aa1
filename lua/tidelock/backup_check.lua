-- `tidelock check`: what a file is (backup, RDB file, journal), what it holds, or where it is damaged.

local backup_file = require "tidelock.backup_file"
local backup_load = require "tidelock.backup_load"
local clock = require "tidelock.clock"
local errors = require "tidelock.errors"

local backup_check = {}

---@class tidelock.CheckReport
---@field kind "backup"|"rdb"|"journal"|"unknown"
---@field path string
---@field good boolean
---@field problem string|nil what is wrong, and where
---@field size integer|nil bytes
---@field replid string|nil
---@field offset integer|nil
---@field created_ms integer|nil
---@field body integer|nil of a backup: bytes that are RDB data
---@field checksum boolean|nil whether it has one
---@field digest string|nil
---@field keys integer|nil
---@field databases { db: integer, keys: integer, expires: integer, types: table<string, integer> }[]|nil
---@field first_offset integer|nil of a journal: it can be restored from there on
---@field first_time integer|nil
---@field last_time integer|nil
---@field torn string|nil

-- What loading has found, into the report.
local function fill(report, found)
  for _, name in ipairs { "replid", "offset", "keys", "databases", "digest" } do
    if found[name] ~= nil then report[name] = found[name] end
  end
  return report
end

local function bad(report, problem)
  report.good, report.problem = false, problem
  return report
end

-- without the path, which the report has
local function without_path(path, message)
  message = errors.plain(message)
  if message:sub(1, #path + 2) == path .. ": " then return message:sub(#path + 3) end
  return message
end

-- Whether an RDB file ends in a checksum that is one.
local function has_checksum(path, size)
  local file <close> = assert(io.open(path, "rb"))
  file:seek("set", size - 8)
  return file:read(8) ~= ("\0"):rep(8)
end

local function check_rdb(report, advance)
  local loader, found = backup_load.load { rdb = report.path, body = report.body, advance = advance }
  if not loader then return bad(report, without_path(report.path, found)) end
  loader:close()
  fill(report, found)
  if report.kind == "rdb" then
    if found.size < report.size then
      return bad(report, ("%d bytes behind the end of the RDB data, from offset %d on"):format(
        report.size - found.size, found.size))
    end
    report.checksum = has_checksum(report.path, report.size)
  end
  return report
end

local function check_journal(report, advance)
  local journal, message = backup_load.find_journal(report.path)
  if not journal then return bad(report, without_path(report.path, message)) end
  local loader, found = backup_load.load { journal = journal, advance = advance }
  if not loader then return bad(report, without_path(journal.directory, found)) end
  loader:close()
  fill(report, found)
  report.size, report.first_offset = found.size, found.first_offset
  report.first_time, report.last_time = found.first_time, found.last_time
  if not found.torn then return report end
  report.torn = found.torn
  return bad(report, ("a torn tail of %d bytes: %s"):format(found.cut, (found.torn:gsub("^appendonlydir/", ""))))
end

local function begins_with(path, text)
  local file <close> = io.open(path, "rb")
  return file and file:read(#text) == text
end

---Looks at a file, or at a directory with a journal. Nil and a message when it cannot be read at all.
---@param path string
---@param advance? fun(done: integer, total: integer|nil)
---@return tidelock.CheckReport|nil, string? message, string? code
function backup_check.check(path, advance)
  advance = advance or function() end
  local report = { path = path, kind = "unknown", good = true }
  local kind = backup_file.kind(path)
  if not kind then return errors.fail("ERR", "%s: there is no such file", path) end
  if kind == "directory" or path:find "%.manifest$" then
    report.kind = "journal"
    return check_journal(report, advance)
  end
  if path:find "%.aof$" then return bad(report, "one file of a journal: check its manifest, or their directory") end
  local seen, message, code = backup_file.examine(path, advance)
  if not seen then return nil, message, code end
  report.size = seen.size
  if seen.verdict ~= "none" then
    report.kind, report.body, report.checksum = "backup", seen.body, true
    report.replid, report.offset, report.created_ms = seen.replid, seen.offset, seen.created_ms
    if seen.verdict == "damaged" then return bad(report, seen.problem) end
  elseif begins_with(path, "REDIS") then
    report.kind = "rdb"
  else
    return bad(report, "neither a backup, nor an RDB file, nor a journal")
  end
  return check_rdb(report, function(done) advance(done, seen.size) end)
end

-- ---- in words -----------------------------------------------------------------------------------------------------

local NAMES = { backup = "backup", rdb = "RDB file", journal = "journal", unknown = "unknown" }

---@param db { db: integer, keys: integer, expires: integer, types: table<string, integer> }
local function database_text(db)
  local types = {}
  for name, count in pairs(db.types) do types[#types + 1] = ("%s %d"):format(name, count) end
  table.sort(types)
  return ("  db%d: %d keys (%s), %d expire"):format(db.db, db.keys, table.concat(types, ", "), db.expires)
end

---The report as lines.
---@param report tidelock.CheckReport
---@return string[]
function backup_check.describe(report)
  local head = ("%s: %s"):format(report.path, NAMES[report.kind])
  if report.size then head = ("%s, %d bytes"):format(head, report.size) end
  if report.created_ms then head = ("%s, made %s"):format(head, clock.utc_text(report.created_ms // 1000)) end
  local lines = { head }
  local function add(format, ...) lines[#lines + 1] = ("  " .. format):format(...) end
  if not report.good then add("damaged: %s", report.problem) end
  if report.replid then add("history %s, offset %d", report.replid, report.offset) end
  if report.first_offset then
    add("can be restored to any offset from %d to %d", report.first_offset, report.offset)
  end
  if report.first_time then
    add("…to any time from %s to %s", clock.utc_text(report.first_time), clock.utc_text(report.last_time))
  end
  if report.good and report.kind == "backup" then
    add "checksums good: every byte is as it was written"
  elseif report.good and report.kind == "rdb" then
    add(report.checksum and "checksum good" or "no checksum: damage within values is not found")
  end
  for _, db in ipairs(report.databases or {}) do lines[#lines + 1] = database_text(db) end
  if report.digest then
    if report.keys == 0 then add "no keys" end
    add("digest %s", report.digest)
  end
  return lines
end

return backup_check
