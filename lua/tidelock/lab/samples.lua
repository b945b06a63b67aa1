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

-- The power of ten up to `value`, the next one, and the unit to which values between them are rounded.
local function decade(value)
  if value == 0 then return 0, 0, 1 end
  local exponent = math.floor(math.log(math.abs(value), 10))
  return 10.0 ^ exponent, 10.0 ^ (exponent + 1), 10.0 ^ (exponent - DIGITS + 1)
end

---@param values number[]
function Samples:add_all(values)
  local times, from, below, unit = self.times, 0, 0, 1
  for i = 1, #values do
    local value = values[i]
    if value < from or value >= below then from, below, unit = decade(value) end
    local kept = (value / unit + 0.5) // 1 * unit
    times[kept] = (times[kept] or 0) + 1
  end
  self.count = self.count + #values
end

---@param value number
function Samples:add(value)
  self:add_all { value }
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
