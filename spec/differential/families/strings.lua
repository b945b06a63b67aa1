-- Strings.

local function key(d) return d:key "s" end
local function seconds(d) return d:seconds() end
local function moment(d) return d:moment() end
local function millis(d) return d:seconds() .. "000" end
local function moment_ms(d) return d:moment() .. "000" end

local function with(name, ...)
  local makers = { ... }
  return function(d)
    local words = { name }
    for i, make in ipairs(makers) do words[i + 1] = make(d) end
    return words
  end
end

local function value(d) return d:value() end
local function integer(d) return d:integer() end
local function float(d) return d:float() end
local function index(d) return d:integer(-30, 30) end
local function offset(d)
  if d:once_in(30) then return d:one_of { "536870912", "9223372036854775807", "-1", "1000" } end
  return d:integer(0, 60)
end
local function pairs_of(name)
  return function(d)
    local words = { name }
    for _ = 1, d:between(1, 4) do
      words[#words + 1] = key(d)
      words[#words + 1] = value(d)
    end
    if d:once_in(20) then words[#words] = nil end
    return words
  end
end

return {
  { 12, with("SET", key, value) },
  { 8, function(d)
    return d:options({ "SET", key(d), value(d) }, { "NX", "XX", "GET", "KEEPTTL", { "EX", seconds }, { "PX", millis },
      { "EXAT", moment }, { "PXAT", moment_ms } })
  end },
  { 8, with("GET", key) },
  { 2, with("GETDEL", key) },
  { 3, with("GETSET", key, value) },
  { 3, function(d)
    return d:options({ "GETEX", key(d) }, { "PERSIST", { "EX", seconds }, { "PX", millis }, { "EXAT", moment },
      { "PXAT", moment_ms } })
  end },
  { 4, with("APPEND", key, value) },
  { 3, with("STRLEN", key) },
  { 4, with("SETRANGE", key, offset, value) },
  { 4, with("GETRANGE", key, index, index) },
  { 1, with("SUBSTR", key, index, index) },
  { 3, with("INCR", key) },
  { 3, with("DECR", key) },
  { 3, with("INCRBY", key, integer) },
  { 3, with("DECRBY", key, integer) },
  { 4, with("INCRBYFLOAT", key, float) },
  { 2, with("SETNX", key, value) },
  { 1, with("SETEX", key, seconds, value) },
  { 1, with("PSETEX", key, millis, value) },
  { 3, pairs_of "MSET" },
  { 2, pairs_of "MSETNX" },
  { 3, function(d) return { "MGET", table.unpack(d:some(0, 5, key)) } end },
  { 2, function(d)
    return d:options({ "LCS", key(d), key(d) }, { "LEN", "IDX", { "MINMATCHLEN", integer }, "WITHMATCHLEN" })
  end },
}
