-- Keys of any type: existence, expiry, names.

local PREFIXES = { "s", "h", "l", "t", "z", "x", "b" }
local function key(d) return d:key(d:one_of(PREFIXES)) end
local function seconds(d) return d:seconds() end
local function moment(d) return d:moment() end
local function millis(d) return d:seconds() .. "000" end
local function moment_ms(d) return d:moment() .. "000" end

local function many(name)
  return function(d) return { name, table.unpack(d:some(0, 4, key)) } end
end
local function expire(name, time)
  return function(d) return d:options({ name, key(d), time(d) }, { "NX", "XX", "GT", "LT" }) end
end
local function one(name)
  return function(d) return { name, key(d) } end
end

return {
  { 4, many "DEL" },
  { 3, many "EXISTS" },
  { 1, many "UNLINK" },
  { 1, many "TOUCH" },
  { 4, one "TYPE" },
  { 3, expire("EXPIRE", seconds) },
  { 2, expire("PEXPIRE", millis) },
  { 2, expire("EXPIREAT", moment) },
  { 2, expire("PEXPIREAT", moment_ms) },
  { 3, one "TTL", "time" },
  { 2, one "PTTL", "time" },
  { 1, one "EXPIRETIME", "time" },
  { 1, one "PEXPIRETIME", "time" },
  { 2, one "PERSIST" },
  { 2, function(d) return { "RENAME", key(d), key(d) } end },
  { 1, function(d) return { "RENAMENX", key(d), key(d) } end },
  { 2, function(d)
    return d:options({ "COPY", key(d), key(d) }, { "REPLACE", { "DB", function() return "1" end } })
  end },
  { 1, function(d) return { "MOVE", key(d), d:one_of { "1", "0", "16", "x" } } end },
  { 3, function(d) return { "OBJECT", "ENCODING", key(d) } end, "encoding" },
  { 1, function(d) return { "KEYS", d:pattern() } end, "unordered" },
  { 1, function() return { "DBSIZE" } end },
  { 1, function() return { "RANDOMKEY" } end, "shape" },
  { 1, function(d)
    return { "SCAN", d:one_of { "0", "x", "-1", "" }, d:one_of { "COUNT", "NOSUCH" }, d:integer(0, 3) }
  end, "error" },
}
