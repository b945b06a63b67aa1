-- Directories and files of a spec's own, and data to fill a node with: what the specs of backups share.

local lfs = require "lfs"

local files = {}

---A new directory, empty; `files.remove` takes it away.
---@return string
function files.directory()
  local path = os.tmpname()
  os.remove(path)
  assert(lfs.mkdir(path))
  return path
end

---Removes a directory with all that is in it, if it is there.
---@param directory string
function files.remove(directory)
  assert(os.execute(("rm -rf '%s'"):format(directory)))
end

---@param path string
---@return string
function files.read(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read "a"
end

---@param path string
---@param text string
function files.write(path, text)
  local file <close> = assert(io.open(path, "wb"))
  file:write(text)
end

---What is in a directory, in order.
---@param directory string
---@return string[]
function files.names(directory)
  local found = {}
  for name in lfs.dir(directory) do
    if name ~= "." and name ~= ".." then found[#found + 1] = name end
  end
  table.sort(found)
  return found
end

---Gives a node one key of every type, one that expires, and so many strings.
---@param node table
---@param strings integer
function files.fill(node, strings)
  for i = 1, strings do node:call("SET", "key:" .. i, ("v"):rep(i % 100)) end
  node:call("SET", "passing", "v", "PX", "100000000")
  node:call("RPUSH", "list", "a", "b", "1")
  node:call("SADD", "set", "m", "7")
  node:call("HSET", "hash", "f", "v")
  node:call("ZADD", "zset", "1.5", "m")
  node:call("XADD", "stream", "1-1", "f", "v")
end

return files
