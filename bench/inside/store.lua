-- tidelock run bench/inside/store.lua KEYS WHICH: a store and a plain table, each given the same distinct keys in the
-- same random order and asked for them; millions of operations per second. WHICH: 0 or 1, who goes first.
--
-- A table hands out the string it was given. Whoever keeps bytes has to make a string of them, which Lua looks for
-- among all it has: the table is also asked for its values while each is made of bytes (`table_made`): the least that
-- this costs.

local tidelock = require "tidelock"

local count, which = math.tointeger(tonumber(arg[1])), arg[2]

local keys, values = {}, {}
math.randomseed(1)
for i = 1, count do keys[i], values[i] = ("key:%012d"):format(i), ("%032d"):format(i) end
for i = count, 2, -1 do
  local j = math.random(i)
  keys[i], keys[j] = keys[j], keys[i]
end

-- garbage is collected before, and is not during: the collector would only walk our own arrays again and again
local function rate(name, fn)
  collectgarbage()
  collectgarbage "stop"
  local began = os.clock()
  fn()
  print(("%s %.4f"):format(name, count / (os.clock() - began) / 1e6))
  collectgarbage "restart"
end

local function measure_store()
  local store = tidelock.store()
  rate("store_set", function()
    for i = 1, count do store:set(keys[i], values[i]) end
  end)
  rate("store_get", function()
    for i = 1, count do
      if store:get(keys[i]) ~= values[i] then error(keys[i]) end
    end
  end)
  store:close()
end

local function measure_table()
  local t = {}
  rate("table_set", function()
    for i = 1, count do t[keys[i]] = values[i] end
  end)
  rate("table_get", function()
    for i = 1, count do
      if t[keys[i]] ~= values[i] then error(keys[i]) end
    end
  end)
  local bytes, size, sub = table.concat(values), #values[1], string.sub
  rate("table_made", function()
    for i = 1, count do
      if t[keys[i]] ~= sub(bytes, (i - 1) * size + 1, i * size) then error(keys[i]) end
    end
  end)
end

local order = which == "1" and { measure_store, measure_table } or { measure_table, measure_store }
for _, measure in ipairs(order) do measure() end
