-- Links: the network between two places. A link object is both directions at once; `forward` and `backward` are one.

local options = require "tidelock.options"

---@class tidelock.Link
---@field package world tidelock.World
---@field package ways string[][] { from, to } of each direction
local Link = {}
Link.__index = Link
Link.__name = "tidelock.Link"

local PROPERTIES = { "latency", "jitter", "loss", "bandwidth", "cut" }

-- each direction in turn; the first failure ends it
local function each_way(self, properties)
  for _, way in ipairs(self.ways) do
    local done, message, code = self.world:link_set(way[1], way[2], properties)
    if not done then return nil, message, code end
  end
  return true
end

-- what heal has to undo
local function note_cut(self)
  local cuts = self.world:cuts()
  for _, way in ipairs(self.ways) do table.insert(cuts, { way[1], way[2] }) end
end

---Sets properties; those not given stay as they are.
---@param properties tidelock.LinkProperties
function Link:set(properties)
  if type(properties) ~= "table" then
    error(("link: table of properties expected, got %s"):format(type(properties)), 2)
  end
  options.check("link", properties, PROPERTIES)
  if properties.cut then note_cut(self) end
  return each_way(self, properties)
end

---The properties, of the direction from the first place to the second.
---@return tidelock.LinkProperties
function Link:get()
  return self.world:link_get(self.ways[1][1], self.ways[1][2])
end

---Nothing passes any more: connections stall, and break when their time-outs say so.
function Link:cut()
  note_cut(self)
  return each_way(self, { cut = true })
end

---Lets everything pass again.
function Link:heal()
  return each_way(self, { cut = false })
end

---The direction from the first place to the second alone.
---@return tidelock.Link
function Link:forward()
  return setmetatable({ world = self.world, ways = { self.ways[1] } }, Link)
end

---The direction from the second place to the first alone.
---@return tidelock.Link
function Link:backward()
  return setmetatable({ world = self.world, ways = { self.ways[#self.ways] } }, Link)
end

function Link:__tostring()
  return ("tidelock.Link (%s, %s)"):format(self.ways[1][1], self.ways[1][2])
end

local link = {}

---@param world tidelock.World
---@param a string
---@param b string
---@return tidelock.Link
function link.new(world, a, b)
  return setmetatable({ world = world, ways = { { a, b }, { b, a } } }, Link)
end

---The properties of all links that have none of their own.
function link.set_default(world, properties)
  options.check("links", properties, { "latency", "jitter", "loss", "bandwidth" })
  return world:link_set("", "", properties)
end

---A place is gone, and what cut it off with it.
function link.forget(world, name)
  local cuts = world:cuts()
  for i = #cuts, 1, -1 do
    if cuts[i][1] == name or cuts[i][2] == name then table.remove(cuts, i) end
  end
end

---Heals what has been cut in a world.
function link.heal_all(world)
  local cuts = world:cuts()
  while #cuts > 0 do
    local way = cuts[#cuts]
    local done, message, code = world:link_set(way[1], way[2], { cut = false })
    if not done then return nil, message, code end
    table.remove(cuts)
  end
  return true
end

return link
