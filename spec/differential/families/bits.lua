-- Bits of strings: one by one, counted, looked for, combined, and as fields.

local function key(d) return d:key "b" end

local function offset(d)
  if d:once_in(30) then return d:one_of { "4294967295", "4294967296", "-1", "x", "9223372036854775807", "65536" } end
  return d:integer(0, 300)
end

-- one that does not make a string of half a gigabyte
local function small_offset(d)
  local drawn = offset(d)
  local number = tonumber(drawn)
  return number and number > 65536 and number < 4294967296 and "1" or drawn
end

local function bit(d) return d:once_in(20) and d:one_of { "2", "-1", "x", "" } or tostring(d:between(0, 1)) end

local function index(d) return d:integer(-40, 40) end

local function unit(d) return d:once_in(15) and "BYTES" or d:word(d:one_of { "BIT", "BYTE" }) end

local function range(d, words)
  for _ = 1, d:one_of { 0, 1, 2, 2, 3 } do
    words[#words + 1] = #words == 4 + (words[1] == "BITPOS" and 1 or 0) and unit(d) or index(d)
  end
  return words
end

local function combine(d)
  local name = d:one_of { "AND", "OR", "XOR", "NOT", "AND", "OR", "XOR", "NAND" }
  return { "BITOP", d:word(name), key(d), table.unpack(d:some(1, name == "NOT" and 1 or 4, key)) }
end

-- ---- fields ---------------------------------------------------------------------------------------------------------

local function width(d)
  if d:once_in(20) then return d:one_of { "u64", "i65", "u0", "i", "x8", "", "U8", "u-1" } end
  return d:one_of { "u", "i" } .. d:one_of { 1, 2, 3, 5, 8, 13, 16, 31, 32, 33, 63 }
end

local function place(d)
  if d:once_in(20) then return d:one_of { "#", "-1", "#-1", "x", "4294967296", "#4294967296" } end
  return (d:once_in(2) and "#" or "") .. d:between(0, 40)
end

-- none of which a signed field of any width is too far from: see docs/server.md, differences
local function number(d)
  local drawn = d:integer(-300, 300)
  if drawn == "-9223372036854775808" then return "0" end
  return d:once_in(3) and d:one_of { "9223372036854775807", "-4611686018427387904", "-1", "255", "-129", "x" } or drawn
end

local function add(words, ...)
  return table.move({ ... }, 1, select("#", ...), #words + 1, words)
end

local OPERATIONS = {
  function(d, words) add(words, d:word "GET", width(d), place(d)) end,
  function(d, words) add(words, d:word "SET", width(d), place(d), number(d)) end,
  function(d, words) add(words, d:word "INCRBY", width(d), place(d), number(d)) end,
  function(d, words)
    add(words, d:word "OVERFLOW", d:once_in(20) and "NONE" or d:word(d:one_of { "WRAP", "SAT", "FAIL" }))
  end,
}

local function fields(d)
  local words = { "BITFIELD", key(d) }
  for _ = 1, d:between(0, 5) do d:one_of(OPERATIONS)(d, words) end
  return words
end

local function fields_read(d)
  local words = { "BITFIELD_RO", key(d) }
  for _ = 1, d:between(0, 4) do OPERATIONS[d:once_in(20) and 2 or 1](d, words) end
  return words
end

return {
  { 6, function(d) return { "SETBIT", key(d), small_offset(d), bit(d) } end },
  { 4, function(d) return { "GETBIT", key(d), offset(d) } end },
  { 2, function(d) return { "SET", key(d), d:bytes(d:between(0, 40)) } end },
  { 1, function(d) return { "SETRANGE", key(d), d:integer(0, 40), d:one_of { "\xff\xff", "\0", "\xff\0\xff" } } end },
  { 1, function(d) return { "SET", key(d), d:integer() } end },
  { 4, function(d) return range(d, { "BITCOUNT", key(d) }) end },
  { 5, function(d) return range(d, { "BITPOS", key(d), bit(d) }) end },
  { 4, combine },
  { 8, fields },
  { 3, fields_read },
  { 1, function(d) return { "GET", key(d) } end },
}
