-- Commands that wait for a key, and what happens to such keys meanwhile: one connection waits, the other runs
-- commands of the type and in the end puts something there. What the one that waited is told is compared.
-- (Who of several is served first: spec/server/blocking_spec.lua.)

local POOLS = {}
for _, name in ipairs { "lists", "zsets", "streams", "keys" } do
  POOLS[name] = require("spec.differential.families." .. name)
end

-- two keys of a type, which nothing is at when the waiting begins
local function keys(prefix)
  return function(d) return { prefix .. d:between(1, 3), prefix .. d:between(4, 6) } end
end

local function side(d) return d:one_of { "LEFT", "RIGHT" } end
local function extreme(d) return d:one_of { "MIN", "MAX" } end
local function count(d) return d:once_in(2) and { "COUNT", tostring(d:between(1, 4)) } or {} end

-- A key that is waited for gets what another name had, of another type. Of a command that overwrites that with the
-- right type (ZDIFFSTORE) who waits is told by ours, as by Redis since 7.2, and by 7.0 not.
local function brings_another_type(command, prefix)
  local from, to = command[2], command[3]
  return to and to:sub(1, 1) == prefix and from:sub(1, 1) ~= prefix
end

-- what is run meanwhile: of the type, about keys in general, now and then within MULTI
local function meanwhile(d, pool, all)
  local steps = {}
  local function add(words, how) steps[#steps + 1] = { command = words, how = how } end
  for _ = 1, d:between(0, 4) do
    local general = d:once_in(4)
    local row = d:one_of(general and POOLS.keys or POOLS[pool])
    local command = row[2](d)
    local other = general and brings_another_type(command, all[1]:sub(1, 1))
    if not command.after and not other then add(command, row[3]) end
  end
  if #steps > 0 and d:once_in(4) then
    for _, step in ipairs(steps) do step.how = "shape" end
    table.insert(steps, 1, { command = { "MULTI" } })
    add({ "EXEC" }, "shape")
  end
  add { "DEL", table.unpack(all) }
  return steps
end

local function join(words, more) return table.move(more, 1, #more, #words + 1, words) end

-- `make(d, keys)`: the words; `fill(d, key)`: a command that ends the waiting
local function waits(prefix, pool, make, fill, before)
  local draw_keys = keys(prefix)
  return function(d)
    local all = draw_keys(d)
    local words = make(d, all)
    words.whole = true
    words.before = { { "DEL", table.unpack(all) } }
    if before then join(words.before, before(all)) end
    words.during = meanwhile(d, pool, all)
    for _, command in ipairs(fill(d, d:one_of(all))) do
      words.during[#words.during + 1] = { command = command, how = "exact" }
    end
    return words
  end
end

-- What is at the keys by then, of whatever type, is put out of the way first. All six are filled in the end: a key that
-- was waited for is among them.
local function with_cleared(fills, prefix)
  local clear = { "DEL" }
  for i = 1, 6 do clear[i + 1] = prefix .. i end
  return join({ clear }, fills)
end

local function list_waits(make)
  return waits("l", "lists", make, function(d, key)
    local values = d:some(1, 4, function() return d:value() end)
    local fills = { { d:one_of { "RPUSH", "LPUSH" }, key, table.unpack(values) } }
    for i = 1, 6 do fills[#fills + 1] = { "RPUSH", "l" .. i, "end" } end
    return with_cleared(fills, "l")
  end)
end

local function zset_waits(make)
  return waits("z", "zsets", make, function(d, key)
    local fills = { { "ZADD", key, tostring(d:between(-5, 5)), "a", tostring(d:between(-5, 5)), "b" } }
    for i = 1, 6 do fills[#fills + 1] = { "ZADD", "z" .. i, "1", "end" } end
    return with_cleared(fills, "z")
  end)
end

local function stream_waits(make, before)
  return waits("t", "streams", make, function(d, key)
    local fills = { { "XADD", key, "MAXLEN", "5", "900-1", "f", d:value() } }
    for i = 1, 6 do fills[#fills + 1] = { "XADD", "t" .. i, "1000-1", "f", "end" } end
    return with_cleared(fills, "t")
  end, before)
end

local function groups(all)
  local commands = {}
  for i, key in ipairs(all) do commands[i] = { "XGROUP", "CREATE", key, "g", "$", "MKSTREAM" } end
  return commands
end

return {
  alone = "waits", -- both connections stay in one database
  { 3, list_waits(function(d, k) return { d:one_of { "BLPOP", "BRPOP" }, k[1], k[2], "0" } end) },
  { 2, list_waits(function(d, k) return { "BLMOVE", k[1], d:key "l", side(d), side(d), "0" } end) },
  { 1, list_waits(function(d, k) return { "BRPOPLPUSH", k[1], d:key "l", "0" } end) },
  { 2, list_waits(function(d, k) return join({ "BLMPOP", "0", "2", k[1], k[2], side(d) }, count(d)) end) },
  { 3, zset_waits(function(d, k) return { d:one_of { "BZPOPMIN", "BZPOPMAX" }, k[1], k[2], "0" } end) },
  { 2, zset_waits(function(d, k) return join({ "BZMPOP", "0", "2", k[1], k[2], extreme(d) }, count(d)) end) },
  { 2, stream_waits(function(_, k) return { "XREAD", "BLOCK", "0", "STREAMS", k[1], k[2], "$", "$" } end) },
  { 2, stream_waits(function(_, k)
    return { "XREADGROUP", "GROUP", "g", "alice", "BLOCK", "0", "STREAMS", k[1], k[2], ">", ">" }
  end, groups) },
  { 1, function(d) return { "DEL", d:key "l", d:key "z", d:key "t" } end },
}
