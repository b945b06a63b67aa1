-- kill -9 in a loop: a real server with a journal, writers who keep ledgers (spec/ledger.lua), SIGKILL at any moment,
-- and the server again. Nothing that was answered may be missing, and of a transaction all or nothing: whatever
-- `appendfsync` says, since a reply leaves once its write is in the file, and the end of a process takes nothing back.
--
--   build/tidelock run spec/kill_loop.lua [--loops N] [--seed SEED] [--server redis-server]
--                                         [--fsync always|everysec|no]
--
-- spec/crashes_spec.lua runs a few loops. Leaves out what only a loss of power can lose: spec/crashes.lua.

local root = arg and arg[0] and arg[0]:match "^(.*)spec/kill_loop.lua$"
if root then package.path = ("%s?.lua;%s"):format(root, package.path) end

local ledger = require "spec.ledger"
local progress = require "tidelock.progress"
local tidelock = require "tidelock"

local WRITERS = 4
local LIFE_MS = 150 -- at most, under load

local function write(s, w)
  local client = s.world:client(s.node, { timeout = 20000 })
  while not s.stop do
    local how = w:write(client, s.random(3) == 1)
    if how ~= "ok" then
      if how == "refused" then error("a write was refused", 0) end
      break
    end
    w:keep()
    s.told = s.told + 1
  end
  client:close()
end

local function life(s)
  s.stop = false
  local tasks = {}
  for i, w in ipairs(s.ledgers) do tasks[i] = s.world:go(write, s, w) end
  s.world:sleep(s.random() * LIFE_MS)
  if s.random(4) == 1 then
    s.node:call "BGREWRITEAOF"
    s.world:sleep(s.random() * 20)
  end
  assert(s.node:crash())
  s.stop = true
  for _, task in ipairs(tasks) do task:join() end
  assert(s.node:restart())
  for _, w in ipairs(s.ledgers) do
    w:check(function(key)
      local value, message = s.node:get(key)
      if value == nil and message then error("it does not answer: " .. message, 0) end
      return value
    end)
  end
end

local kill_loop = {}

---Raises where something did not hold. Returns how many operations were answered in all.
---@param given { loops: integer, seed: integer, server: string, fsync: string }
---@return integer told
function kill_loop.run(given)
  local world <close> = tidelock.processes { server = given.server }
  local random = tidelock.sim { seed = given.seed }
  local s = { world = world, ledgers = {}, told = 0 }
  function s.random(...) return random:random(...) end
  s.node = world:node { name = "a", dir = ".", appendonly = "yes", appendfsync = given.fsync,
    auto_aof_rewrite_min_size = 20000 }
  for i = 1, WRITERS do s.ledgers[i] = ledger.new("w" .. i) end
  local bar <close> = progress.count("kill -9", given.loops)
  for i = 1, given.loops do
    local ok, message = pcall(world.run, world, function() life(s) end)
    if not ok then error(("loop %d of seed %d: %s"):format(i, given.seed, message), 0) end
    bar:advance(i)
  end
  random:close()
  return s.told
end

if root then
  local given = { ["--loops"] = 300, ["--seed"] = 1, ["--server"] = "tidelock", ["--fsync"] = "always" }
  for i = 1, #arg, 2 do
    if not given[arg[i]] or not arg[i + 1] then
      error("usage: tidelock run spec/kill_loop.lua [--loops N] [--seed SEED] [--server PROGRAM] [--fsync POLICY]", 0)
    end
    given[arg[i]] = math.tointeger(tonumber(arg[i + 1])) or arg[i + 1]
  end
  local told = kill_loop.run { loops = given["--loops"], seed = given["--seed"], server = given["--server"],
    fsync = given["--fsync"] }
  print(("%d times kill -9 with appendfsync %s: %d operations answered, none missing, no half transaction"):format(
    given["--loops"], given["--fsync"], told))
end

return kill_loop
