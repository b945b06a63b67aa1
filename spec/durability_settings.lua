-- The durability settings of spec/durability.lua: what each promises, and how a client writes under it.
--
--   local setting = settings.by_name "ANY 2 fsynced"
--   setting.holders       2: so many replicas hold an acknowledged write
--   setting.fsynced       …on disk: nodes have journals
--   setting.itself        the primary itself holds it on disk: it comes back, nobody takes over
--   setting.damaged       …and files of those that may be lost are damaged: fsynced all the same
--   local write = settings.writer(s, setting, client)
--   write(key)            whether it was acknowledged under the setting; its receipt, if one came
--
-- A rule is asked for in one of two ways, by seed: write by write (`durable{...}`), or the node has sync replicas and a
-- client does nothing. Either way some writes go the other way, asynchronously: they are promised nothing.

local settings = {}

settings.TIMEOUT_MS = 400

settings.names = {
  "async", "WAIT 1", "WAIT 2", "ANY 1", "ANY 1 received", "ANY 2", "FIRST 1", "FIRST 2",
  "ANY 1 fsynced", "ANY 2 fsynced", "FIRST 1 fsynced", "WAITAOF 0 1", "WAITAOF 1 0", "appendfsync always",
  "ANY 2 damaged", "appendfsync damaged",
}

---@class spec.DurabilitySetting
---@field name string
---@field kind string "async", "WAIT", "ANY", "FIRST", "WAITAOF", "always"
---@field count integer the number behind it
---@field level string of ANY and FIRST
---@field holders integer replicas that hold an acknowledged write
---@field itself boolean
---@field fsynced boolean
---@field damaged boolean

---@param name string
---@return spec.DurabilitySetting
function settings.by_name(name)
  if name == "async" then return { name = name, kind = name, count = 0, holders = 0 } end
  local damaged = name:find " damaged$" ~= nil
  if name:find "^appendfsync " then
    return { name = name, kind = "always", count = 0, holders = 0, itself = true, fsynced = true, damaged = damaged }
  end
  local itself, replicas = name:match "^WAITAOF (%d) (%d)$"
  if itself then
    replicas = math.tointeger(tonumber(replicas))
    return { name = name, kind = "WAITAOF", count = replicas, holders = replicas, itself = itself == "1",
      fsynced = true }
  end
  local kind, count, level = name:match "^(%u+) (%d+) ?(%l*)$"
  if kind ~= "WAIT" and kind ~= "ANY" and kind ~= "FIRST" then error("no setting: " .. name, 0) end
  count = math.tointeger(tonumber(count))
  if damaged then level = "fsynced" end
  return { name = name, kind = kind, count = count, level = level ~= "" and level or "applied", holders = count,
    fsynced = level == "fsynced", damaged = damaged }
end

---The rule of an ANY or FIRST over these names.
---@param setting spec.DurabilitySetting
---@param names string[]
function settings.rule(setting, names)
  return ("%s %d (%s)"):format(setting.kind, setting.count, table.concat(names, ", "))
end

-- ---- writers --------------------------------------------------------------------------------------------------------

-- under a rule, or asynchronously
local function by_rule(s, setting, client)
  local safe = client:durable(s.by_node and { rule = "DEFAULT" } or {
    rule = settings.rule(setting, s.names), level = setting.level, timeout = settings.TIMEOUT_MS, on_timeout = "error",
  })
  local plain = client:durable "async"
  return function(key)
    local freely = s.random(6) == 1
    local ok, receipt = (freely and plain or safe):set(key, key)
    return ok == true and not freely, ok and receipt
  end
end

-- And asks who has it, in the same breath: on a connection that was made anew since there would be nothing to ask of.
local function by_wait(setting, client)
  local aof = setting.kind == "WAITAOF"
  local function requests(p, key)
    p:call("DURABLE", "ASYNC", "RECEIPT", "yes", "DO", "SET", key, key)
    if aof then
      p:call("WAITAOF", setting.itself and 1 or 0, setting.count, settings.TIMEOUT_MS)
    else
      p:wait(setting.count, settings.TIMEOUT_MS)
    end
  end
  local function enough(answer)
    if not aof then return math.type(answer) == "integer" and answer >= setting.count end
    local here, there = answer[1], answer[2]
    return math.type(here) == "integer" and (here == 1 or not setting.itself) and there >= setting.count
  end
  return function(key)
    local replies = client:pipeline(requests, key)
    if not replies then return false end
    local receipt = replies[1][2]
    return receipt ~= nil and enough(replies[2]), receipt
  end
end

-- OK is all there is
local function by_reply(client)
  local plain = client:durable "async"
  return function(key)
    local ok, receipt = plain:set(key, key)
    return ok == true, ok and receipt
  end
end

---@return fun(key: string): boolean, tidelock.Receipt|false
function settings.writer(s, setting, client)
  if setting.kind == "ANY" or setting.kind == "FIRST" then return by_rule(s, setting, client) end
  if setting.kind == "WAIT" or setting.kind == "WAITAOF" then return by_wait(setting, client) end
  return by_reply(client)
end

return settings
