-- tidelock.attach: a world of servers that run already. Scripts reach them, measure them and change who follows
-- whom; faults of processes and links are not to be had there and raise.
--
--   local world <close> = tidelock.attach { a = "redis://10.0.0.1:6379", b = "redis://10.0.0.2:6379" }
--   local a, b = world.node_by_name.a, world.node_by_name.b
--   print(a:role()[1], world:converged())
--
-- A server that wants a password has it in its address: "redis://:password@host:port" or "redis://user:password@…".

local options = require "tidelock.options"
local remote = require "tidelock.remote"

---@class tidelock.AttachedWorld: tidelock.RemoteWorld
---@field node_by_name table<string, tidelock.RemoteNode>
local World = {}

for _, what in ipairs { "link", "links", "partition", "heal" } do
  World[what] = function(self) error(("%s: %s"):format(what, self.cannot), 2) end
end

function World.node()
  error("node: this world's servers run already; world.node_by_name has them", 2)
end

local new = remote.class(World, {}, "an attached server is not this script's to break")

-- what stands for %XX in an url
local function decode(text)
  return (text:gsub("%%(%x%x)", function(digits) return string.char(tonumber(digits, 16)) end))
end

-- The address in an url, and how to log in there (nil: not at all). Errors do not repeat a password.
local function parse(name, url)
  local text = type(url) == "string" and url:gsub("^redis://", ""):gsub("/$", "")
  local user, password, rest = (text or ""):match "^([^:@/]*):([^@/]*)@(.*)$"
  if rest then text = rest end
  if not text or text:find "[/@]" then
    error(("attach: %s: \"redis://[[user]:password@]host:port\" or \"host:port\" expected, got %s"):format(name,
      rest and "something else behind the password" or tostring(url)), 3)
  end
  local host, port = options.address("attach: " .. name, text)
  return host, port, rest and { user = user ~= "" and decode(user) or nil, password = decode(password) } or nil
end

---@param servers table<string, string> name = "redis://[[user]:password@]host:port" or "host:port"
---@return tidelock.AttachedWorld
return function(servers)
  if type(servers) ~= "table" then
    error(("attach: table of servers expected, got %s"):format(type(servers)), 2)
  end
  local names = {}
  for name in pairs(servers) do
    if type(name) ~= "string" then error("attach: every server needs a name", 2) end
    names[#names + 1] = name
  end
  table.sort(names)
  local addresses = {}
  for _, name in ipairs(names) do addresses[name] = { parse(name, servers[name]) } end
  local world = new { node_by_name = {} }
  for _, name in ipairs(names) do
    local host, port, login = table.unpack(addresses[name], 1, 3)
    world.node_by_name[name] = world:add(name, host, port, nil, login)
  end
  return world
end
