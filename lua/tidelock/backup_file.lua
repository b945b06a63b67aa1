-- Files that are there as a whole or not at all: written under another name, durable, and only then what they are
-- called; and what a backup needs beyond that: its format (csrc/persist/backup.h), and being read again.

local core = require "tidelock.core"
local errors = require "tidelock.errors"
local fcntl = require "posix.fcntl"
local stat = require "posix.sys.stat"
local stdio = require "posix.stdio"
local unistd = require "posix.unistd"

local backup_file = {}

local serial = 0

---The directory that a path is in, and its name there.
---@param path string
---@return string directory, string name
function backup_file.split(path)
  local directory, name = path:match "^(.*)/([^/]*)$"
  if not directory then return ".", path end
  return directory == "" and "/" or directory, name
end

---Makes what was renamed into or out of a directory durable.
---@param directory string
function backup_file.sync_directory(directory)
  local fd, message = fcntl.open(directory, fcntl.O_RDONLY)
  if not fd then return errors.fail("ERR", "%s", message) end
  local done, why = unistd.fsync(fd)
  unistd.close(fd)
  if not done then return errors.fail("ERR", "%s: %s", directory, why) end
  return true
end

---@param path string
---@return string|nil "file", "directory" or "other"; nil: there is nothing
function backup_file.kind(path)
  local found = stat.stat(path)
  if not found then return nil end
  if stat.S_ISDIR(found.st_mode) ~= 0 then return "directory" end
  return stat.S_ISREG(found.st_mode) ~= 0 and "file" or "other"
end

-- ---- writing ------------------------------------------------------------------------------------------------------

---@class tidelock.NewFile
---@field path string what it will be called
---@field temporary string what it is called meanwhile
---@field bytes integer written
local NewFile = {}
NewFile.__index = NewFile

---Begins a file. What stands at `path` stays until `keep`.
---@param path string
---@return tidelock.NewFile|nil, string? message, string? code
function backup_file.create(path)
  local directory, name = backup_file.split(path)
  serial = serial + 1
  local temporary = ("%s/.%s.%d-%d.part"):format(directory, name, unistd.getpid(), serial)
  local file, message = io.open(temporary, "wb")
  if not file then return errors.fail("ERR", "%s", message) end
  file:setvbuf("full", 256 * 1024)
  return setmetatable({ path = path, temporary = temporary, directory = directory, file = file, bytes = 0 }, NewFile)
end

function NewFile:write(data)
  local done, message = self.file:write(data)
  if not done then return errors.fail("ERR", "%s: %s", self.temporary, message) end
  self.bytes = self.bytes + #data
  return true
end

---Everything written is durable, under the temporary name.
function NewFile:settle()
  local done, message = self.file:flush()
  if done then done, message = unistd.fsync(stdio.fileno(self.file)) end
  if done then done, message = self.file:close() end
  if not done then return errors.fail("ERR", "%s: %s", self.temporary, message) end
  self.file = nil
  return true
end

---It gets its name, durably.
function NewFile:keep()
  local done, message = os.rename(self.temporary, self.path)
  if not done then return errors.fail("ERR", "%s", message) end
  self.temporary = nil
  return backup_file.sync_directory(self.directory)
end

---Nothing is left of it, unless it has been kept.
function NewFile:__close()
  if self.file then self.file:close() end
  if self.temporary then os.remove(self.temporary) end
  self.file, self.temporary = nil, nil
end

-- ---- reading ------------------------------------------------------------------------------------------------------

---Reads every byte of a file that should be a backup.
---@param path string
---@param advance? fun(done: integer, total: integer)
---@return { verdict: "good"|"damaged"|"none", problem?: string, size: integer, body?: integer, replid?: string,
---  offset?: integer, created_ms?: integer }|nil, string? message, string? code
function backup_file.examine(path, advance)
  local file <close>, message = io.open(path, "rb")
  if not file then return errors.fail("ERR", "%s", message) end
  local size = file:seek "end"
  if not size then return errors.fail("ERR", "%s: it cannot be read", path) end
  local reader = core.backup_reader(size)
  local verdict, problem, read = "more", nil, 0
  while verdict == "more" do
    local offset, wanted = reader:wants()
    local data, why = "", nil
    if wanted > 0 then
      file:seek("set", offset)
      data, why = file:read(wanted)
    end
    if why then return errors.fail("ERR", "%s: %s", path, why) end
    read = read + wanted
    if advance then advance(math.min(read, size), size) end
    verdict, problem = reader:feed(data or "")
  end
  if verdict == "failed" then return errors.fail("OOM", "%s", problem) end
  local body, replid, offset, created_ms = reader:info()
  return {
    verdict = verdict, problem = problem ~= "" and problem or nil, size = size, body = body,
    replid = replid ~= "" and replid or nil, offset = offset and offset >= 0 and offset or nil, created_ms = created_ms,
  }
end

-- ---- a backup -----------------------------------------------------------------------------------------------------

---Writes a backup at `path`: `source.read()` gives pieces of RDB data; nil: that was all; nil and a message: it failed.
---@param path string
---@param source { read: fun(): string|nil, string?, string?; replid: string, offset: integer }
---@param created_ms integer
---@return { path: string, bytes: integer, replid: string, offset: integer }|nil, string? message, string? code
function backup_file.write(path, source, created_ms)
  local file <close>, message, code = backup_file.create(path)
  if not file then return nil, message, code end
  local writer = core.backup_writer(false)
  local done = true
  repeat
    local piece, out
    piece, message, code = source.read()
    if not piece and message then return nil, message, code end
    if piece then
      out, message, code = writer:feed(piece)
    else
      out, message, code = writer:finish(source.replid, source.offset, created_ms)
    end
    if out then done, message, code = file:write(out) end
    if not out or not done then return nil, message, code end
  until not piece
  done, message, code = file:settle()
  if not done then return nil, message, code end
  local found
  found, message, code = backup_file.examine(file.temporary)
  if not found then return nil, message, code end
  if found.verdict ~= "good" then
    return errors.fail("ERR", "%s: read again, it is not what was written: %s", path, found.problem or "no backup")
  end
  local bytes = file.bytes
  done, message, code = file:keep()
  if not done then return nil, message, code end
  return { path = path, bytes = bytes, replid = source.replid, offset = source.offset }
end

return backup_file
