-- What files hold, found out by loading them (csrc/lua/loader.c): backups, RDB files, journals, whole or up to a point.
-- Files are read only.

local backup_file = require "tidelock.backup_file"
local core = require "tidelock.core"
local errors = require "tidelock.errors"
local dirent = require "posix.dirent"

local backup_load = {}

local MANIFEST = ".manifest"
local RDB_NAME, JOURNAL_DIRECTORY = "file.rdb", "appendonlydir/" -- what the loader asks for

-- ---- which files --------------------------------------------------------------------------------------------------

-- the manifests in a directory
local function manifests(directory)
  local found = {}
  for _, name in ipairs(dirent.dir(directory) or {}) do
    if #name > #MANIFEST and name:sub(-#MANIFEST) == MANIFEST then found[#found + 1] = name end
  end
  table.sort(found)
  return found
end

---The journal that a path means: its manifest, the directory it is in, or the directory of a server (`dir`).
---@param path string
---@return { directory: string, name: string }|nil, string? message, string? code name: without ".manifest"
function backup_load.find_journal(path)
  if backup_file.kind(path) == "file" then
    local directory, name = backup_file.split(path)
    if name:sub(-#MANIFEST) == MANIFEST then return { directory = directory, name = name:sub(1, -#MANIFEST - 1) } end
    return errors.fail("ERR", "%s: not a journal's manifest", path)
  end
  for _, directory in ipairs { path, path .. "/appendonlydir" } do
    local found = manifests(directory)
    if #found > 1 then return errors.fail("ERR", "%s: there is more than one journal: name a manifest", directory) end
    if found[1] then return { directory = directory, name = found[1]:sub(1, -#MANIFEST - 1) } end
  end
  return errors.fail("ERR", "%s: there is no journal (no file of that name, or no manifest in it)", path)
end

-- ---- loading ------------------------------------------------------------------------------------------------------

---@class tidelock.LoadOptions
---@field rdb? string path of an RDB file or a backup
---@field body? integer bytes of `rdb` that are RDB data; nil: all
---@field journal? { directory: string, name: string }
---@field to_offset? integer
---@field to_time? integer unix time, s
---@field advance? fun(bytes: integer) bytes read so far

-- Opens files once, and only reads.
local function reader(given)
  local files, read = {}, 0
  local function path_of(name)
    if name == RDB_NAME then return given.rdb end
    local file = name:sub(1, #JOURNAL_DIRECTORY) == JOURNAL_DIRECTORY and name:sub(#JOURNAL_DIRECTORY + 1)
    return file and given.journal.directory .. "/" .. file
  end
  local function give(loader, name, offset, size)
    local path = path_of(name)
    local message, code
    if not path then return loader:give(false, "it has not been asked for") end
    if not files[path] then
      files[path], message, code = io.open(path, "rb")
      if not files[path] and code == 2 then return loader:give(nil) end
      if not files[path] then return loader:give(false, message) end
    end
    if given.body and name == RDB_NAME then size = math.max(0, math.min(size, given.body - offset)) end
    local data, why = "", nil
    files[path]:seek("set", offset)
    if size > 0 then data, why = files[path]:read(size) end
    if why then return loader:give(false, why) end
    read = read + #(data or "")
    if given.advance then given.advance(read) end
    loader:give(data or "")
  end
  local function close()
    for _, file in pairs(files) do file:close() end
  end
  return give, close
end

---Loads; the loader still has the data. Nil and what is wrong, with file and offset, if it cannot be loaded.
---@param given tidelock.LoadOptions
---@return tidelock.Loader|nil, table|string found, string? code
function backup_load.load(given)
  local journal = given.journal
  local loader = core.loader(journal and journal.name, given.to_offset, given.to_time, journal and given.rdb ~= nil)
  local give, close = reader(given)
  local what, name, offset, size = loader:next()
  while what == "read" do
    give(loader, name, offset, size)
    what, name, offset, size = loader:next()
  end
  close()
  if what == "done" then return loader, loader:found() end
  loader:close()
  local path = given.rdb or given.journal.directory
  name = name:gsub("^cannot load ", ""):gsub("^" .. RDB_NAME:gsub("%.", "%%.") .. ": ", "")
  name = name:gsub("^" .. JOURNAL_DIRECTORY, "")
  return errors.fail("ERR", given.rdb and "%s: %s" or "%s/%s", path, name)
end

return backup_load
