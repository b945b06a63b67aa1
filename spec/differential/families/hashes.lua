-- Hashes.

local function key(d) return d:key "h" end
local function field(d) return d:member() end
local function value(d) return d:value() end
local function integer(d) return d:integer() end
local function float(d) return d:float() end

local function with(name, ...)
  local makers = { ... }
  return function(d)
    local words = { name }
    for i, make in ipairs(makers) do words[i + 1] = make(d) end
    return words
  end
end

local function fields_of(name)
  return function(d) return { name, key(d), table.unpack(d:some(0, 4, field)) } end
end

local function pairs_of(name, most)
  return function(d)
    local words = { name, key(d) }
    for _ = 1, d:between(1, most) do
      words[#words + 1] = field(d)
      words[#words + 1] = value(d)
    end
    if d:once_in(30) then words[#words] = nil end
    return words
  end
end

local function scan(d)
  -- so many that large hashes come at once too: cursors are the server's own affair
  return d:options({ "HSCAN", key(d), "0", "COUNT", "100000" }, { { "MATCH", function() return d:pattern() end } })
end

return {
  { 8, pairs_of("HSET", 4) },
  { 2, pairs_of("HSET", 20) },
  { 3, pairs_of("HMSET", 3) },
  { 3, with("HSETNX", key, field, value) },
  { 5, with("HGET", key, field) },
  { 3, fields_of "HMGET" },
  { 5, fields_of "HDEL" },
  { 3, with("HEXISTS", key, field) },
  { 3, with("HSTRLEN", key, field) },
  { 3, with("HLEN", key) },
  { 4, with("HINCRBY", key, field, integer) },
  { 4, with("HINCRBYFLOAT", key, field, float) },
  { 3, with("HGETALL", key), "pairs" },
  { 1, with("HKEYS", key), "unordered" },
  { 1, with("HVALS", key), "unordered" },
  { 2, scan, "scan pairs" },
  { 1, with("HSCAN", key, integer, value), "error" },
  { 1, with("HRANDFIELD", key), "shape" },
  { 2, function(d)
    local words = { "HRANDFIELD", key(d), d:integer(-20, 60) }
    return words[3]:find "^%-?%d%d?%d?$" and words or { "HRANDFIELD", key(d), d:one_of { "abc", "", "1.5" } }
  end, "shape" },
  { 2, function(d)
    return { "HRANDFIELD", key(d), tostring(d:between(-20, 60)), d:one_of { "WITHVALUES", "withvalues", "VALUES" } }
  end, "shape" },
}
