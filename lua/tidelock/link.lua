-- Links: the network between two places. A link object is both directions at once; `forward` and `backward` are one.

local options = require "tidelock.options"

---@class tidelock.Link
---@field package world tidelock.World
---@field package from string
---@field package to string
---@field package one_way boolean
local Link = {}
Link.__index = Link
Link.__name = "tidelock.Link"

local PROPERTIES = options.names("latency", "jitter", "loss", "bandwidth", "cut")
local DEFAULTS = options.names("latency", "jitter", "loss", "bandwidth")

-- each direction in turn; the first failure ends it
local function each_way(self, properties)
  local done, message, code = self.world:link_set(self.from, self.to, properties)
  if not done or self.one_way then return done, message, code end
  return self.world:link_set(self.to, self.from, properties)
end

-- what heal has to undo
local function note_cut(self)
  local cuts = self.world:cuts()
  table.insert(cuts, { self.from, self.to })
  if not self.one_way then table.insert(cuts, { self.to, self.from }) end
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
  return self.world:link_get(self.from, self.to)
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
  return setmetatable({ world = self.world, from = self.from, to = self.to, one_way = true }, Link)
end

---The direction from the second place to the first alone.
---@return tidelock.Link
function Link:backward()
  local from, to = self.to, self.from
  if self.one_way then from, to = to, from end
  return setmetatable({ world = self.world, from = from, to = to, one_way = true }, Link)
end

function Link:__tostring()
  return ("tidelock.Link (%s, %s)"):format(self.from, self.to)
end

local link = {}

---@param world tidelock.World
---@param a string
---@param b string
---@return tidelock.Link
function link.new(world, a, b)
  return setmetatable({ world = world, from = a, to = b, one_way = false }, Link)
end

---The properties of all links that have none of their own.
function link.set_default(world, properties)
  options.check("links", properties, DEFAULTS)
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
