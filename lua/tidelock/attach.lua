-- tidelock.attach: a world of servers that run already. Scripts reach them, measure them and change who follows
-- whom; faults of processes and links are not to be had there and raise.
--
--   local world = tidelock.attach { a = "redis://10.0.0.1:6379", b = "redis://10.0.0.2:6379" }
--   print(world.node_by_name.a:role()[1])

local remote = require "tidelock.remote"

local new = remote.class({}, {}, "an attached server is not this script's to break")

---@param servers table<string, string> name = "redis://host:port" or "host:port"
---@return tidelock.RemoteWorld
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
  local world = new { node_by_name = {} }
  for _, name in ipairs(names) do
    local url = servers[name]
    local host, port = tostring(url):gsub("^redis://", ""):match "^(.+):(%d+)/?$"
    if not host then error(("attach: %s: 'redis://host:port' expected, got '%s'"):format(name, tostring(url)), 2) end
    world.node_by_name[name] = world:add(name, host, math.tointeger(tonumber(port)))
  end
  return world
end
