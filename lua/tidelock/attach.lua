-- tidelock.attach: a world of servers that run already. Scripts reach them, measure them and change who follows
-- whom; faults of processes and links are not to be had there and raise.
--
--   local world <close> = tidelock.attach { a = "redis://10.0.0.1:6379", b = "redis://10.0.0.2:6379" }
--   local a, b = world.node_by_name.a, world.node_by_name.b
--   print(a:role()[1], world:converged())

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

-- the address in an url
local function address_of(name, url)
  local text = type(url) == "string" and url:gsub("^redis://", ""):gsub("/$", "")
  if not text or text:find "[/@]" then
    error(("attach: %s: \"redis://host:port\" or \"host:port\" expected, got %s"):format(name, tostring(url)), 3)
  end
  return options.address("attach: " .. name, text)
end

---@param servers table<string, string> name = "redis://host:port" or "host:port"
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
  for _, name in ipairs(names) do addresses[name] = { address_of(name, servers[name]) } end
  local world = new { node_by_name = {} }
  for _, name in ipairs(names) do
    world.node_by_name[name] = world:add(name, addresses[name][1], addresses[name][2])
  end
  return world
end
