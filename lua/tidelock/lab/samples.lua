-- Samples of a quantity, and their percentiles, in bounded memory however many there are: a sample is kept to three
-- digits, which makes at most 900 different ones per power of ten.

local samples = {}

---@class tidelock.Samples
---@field count integer
---@field package times table<number, integer> how often each value came
local Samples = {}
Samples.__index = Samples
Samples.__name = "tidelock.Samples"

local DIGITS = 3

local function round(value)
  if value == 0 then return 0.0 end
  local unit = 10.0 ^ (math.floor(math.log(math.abs(value), 10)) - DIGITS + 1)
  return math.floor(value / unit + 0.5) * unit
end

---@param value number
function Samples:add(value)
  local kept = round(value)
  self.times[kept] = (self.times[kept] or 0) + 1
  self.count = self.count + 1
end

---The smallest value that at least `fraction` of the samples do not exceed; nil: there is no sample.
---@param fraction number
---@return number?
function Samples:percentile(fraction)
  local values = {}
  for value in pairs(self.times) do values[#values + 1] = value end
  table.sort(values)
  local wanted, seen = math.max(1, math.ceil(self.count * fraction)), 0
  for _, value in ipairs(values) do
    seen = seen + self.times[value]
    if seen >= wanted then return value end
  end
end

---@return tidelock.Samples
function samples.new()
  return setmetatable({ count = 0, times = {} }, Samples)
end

return samples
