-- SORT and SORT_RO, of lists, sets and sorted sets whose elements are parts of keys' names. Where what orders elements
-- can be the same for two of them (ALPHA with BY) only lists are sorted, and whole: how ties come out is chance
-- otherwise.
-- All of this lies under keys that other families leave alone: redis-server gives a sorted set another encoding when
-- it sorts it, which shows in other commands. No number is out of a double's range, and ahead of each SORT another
-- number is read: once redis-server has met one out of range, also in another command, it finds fault with what it
-- sorts.

local ELEMENTS = { "1", "2", "3", "4", "5", "6", "-7", "08", "1.5", "10", "1e1", "a", "B", "b", "ab", "a*", "", " 3",
  "inf" }
local PATTERNS = { "w*", "w*", "v*->m1", "v*->m2", "v*->", "*", "l*", "w*x", "v*->m1->m2", "", "#", "nokey", "*->*",
  "w**", "w\0*", "w*\0", "v*->\0", "->*" }

-- keys of lists, sets and sorted sets
local function list(d) return "i" .. d:between(1, 4) end
local function set(d) return "j" .. d:between(1, 4) end
local function zset(d) return "q" .. d:between(1, 4) end
local function any(d) return d:one_of { list, set, zset } (d) end

local function number(d) return tostring(d:between(1, 6)) end
local function element(d) return d:once_in(3) and d:one_of(ELEMENTS) or number(d) end

local function weight(d)
  if d:once_in(4) then return d:one_of(ELEMENTS) end
  return d:once_in(2) and tostring(d:between(-20, 20)) or ("%.2f"):format(d:between(-2000, 2000) / 100)
end

local function fill(name, key, most)
  return function(d)
    local make = d:once_in(4) and element or number -- most can be told by numbers
    return { name, key(d), table.unpack(d:some(1, most, make)) }
  end
end

local function fill_scores(d)
  local words = { "ZADD", zset(d) }
  for _ = 1, d:between(1, 6) do
    words[#words + 1] = number(d)
    words[#words + 1] = element(d)
  end
  return words
end

local function limit(d) return { d:word "LIMIT", d:integer(-2, 6), d:integer(-2, 6) } end

local function join(words, more) return table.move(more, 1, #more, #words + 1, words) end

local function gets(d, words)
  for _ = 1, d:between(0, 3) do join(words, { d:word "GET", d:one_of(PATTERNS) }) end
  return words
end

local function options(d, words)
  if d:once_in(2) then join(words, limit(d)) end
  if d:once_in(3) then gets(d, words) end
  if d:once_in(3) then join(words, { d:word(d:one_of { "ASC", "DESC" }) }) end
  if d:once_in(60) then join(words, { d:one_of { "BY", "GET", "LIMIT", "STORE", "NOSUCH", "" } }) end
  return words
end

local function name(d) return d:once_in(4) and "SORT_RO" or "SORT" end

local function store(d, words)
  return d:once_in(3) and join(words, { d:word "STORE", d:once_in(4) and d:key "l" or list(d) }) or words
end

-- by numbers, of anything
local function by_numbers(d)
  local words = { name(d), any(d) }
  if d:once_in(2) then join(words, { "BY", d:one_of { "w*", "v*->m1", "w*x", "*", "v*->m2" } }) end
  return store(d, options(d, words))
end

-- texts, no two of which are the same
local function by_text(d)
  return store(d, options(d, { name(d), any(d), d:word "ALPHA" }))
end

-- texts, some of which may be
local function by_text_of_keys(d)
  local words = gets(d, { name(d), list(d), "BY", d:one_of(PATTERNS), "ALPHA" })
  return store(d, words)
end

-- as they come: lists and sorted sets know how
local function as_they_come(d)
  local words = { name(d), d:once_in(2) and list(d) or zset(d), "BY", d:one_of { "nosort", "", "#" } }
  return store(d, options(d, words))
end

-- behind the reading of another number
local function freshly(make)
  return function(d) return { "ZADD", "none", "XX", "0.5", "a", whole = true, after = { make(d) } } end
end

return {
  { 5, fill("RPUSH", list, 6) },
  { 3, fill("SADD", set, 6) },
  { 3, fill_scores },
  { 3, function(d) return { "SET", "w" .. number(d), weight(d) } end },
  { 2, function(d) return { "HSET", "v" .. number(d), "m" .. d:between(1, 3), weight(d) } end },
  { 1, function(d) return { "DEL", list(d), set(d), zset(d) } end },
  { 12, freshly(by_numbers) },
  { 6, freshly(by_text) },
  { 6, freshly(by_text_of_keys) },
  { 4, freshly(as_they_come) },
}
