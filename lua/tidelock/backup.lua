-- Backups of nodes: node:backup(path) in every world. The file is of the machine that the script runs on, wherever the
-- node is; `tidelock backup` writes the same (backup_cli.lua).
--
-- A node in this process hands its data out itself, a slice per turn (csrc/node/backup.c); a server elsewhere is asked
-- for them as its replica would (backup_source.lua).

local backup_file = require "tidelock.backup_file"
local backup_source = require "tidelock.backup_source"
local core = require "tidelock.core"
local options = require "tidelock.options"

local SLICE = 64 * 1024 -- bytes per turn of the node
local OPTIONS = options.names("timeout", "progress")
local TIMEOUT_MS = 60000

---@param path string
---@param given? tidelock.BackupOptions
local function check(path, given)
  if type(path) ~= "string" or path == "" then
    error(("backup: path: string expected, got %s"):format(type(path)), 3)
  end
  given = options.check("backup", given, OPTIONS)
  local timeout = options.duration("backup", "timeout", given.timeout or TIMEOUT_MS)
  return given.progress or function() end, timeout
end

local function now_ms(world)
  return math.floor(world:wall())
end

-- Waits while somebody else has the node's one view.
local function begin(node, timeout)
  local world = node.world
  local deadline = world:now() + timeout
  while true do
    local id, replid, offset, keys = core.backup_begin(node)
    if id then return id, replid, offset, keys end
    local message, code = replid, offset
    if code ~= "BUSY" and code ~= "LOADING" or world:now() >= deadline then return nil, message, code end
    local slept
    slept, message, code = world:sleep(1)
    if not slept then return nil, message, code end
  end
end

-- node:backup of a node in this process
local function of_node(node, path, given)
  local progress, timeout = check(path, given)
  local id, replid, offset, keys = begin(node, timeout)
  if not id then return nil, replid, offset end
  -- whatever happens, the node gets its view back
  local _ <close> = setmetatable({}, { __close = function() core.backup_end(node, id) end })
  local ended = false
  local source = { replid = replid, offset = offset }
  function source.read()
    if ended then return nil end
    local piece, last, done = core.backup_next(node, id, SLICE)
    if not piece then return nil, last, done end
    ended = last
    progress(last and keys or done, keys)
    local slept, message, code = node.world:sleep(0) -- others go on
    if not slept then return nil, message, code end
    return piece
  end
  local result, message, code = backup_file.write(path, source, now_ms(node.world))
  core.backup_end(node, id)
  node:call "PING" -- a turn of the node: whoever waited for the view goes on
  if not result then return nil, message, code end
  result.keys = keys
  return result
end

-- node:backup of a server somewhere else
local function of_server(node, path, given)
  local progress, timeout = check(path, given)
  local login = node.control.login
  local auth = login and (login.user and { login.user, login.password } or { login.password })
  local source <close>, message, code =
    backup_source.open(node.host, node.port, { timeout = timeout, world = node.world, auth = auth })
  if not source then return nil, message, code end
  return backup_file.write(path, {
    replid = source.replid, offset = source.offset,
    read = function()
      local piece, why, what = source:read()
      progress(source.received, source.total)
      return piece, why, what
    end,
  }, now_ms(node.world))
end

return { of_node = of_node, of_server = of_server }
