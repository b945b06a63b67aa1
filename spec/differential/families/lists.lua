-- Lists. Commands that wait are within transactions, where nobody waits.

local function key(d) return d:key "l" end
local function value(d) return d:value() end
local function integer(d) return d:integer() end
local function values(most)
  return function(d) return d:some(1, most, value) end
end

-- few different ones, so that they are found again
local function known(d) return d:once_in(4) and d:value() or tostring(d:between(1, 5)) end

local function side(d)
  if d:once_in(25) then return d:one_of { "UP", "", "LEFTT" } end
  return d:word(d:one_of { "LEFT", "RIGHT" })
end

local function place(d) return d:word(d:one_of { "BEFORE", "AFTER", "BEFORE", "AT" }) end

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

local function keys(d)
  local list = d:some(1, 3, key)
  table.insert(list, 1, d:once_in(12) and d:integer() or tostring(#list))
  return list
end

local function maybe(make)
  return function(d) return d:once_in(2) and make(d) or {} end
end

local function count(d) return { d:word "COUNT", d:integer(1, 6) } end

local function search(d)
  return d:options({ "LPOS", key(d), known(d) }, {
    { "RANK", function() return d:integer(-4, 4) end },
    { "COUNT", function() return d:integer(0, 4) end },
    { "MAXLEN", function() return d:integer(0, 9) end },
  })
end

local function timeout(d) return d:once_in(8) and d:one_of { "-1", "abc", "", "1e400" } or "0.01" end

-- within a transaction, which ends with it
local function queued(make)
  return function(d) return { "MULTI", after = { make(d), { "EXEC" } } } end
end

return {
  { 5, with("LPUSH", key, values(4)) },
  { 5, with("RPUSH", key, values(4)) },
  { 3, with("RPUSH", key, known, known, known) },
  { 2, with("RPUSH", key, values(40)) },
  { 2, with("LPUSHX", key, values(3)) },
  { 2, with("RPUSHX", key, values(3)) },
  { 4, with("LPOP", key, maybe(integer)) },
  { 4, with("RPOP", key, maybe(integer)) },
  { 3, with("LLEN", key) },
  { 4, with("LINDEX", key, integer) },
  { 5, with("LRANGE", key, integer, integer) },
  { 4, with("LSET", key, integer, value) },
  { 4, with("LINSERT", key, place, known, value) },
  { 4, with("LREM", key, integer, known) },
  { 2, with("LTRIM", key, integer, integer) },
  { 5, search },
  { 5, with("LMOVE", key, key, side, side) },
  { 3, with("RPOPLPUSH", key, key) },
  { 4, with("LMPOP", keys, side, maybe(count)) },
  { 1, queued(with("BLPOP", key, key, timeout)) },
  { 1, queued(with("BRPOP", key, timeout)) },
  { 1, queued(with("BLMOVE", key, key, side, side, timeout)) },
  { 1, queued(with("BRPOPLPUSH", key, key, timeout)) },
  { 1, queued(with("BLMPOP", timeout, keys, side, maybe(count))) },
}
