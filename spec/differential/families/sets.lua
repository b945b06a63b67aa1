-- Sets.

local function key(d) return d:key "t" end

-- some sets are of integers alone, for a while
local function member(d) return d:once_in(2) and tostring(d:between(-40, 40)) or d:member() end
local function integer_member(d)
  return tostring(d:once_in(5) and d:between(-3000000000, 3000000000) or d:between(-40, 40))
end

local function members_of(name, make, most)
  return function(d) return { name, key(d), table.unpack(d:some(d:once_in(30) and 0 or 1, most, make)) } end
end

local function keys_of(name)
  return function(d) return { name, table.unpack(d:some(1, 4, key)) } end
end

local function with(name, ...)
  local makers = { ... }
  return function(d)
    local words = { name }
    for i, make in ipairs(makers) do words[i + 1] = make(d) end
    return words
  end
end

local function count(d)
  local text = d:integer(-20, 60)
  return #text < 6 and text or "abc"
end

-- which members go is chance: the set is put away afterwards
local function pop(d)
  local words = { "SPOP", key(d) }
  if not d:once_in(2) then words[3] = count(d) end
  if d:once_in(40) then words[4] = "1" end
  words.after = { { "DEL", words[2] } }
  return words
end

return {
  { 8, members_of("SADD", member, 5) },
  { 5, members_of("SADD", integer_member, 6) },
  { 2, members_of("SADD", integer_member, 25) },
  { 5, members_of("SREM", member, 4) },
  { 3, with("SISMEMBER", key, member) },
  { 3, members_of("SMISMEMBER", member, 4) },
  { 3, with("SCARD", key) },
  { 3, with("SMEMBERS", key), "unordered" },
  { 3, with("SMOVE", key, key, member) },
  { 2, pop, "shape" },
  { 1, with("SRANDMEMBER", key), "shape" },
  { 2, with("SRANDMEMBER", key, count), "shape" },
  { 3, keys_of "SINTER", "unordered" },
  { 3, keys_of "SUNION", "unordered" },
  { 3, keys_of "SDIFF", "unordered" },
  { 2, keys_of "SINTERSTORE" },
  { 2, keys_of "SUNIONSTORE" },
  { 2, keys_of "SDIFFSTORE" },
  { 3, function(d)
    local keys = d:some(1, 4, key)
    local words = { "SINTERCARD", d:once_in(10) and d:integer(-1, 6) or tostring(#keys), table.unpack(keys) }
    return d:options(words, { { "LIMIT", function() return d:integer(-1, 5) end } })
  end },
  { 2, function(d)
    local words = { "SSCAN", key(d), "0", "COUNT", "100000" }
    return d:options(words, { { "MATCH", function() return d:pattern() end } })
  end, "scan" },
}
