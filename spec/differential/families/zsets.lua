-- Sorted sets. Ranges by member are asked of sets whose scores are all the same ("y"): what they are otherwise, Redis
-- leaves open.

local function key(d) return d:key "z" end
local function lexical(d) return "y" .. d:between(1, 3) end
local function source(d)
  return d:once_in(5) and (d:once_in(2) and "t" .. d:between(1, 6) or lexical(d)) or key(d)
end
local function member(d) return d:member() end
local function integer(d) return d:integer() end
local function score(d) return d:float() end

local function bound(d)
  return (d:once_in(3) and "(" or "") .. d:float()
end

local function member_bound(d)
  if d:once_in(6) then return d:one_of { "-", "+" } end
  if d:once_in(25) then return d:one_of { "", "a", "-a", "+1", "m" } end
  return d:one_of { "[", "(" } .. d:member()
end

-- a maker may give one word or a list of them
local function with(name, ...)
  local makers = { ... }
  return function(d)
    local words = { name }
    for _, make in ipairs(makers) do
      local made = make(d)
      if type(made) == "table" then table.move(made, 1, #made, #words + 1, words) else words[#words + 1] = made end
    end
    return words
  end
end

local function some_of(...)
  local list = { ... }
  return function(d)
    local words = {}
    for _, word in ipairs(list) do
      if d:once_in(4) then words[#words + 1] = d:word(word) end
    end
    return words
  end
end

local function pairs_of(most)
  return function(d)
    local words = {}
    for _ = 1, d:between(1, most) do
      words[#words + 1] = score(d)
      words[#words + 1] = member(d)
    end
    return words
  end
end

local function members(d) return d:some(1, 4, member) end
local function limit(d)
  return d:once_in(3) and { d:word "LIMIT", d:integer(-2, 5), d:integer(-2, 9) } or {}
end
local scores = some_of("WITHSCORES")

local function lexical_add(d)
  local words = { "ZADD", lexical(d), whole = true }
  for _ = 1, d:between(1, 6) do
    words[#words + 1] = "5"
    words[#words + 1] = member(d)
  end
  return words
end

local function keys(make)
  return function(d)
    local list = d:some(1, 3, make)
    table.insert(list, 1, d:once_in(15) and d:integer() or tostring(#list))
    return list
  end
end

-- the sources of a union and its options
local function algebra(name, stores)
  return function(d)
    local words = with(name, stores and key or keys(source), stores and keys(source) or nil)(d)
    local count = math.tointeger(tonumber(words[stores and 3 or 2])) or 1
    if d:once_in(3) then
      words[#words + 1] = d:word "WEIGHTS"
      for _ = 1, math.min(math.max(count, 0), 3) do words[#words + 1] = score(d) end
    end
    if d:once_in(3) then
      words[#words + 1] = d:word "AGGREGATE"
      words[#words + 1] = d:word(d:one_of { "SUM", "MIN", "MAX", "AVG" })
    end
    if d:once_in(stores and 20 or 2) then words[#words + 1] = d:word "WITHSCORES" end
    return words
  end
end

local function which_end(d)
  return d:once_in(25) and "MID" or d:word(d:one_of { "MIN", "MAX" })
end
local function count(d) return d:once_in(2) and { d:word "COUNT", d:integer(1, 6) } or {} end
local function maybe_integer(d) return d:once_in(2) and { d:integer(0, 6) } or {} end
local function timeout(d) return d:once_in(8) and d:one_of { "-1", "abc", "", "1e400" } or "0.01" end

local function queued(make)
  return function(d) return { "MULTI", after = { make(d), { "EXEC" } } } end
end

local function scan(d)
  local words = { "ZSCAN", key(d), "0", "COUNT", "100000", whole = true }
  return d:options(words, { { "MATCH", function() return d:pattern() end } })
end

local function random_members(d)
  local words = { "ZRANDMEMBER", key(d), tostring(d:between(-20, 60)) }
  if d:once_in(2) then words[4] = d:one_of { "WITHSCORES", "withscores", "SCORES" } end
  return words
end

local function word_of(...)
  local list = { ... }
  return function(d) return d:word(d:one_of(list)) end
end

return {
  { 10, with("ZADD", key, some_of("NX", "XX", "GT", "LT", "CH"), pairs_of(4)) },
  { 4, with("ZADD", key, pairs_of(24)) },
  { 3, with("ZADD", key, some_of("NX", "XX", "GT", "LT", "CH"), word_of "INCR", pairs_of(1)) },
  { 4, with("ZINCRBY", key, score, member) },
  { 4, lexical_add },
  { 4, with("ZREM", key, members) },
  { 1, with("ZREM", lexical, members) },
  { 2, with("ZCARD", key) },
  { 3, with("ZSCORE", key, member) },
  { 2, with("ZMSCORE", key, members) },
  { 3, with("ZRANK", key, member) },
  { 3, with("ZREVRANK", key, member) },
  { 4, with("ZCOUNT", key, bound, bound) },
  { 3, with("ZLEXCOUNT", lexical, member_bound, member_bound) },
  { 5, with("ZRANGE", key, integer, integer, some_of("REV", "WITHSCORES", "BYSCORE"), limit) },
  { 4, with("ZRANGE", key, bound, bound, word_of "BYSCORE", some_of("REV", "WITHSCORES"), limit) },
  { 4, with("ZRANGE", lexical, member_bound, member_bound, word_of "BYLEX", some_of("REV", "WITHSCORES"), limit) },
  { 2, with("ZREVRANGE", key, integer, integer, scores) },
  { 2, with("ZRANGEBYSCORE", key, bound, bound, scores, limit) },
  { 2, with("ZREVRANGEBYSCORE", key, bound, bound, scores, limit) },
  { 2, with("ZRANGEBYLEX", lexical, member_bound, member_bound, limit) },
  { 2, with("ZREVRANGEBYLEX", lexical, member_bound, member_bound, limit) },
  { 2, with("ZRANGESTORE", key, key, integer, integer, some_of("REV", "WITHSCORES")) },
  { 2, with("ZRANGESTORE", key, key, bound, bound, word_of "BYSCORE", some_of("REV"), limit) },
  { 1, with("ZREMRANGEBYRANK", key, integer, integer) },
  { 1, with("ZREMRANGEBYSCORE", key, bound, bound) },
  { 1, with("ZREMRANGEBYLEX", lexical, member_bound, member_bound) },
  { 3, with("ZPOPMIN", key, maybe_integer) },
  { 3, with("ZPOPMAX", key, maybe_integer) },
  { 3, with("ZMPOP", keys(key), which_end, count) },
  { 1, with("ZRANDMEMBER", key), "shape" },
  { 2, random_members, "shape" },
  { 1, with("ZRANDMEMBER", key, function(d) return d:one_of { "abc", "", "1.5" } end), "shape" },
  { 2, scan, "scan pairs" },
  { 3, algebra "ZUNION" },
  { 3, algebra "ZINTER" },
  { 2, algebra "ZDIFF" },
  { 2, algebra("ZUNIONSTORE", true) },
  { 2, algebra("ZINTERSTORE", true) },
  { 2, algebra("ZDIFFSTORE", true) },
  { 2, with("ZINTERCARD", keys(source), function(d) return d:once_in(2) and { "LIMIT", d:integer(0, 5) } or {} end) },
  { 1, queued(with("BZPOPMIN", key, key, timeout)) },
  { 1, queued(with("BZPOPMAX", key, timeout)) },
  { 1, queued(with("BZMPOP", timeout, keys(key), which_end, count)) },
}
