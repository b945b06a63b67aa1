-- `tidelock restore`: puts data into a directory, so that a server started there has them: as they are in a backup or
-- an RDB file, or as they were at an offset or a time, out of a journal.
--
-- A server looks for dump.rdb, or with `appendonly yes` for a journal in appendonlydir; both are made, of one file with
-- two names. Nothing is there under its name before all of it is durable, and what was there before is put aside.

local backup_check = require "tidelock.backup_check"
local backup_file = require "tidelock.backup_file"
local backup_load = require "tidelock.backup_load"
local clock = require "tidelock.clock"
local core = require "tidelock.core"
local errors = require "tidelock.errors"
local dirent = require "posix.dirent"
local stat = require "posix.sys.stat"
local unistd = require "posix.unistd"

local backup_restore = {}

local SLICE = 256 * 1024
local DUMP, JOURNAL = "dump.rdb", "appendonlydir"
local BASE, MANIFEST = "appendonly.aof.1.base.rdb", "appendonly.aof.manifest"

-- ---- where to -----------------------------------------------------------------------------------------------------

local function is_empty(directory)
  for _, name in ipairs(dirent.dir(directory) or {}) do
    if name ~= "." and name ~= ".." then return false end
  end
  return true
end

-- Makes the directory, or says why it cannot be the one.
local function prepare(directory, force)
  local kind = backup_file.kind(directory)
  if not kind then
    local done, message = stat.mkdir(directory)
    if not done then return errors.fail("ERR", "%s", message) end
    return true
  end
  if kind ~= "directory" then return errors.fail("ERR", "%s: not a directory", directory) end
  if force or is_empty(directory) then return true end
  return errors.fail("ERR", "%s: it is not empty (--force puts what is in the way aside)", directory)
end

-- Gives what stands at `path` another name; the name, nil if there was nothing.
local function put_aside(path)
  if not backup_file.kind(path) then return nil end
  local serial = 1
  while backup_file.kind(("%s.replaced-%d"):format(path, serial)) do serial = serial + 1 end
  local aside = ("%s.replaced-%d"):format(path, serial)
  assert(os.rename(path, aside))
  return aside
end

-- ---- what ---------------------------------------------------------------------------------------------------------

-- Both return a function that gives RDB data in pieces, as backup_file.write takes them.

-- Those of a file, as they are: of a backup without what makes it one.
local function pieces_of_file(report)
  local file = assert(io.open(report.path, "rb"))
  local writer = core.backup_writer(true)
  local left = report.body or report.size
  return function()
    if not file then return nil end
    local data = left > 0 and file:read(math.min(left, SLICE))
    left = left - #(data or "")
    if data then return writer:feed(data) end
    file:close()
    file = nil
    return writer:finish()
  end
end

-- Those that have been loaded.
local function pieces_of_loader(loader)
  local id, message, code = core.backup_begin(loader, os.time())
  local ended = false
  return function()
    if not id then return nil, message, code end
    if ended then return nil end
    local piece, last, why = core.backup_next(loader, id, SLICE)
    if not piece then return nil, last, why end
    ended = last
    return piece
  end
end

-- ---- a point in time ----------------------------------------------------------------------------------------------

-- Which offsets the files hold: the error of an offset that is none of them.
local function outside(given, from)
  local loader, found = backup_load.load { rdb = given.rdb, body = given.body, journal = given.journal }
  if not loader then return nil, found, "ERR" end
  loader:close()
  return errors.fail("ERR", "offset %d is outside of what the files hold: %d to %d", given.to_offset, from,
    found.offset)
end

-- Whether what was loaded is what was asked for; what there is to say about it goes to `notes`.
local function judge(given, found, notes)
  if given.to_offset then
    if not found.offset then return errors.fail("ERR", "the journal does not say which offsets it holds") end
    local first = found.first_offset
    if given.to_offset < first or not found.stopped and given.to_offset > found.offset then
      return outside(given, first)
    end
    if found.offset < given.to_offset then
      notes[#notes + 1] = ("offset %d is within a command or a transaction: restored to %d, before it"):format(
        given.to_offset, found.offset)
    end
  elseif given.to_time then
    if not found.first_time then
      return errors.fail("ERR", "the journal has no times in it (aof-timestamp-enabled was not set)")
    end
    if given.to_time < found.first_time then
      return errors.fail("ERR", "%s is before what the journal holds: its times begin at %s",
        clock.utc_text(given.to_time), clock.utc_text(found.first_time))
    end
    if not found.stopped then
      notes[#notes + 1] = ("nothing in the journal is later than %s"):format(clock.utc_text(found.last_time))
    end
  end
  if found.torn and not found.stopped then
    notes[#notes + 1] = ("a torn tail of %d bytes is left out"):format(found.cut)
  end
  return true
end

-- ---- restoring ----------------------------------------------------------------------------------------------------

-- Writes the data as `directory`/`temporary`, durably.
local function write(directory, read)
  local file <close>, message, code = backup_file.create(directory .. "/" .. DUMP)
  if not file then return nil, message, code end
  while true do
    local piece, done
    piece, message, code = read()
    if not piece and message then return nil, message, code end
    if not piece then break end
    done, message, code = file:write(piece)
    if not done then return nil, message, code end
  end
  local done
  done, message, code = file:settle()
  if not done then return nil, message, code end
  local temporary = file.temporary
  file.temporary = nil
  return temporary
end

local function write_manifest(path)
  local manifest <close>, message, code = backup_file.create(path)
  if not manifest then return nil, message, code end
  local done
  done, message, code = manifest:write(("file %s seq 1 type b\n"):format(BASE))
  if done then done, message, code = manifest:settle() end
  if done then done, message, code = manifest:keep() end
  return done, message, code
end

-- The same file under a second name; a copy where a file can have only one.
local function same_file(from, to)
  if unistd.link(from, to) then return true end
  local source <close>, message = io.open(from, "rb")
  if not source then return errors.fail("ERR", "%s", message) end
  local copy <close>, why, code = backup_file.create(to)
  if not copy then return nil, why, code end
  local done = true
  while done do
    local piece = source:read(SLICE)
    if not piece then break end
    done, why, code = copy:write(piece)
  end
  if done then done, why, code = copy:settle() end
  if done then done, why, code = copy:keep() end
  return done, why, code
end

-- The journal's directory under another name: a base, which is the same file, and a manifest that says so.
local function make_journal(directory, dump)
  local made = ("%s/%s.%d.part"):format(directory, JOURNAL, unistd.getpid())
  local done, message = stat.mkdir(made)
  if not done then return errors.fail("ERR", "%s", message) end
  local code
  done, message, code = same_file(dump, made .. "/" .. BASE)
  if done then done, message, code = write_manifest(made .. "/" .. MANIFEST) end
  if done then return made end
  os.remove(made .. "/" .. BASE)
  os.remove(made)
  return nil, message, code
end

-- All of it gets its names.
local function install(directory, dump, notes)
  local journal, message, code = make_journal(directory, dump)
  if not journal then return nil, message, code end
  for _, name in ipairs { DUMP, JOURNAL } do
    local aside = put_aside(directory .. "/" .. name)
    if aside then notes[#notes + 1] = ("what was %s is %s now"):format(name, aside) end
  end
  assert(os.rename(journal, directory .. "/" .. JOURNAL))
  assert(os.rename(dump, directory .. "/" .. DUMP))
  return backup_file.sync_directory(directory)
end

-- A backup or an RDB file, as it is.
local function whole_file(report)
  if not report.good then return errors.fail("ERR", "%s: damaged: %s", report.path, report.problem) end
  return pieces_of_file(report), report
end

-- What a journal comes to.
local function from_journal(given, report, notes)
  if report and not report.good then return errors.fail("ERR", "%s: damaged: %s", report.path, report.problem) end
  local journal, message, code = backup_load.find_journal(given.journal or given.source)
  if not journal then return nil, message, code end
  local load = { journal = journal, rdb = report and report.path, body = report and report.body,
    to_offset = given.to_offset, to_time = given.to_time, advance = given.advance }
  if report and given.to_offset and report.offset and given.to_offset < report.offset then
    return outside(load, report.offset)
  end
  local loader, found
  loader, found, code = backup_load.load(load)
  if not loader then return nil, found, code end
  local done
  done, message, code = judge(load, found, notes)
  if not done then return nil, message, code end
  return pieces_of_loader(loader), found, loader
end

local function is_journal(path)
  return backup_file.kind(path) == "directory" or path:find "%.manifest$" ~= nil
end

---Restores into a directory, which is made if it is not there. `source`: a backup, an RDB file, or a journal;
---`journal`: one that goes on from where the backup was made.
---@param given { source: string, directory: string, journal?: string, to_offset?: integer, to_time?: integer,
---  force?: boolean, advance?: fun(done: integer, total: integer|nil) }
---@return { keys: integer, digest: string, replid?: string, offset?: integer, notes: string[] }|nil, string? message
function backup_restore.restore(given)
  local notes, report = {}, nil
  local read, found, loader, message, code
  if not is_journal(given.source) then
    report, message, code = backup_check.check(given.source, given.advance)
    if not report then return nil, message, code end
  end
  if report and not given.journal then
    if given.to_offset or given.to_time then
      return errors.fail("ERR", "a point in time needs a journal (--journal): %s holds one moment", given.source)
    end
    read, found, loader = whole_file(report)
  else
    read, found, loader = from_journal(given, report, notes)
  end
  if not read then return nil, found, loader end
  local done
  done, message, code = prepare(given.directory, given.force)
  local dump
  if done then dump, message, code = write(given.directory, read) end
  if loader then loader:close() end
  if not dump then return nil, message, code end
  done, message, code = install(given.directory, dump, notes)
  if not done then
    os.remove(dump)
    return nil, message, code
  end
  return { keys = found.keys, digest = found.digest, replid = found.replid, offset = found.offset, notes = notes }
end

return backup_restore
