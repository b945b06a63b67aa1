-- What commands are made of, drawn by seed: keys, values, numbers that are right, borderline and wrong.

local Draw = {}
Draw.__index = Draw

local draw = {}

---@param seed integer
function draw.new(seed)
  return setmetatable({ state = seed * 0x9e3779b97f4a7c15 ~ 0x2545f4914f6cdd1d }, Draw)
end

-- splitmix64: the same on every machine, whatever Lua's own generator is
local function next_word(self)
  self.state = self.state + 0x9e3779b97f4a7c15
  local z = self.state
  z = (z ~ (z >> 30)) * 0xbf58476d1ce4e5b9
  z = (z ~ (z >> 27)) * 0x94d049bb133111eb
  return z ~ (z >> 31)
end

---An integer from `low` to `high`.
function Draw:between(low, high)
  return low + (next_word(self) >> 1) % (high - low + 1)
end

---True once in `n` times.
function Draw:once_in(n)
  return self:between(1, n) == 1
end

function Draw:one_of(list)
  return list[self:between(1, #list)]
end

---A list of `low` to `high` items, each from `make`.
function Draw:some(low, high, make)
  local list = {}
  for i = 1, self:between(low, high) do list[i] = make(self, i) end
  return list
end

---A key of the family whose prefix this is; now and then one of another family.
local PREFIXES = { "s", "h", "l", "t", "z", "x", "b" }
function Draw:key(prefix)
  if self:once_in(25) then prefix = self:one_of(PREFIXES) end
  return prefix .. self:between(1, 6)
end

local WORDS = { "", "a", "b", "c", "foo", "bar", "hello world", "\0", "x\r\ny", "\xff\xfe", "10", "-1", "3.0", "1e3",
  "0", "01", " 1", "9223372036854775807", "-9223372036854775808", "9223372036854775808", "inf", "nan" }

---A value: a word, a number, now and then something long or binary.
function Draw:value()
  local kind = self:between(1, 20)
  if kind <= 8 then return self:one_of(WORDS) end
  if kind <= 13 then return tostring(self:between(-20, 20)) end
  if kind <= 15 then return ("v%d"):format(self:between(1, 500)) end
  if kind == 16 then return tostring(next_word(self)) end
  if kind == 17 then return self:bytes(self:between(1, 40)) end
  if kind == 18 then return ("abc"):rep(self:between(10, 30)) end
  if kind == 19 then return ("%.3f"):format(self:between(-5000, 5000) / 1000) end
  return ("long "):rep(self:between(1, 100))
end

---A member of a collection: few enough that they meet again.
function Draw:member()
  if self:once_in(12) then return self:value() end
  return self:once_in(3) and tostring(self:between(1, 60)) or ("m%d"):format(self:between(1, 60))
end

function Draw:bytes(size)
  local parts = {}
  for i = 1, size do parts[i] = string.char(self:between(0, 255)) end
  return table.concat(parts)
end

local ODD_INTEGERS = { "0", "-1", "1", "2147483647", "2147483648", "-2147483649", "4294967295", "4294967296",
  "9223372036854775807", "-9223372036854775808", "9223372036854775808", "abc", "", "1.5", " 1", "1 ", "+1", "01", "-0",
  "1e2" }

---An integer, mostly a small one; once in a while what is none or hardly one.
function Draw:integer(low, high)
  if self:once_in(15) then return self:one_of(ODD_INTEGERS) end
  return tostring(self:between(low or -10, high or 10))
end

local ODD_FLOATS = { "inf", "-inf", "+inf", "nan", "1e308", "-1e308", "1e-300", "0x10", "abc", "", " 1", "1 ", "1e400",
  "5e-324", "0.1", "-0", "1e17", "123456789012345678", "3.14159265358979" }

---A floating-point number, or something near one.
function Draw:float()
  if self:once_in(8) then return self:one_of(ODD_FLOATS) end
  if self:once_in(2) then return tostring(self:between(-20, 20)) end
  return ("%.2f"):format(self:between(-2000, 2000) / 100)
end

---A time from now on in seconds that is over at once or not within a test's life; a wrong one now and then.
function Draw:seconds()
  if self:once_in(12) then return self:one_of { "0", "-1", "abc", "", "9223372036854775807", "1.5", "-100000" } end
  return tostring(self:between(5000, 500000))
end

---A moment in unix seconds that is long past or far away.
function Draw:moment()
  if self:once_in(12) then return self:one_of { "0", "-1", "abc", "1", "1000000000", "9223372036854775807" } end
  return tostring(self:between(4000000000, 5000000000))
end

function Draw:pattern()
  return self:one_of { "*", "s*", "h?", "[a-l]*", "*1", "m*", "[^m]*", "\\*", "", "x\r*", "k", "???", "[", "[a-", "\\" }
end

---Letters in any case: commands and options may be written so.
function Draw:word(word)
  if self:once_in(6) then return word:lower() end
  return word
end

---The items of `list`, each left out or not, in an order that may have changed.
function Draw:options(words, list)
  for _, option in ipairs(list) do
    if self:once_in(3) then
      if type(option) == "table" then
        words[#words + 1] = self:word(option[1])
        for i = 2, #option do words[#words + 1] = option[i](self) end
      else
        words[#words + 1] = self:word(option)
      end
    end
  end
  if self:once_in(40) then words[#words + 1] = self:one_of { "", "NOSUCH", "1", "GET" } end
  return words
end

return draw
