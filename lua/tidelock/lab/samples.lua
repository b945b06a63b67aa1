-- Samples of a quantity, and their percentiles, in bounded memory however many there are: a sample is kept to three
-- digits, which makes at most 900 different ones per power of ten.

local samples = {}

---@class tidelock.Samples
---@field count integer
---@field package times table<integer, integer> how often each value came, by its code
local Samples = {}
Samples.__index = Samples
Samples.__name = "tidelock.Samples"

local DIGITS = 3

-- A value is three digits and a power of ten: its code is 10,000 times the power, and the digits.
local CODES = 10000

-- The power of ten up to `value`, the next one; the unit to which values between them are rounded, and its code.
local function decade(value)
  if value == 0 then return 0, 0, 1, 0 end
  local exponent = math.floor(math.log(value, 10))
  return 10.0 ^ exponent, 10.0 ^ (exponent + 1), 10.0 ^ (exponent - DIGITS + 1), (exponent - DIGITS + 1) * CODES
end

---@param values number[] not negative
function Samples:add_all(values)
  local times, from, below, unit, code = self.times, 0, 0, 1, 0
  for i = 1, #values do
    local value = values[i]
    if value < from or value >= below then from, below, unit, code = decade(value) end
    local kept = code + ((value / unit + 0.5) // 1 | 0)
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
  local values, times = {}, {}
  for kept, count in pairs(self.times) do
    local value = kept % CODES * 10.0 ^ (kept // CODES)
    values[#values + 1] = value
    times[value] = (times[value] or 0) + count
  end
  table.sort(values)
  local wanted, seen = math.max(1, math.ceil(self.count * fraction)), 0
  for i, value in ipairs(values) do
    if value ~= values[i - 1] then seen = seen + times[value] end
    if seen >= wanted then return value end
  end
end

---@return tidelock.Samples
function samples.new()
  return setmetatable({ count = 0, times = {} }, Samples)
end

return samples
