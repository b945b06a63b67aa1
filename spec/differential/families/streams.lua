-- Streams and their consumer groups. IDs are small and given: what `*` makes of the time two servers do not share. Only
-- where the last ID lies in the future (keys "tf") does `*` say the same on both. Idle times are given too, as minutes
-- that have passed or as hours that have not.

local function key(d) return d:key "t" end
local function group(d) return d:once_in(15) and "nosuch" or d:one_of { "g", "h", "group" } end
local function consumer(d) return d:one_of { "alice", "bob", "carol", "" } end

local ODD_IDS = { "", "-", "+", "$", ">", "*", "0", "0-0", "5-", "-5", "1-*", "99-*", "*-1", "5-a", "a-5", "007-01",
  "+5-+3",
  " 5- 3", "5-5-5", "18446744073709551615-18446744073709551615", "18446744073709551615-18446744073709551614",
  "18446744073709551615", "18446744073709551616", "9223372036854775807-9223372036854775808", "(5", "(0-0", "(+", "5\0x",
  "0-18446744073709551615", "(18446744073709551615-18446744073709551615", "--05" }

-- an ID that may be there
local function id(d)
  if d:once_in(25) then return d:one_of(ODD_IDS) end
  if d:once_in(4) then return tostring(d:between(0, 40)) end
  return ("%d-%d"):format(d:between(0, 40), d:between(0, 3))
end

-- an ID for XADD: mostly above what is there
local function new_id(d)
  if d:once_in(30) then return d:one_of(ODD_IDS) end
  if d:once_in(4) then return ("%d-*"):format(d:between(1, 40)) end
  return ("%d-%d"):format(d:between(1, 40), d:between(0, 9))
end

local function bound(d)
  if d:once_in(3) then return d:one_of { "-", "+" } end
  return (d:once_in(6) and "(" or "") .. id(d)
end

local function count(d) return d:integer(0, 12) end
-- how many entries there were: not more than can be counted on
local function counter(d)
  if d:once_in(15) then return d:one_of { "-2", "-1", "", "abc", "1.5", "9223372036854775808" } end
  return tostring(d:between(0, 60))
end
local function sign(d) return d:one_of { "~", "=", "~", "" } end

-- words, some of them functions; "" from a function is left out
local function words(...)
  local makers = { ... }
  return function(d)
    local list = {}
    for _, make in ipairs(makers) do
      local word = type(make) == "function" and make(d) or make
      if word ~= "" or make == id or make == consumer then list[#list + 1] = word end
    end
    return list
  end
end

local function add_pairs(d, list)
  local names = d:once_in(3) and { "x", "y", "7", "z" } or { "temp", "host" }
  for i = 1, d:once_in(4) and d:between(1, 4) or 2 do
    list[#list + 1] = names[i] or d:value()
    list[#list + 1] = d:value()
  end
  if d:once_in(40) then list[#list] = nil end
  return list
end

local function trimming(d, list)
  if not d:once_in(4) then return list end
  list[#list + 1] = d:word(d:once_in(3) and "MINID" or "MAXLEN")
  local is_id = list[#list]:upper() == "MINID"
  local s = sign(d)
  if s ~= "" then list[#list + 1] = s end
  list[#list + 1] = is_id and id(d) or d:integer(0, 30)
  if d:once_in(5) then
    list[#list + 1] = d:word "LIMIT"
    list[#list + 1] = d:integer(0, 30)
  end
  return list
end

local function xadd(d)
  local list = { "XADD", key(d) }
  if d:once_in(12) then list[#list + 1] = d:word "NOMKSTREAM" end
  trimming(d, list)
  if d:once_in(60) then trimming(d, list) end
  list[#list + 1] = new_id(d)
  if list[#list] == "*" then list[#list] = "+" end
  return add_pairs(d, list)
end

-- where the last ID is in the future; with NOMKSTREAM, so that it surely is
local function xadd_in_the_future(d)
  if d:once_in(3) then return add_pairs(d, { "XADD", "tf", ("9999999999999-%d"):format(d:between(1, 99)) }) end
  return add_pairs(d, { "XADD", "tf", "NOMKSTREAM", "*" })
end

local function many(name, low, high, make, ...)
  local before = words(...)
  return function(d)
    local list = { name, table.unpack(before(d)) }
    for _, word in ipairs(d:some(low, high, make)) do list[#list + 1] = word end
    return list
  end
end

local function streams_of(d, list, ids)
  local n = d:once_in(3) and d:between(1, 3) or 1
  list[#list + 1] = d:word "STREAMS"
  for _ = 1, n do list[#list + 1] = key(d) end
  for _ = 1, n do list[#list + 1] = ids(d) end
  if d:once_in(50) then list[#list] = nil end
  return list
end

local function xread(d)
  return streams_of(d, d:options({ "XREAD" }, { { "COUNT", count } }), function()
    return d:once_in(8) and "$" or id(d)
  end)
end

local function xreadgroup(d)
  local list = { "XREADGROUP", d:word "GROUP", group(d), consumer(d) }
  if d:once_in(2) then list[#list + 1], list[#list + 2] = "COUNT", count(d) end
  if d:once_in(6) then list[#list + 1] = d:word "NOACK" end
  if d:once_in(60) then table.remove(list, d:between(2, 4)) end
  return streams_of(d, list, function() return d:once_in(3) and id(d) or ">" end)
end

-- idle times that are surely over, or surely not
local function min_idle(d) return d:one_of { "0", "0", "0", "3600000", "-5", "abc", "100000000" } end
local function idle(d) return d:one_of { "0", "7200000", "60000", "abc" } end

local function xclaim(d)
  local list = { "XCLAIM", key(d), group(d), consumer(d), min_idle(d) }
  for _, word in ipairs(d:some(1, 5, id)) do list[#list + 1] = word end
  return d:options(list, { { "IDLE", idle }, { "RETRYCOUNT", count }, "FORCE", "JUSTID", { "LASTID", id } })
end

local function xautoclaim(d)
  local list = { "XAUTOCLAIM", key(d), group(d), consumer(d), min_idle(d), bound(d) }
  return d:options(list, { { "COUNT", count }, "JUSTID" })
end

local function xpending(d)
  local list = { "XPENDING", key(d), group(d) }
  if d:once_in(3) then return list end
  if d:once_in(4) then list[#list + 1], list[#list + 2] = "IDLE", min_idle(d) end
  for _, word in ipairs { bound(d), bound(d), count(d) } do list[#list + 1] = word end
  if d:once_in(3) then list[#list + 1] = consumer(d) end
  return list
end

local function xgroup_create(d)
  local list = { "XGROUP", "CREATE", key(d), group(d), d:once_in(3) and "$" or d:once_in(2) and "0" or id(d) }
  return d:options(list, { "MKSTREAM", { "ENTRIESREAD", counter } })
end

local function xgroup_setid(d)
  local list = { "XGROUP", "SETID", key(d), group(d), d:once_in(4) and "$" or id(d) }
  return d:options(list, { { "ENTRIESREAD", counter } })
end

local function xsetid(d)
  return d:options({ "XSETID", key(d), id(d) }, { { "ENTRIESADDED", counter },
    { "MAXDELETEDID", id } })
end

local function xinfo(d)
  local list = { "XINFO", "STREAM", key(d) }
  if d:once_in(2) then return list end
  list[#list + 1] = d:word "FULL"
  if d:once_in(2) then list[#list + 1], list[#list + 2] = "COUNT", count(d) end
  return list
end

return {
  { 30, xadd },
  { 4, xadd_in_the_future },
  { 4, words("XLEN", key) },
  { 7, many("XDEL", 1, 4, id, key) },
  { 4, function(d) return d:once_in(10) and { "XTRIM", key(d), d:value() } or trimming(d, { "XTRIM", key(d) }) end },
  { 6, words("XRANGE", key, bound, bound) },
  { 4, words("XRANGE", key, bound, bound, "COUNT", count) },
  { 4, words("XREVRANGE", key, bound, bound) },
  { 4, words("XREVRANGE", key, bound, bound, "COUNT", count) },
  { 8, xread },
  { 14, xreadgroup },
  { 9, xgroup_create },
  { 3, xgroup_setid },
  { 1, words("XGROUP", "DESTROY", key, group) },
  { 2, words("XGROUP", "CREATECONSUMER", key, group, consumer) },
  { 2, words("XGROUP", "DELCONSUMER", key, group, consumer) },
  { 6, many("XACK", 1, 4, id, key, group) },
  { 6, xclaim },
  { 4, xautoclaim },
  { 6, xpending, "pending" },
  { 2, xsetid },
  { 5, xinfo, "clock" },
  { 3, words("XINFO", "GROUPS", key) },
  { 2, words("XINFO", "CONSUMERS", key, group), "clock" },
  { 1, words("DEL", key) },
  { 1, words("COPY", key, key, "REPLACE") },
  { 1, words("EXPIRE", key, function(d) return d:seconds() end) },
  { 1, words("SET", key, "v") },
  { 1, words("TYPE", key) },
}
