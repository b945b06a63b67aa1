-- Replies as trees that keep their types, and what it means for two of them to be the same.
--
-- A scalar is a string: its type's character and its content ("+OK", ":1", "$bytes", "-ERR ..."); nulls are "$-", "*-"
-- and "_". An aggregate is a table of its elements with its type's character in `kind`.
--
-- How replies are compared (a command of a family says which; nothing: exactly):
--
--   unordered   elements in any order
--   pairs       pairs of elements (a map, or a flat array of them) in any order
--   scan        a cursor, and elements in any order; "scan pairs": pairs of them
--   shape       the same types and counts, whatever the contents: random choices, cursors
--   time        integers that may differ by a few seconds: remaining times to live
--   clock       exactly, but for moments in unix ms, and what follows "idle": they may differ by a few seconds
--   pending     of XPENDING: exactly, but for how long deliveries have been idle
--   error       both are errors or neither is
--   encoding    of a string: ours may be "int" where redis-server has "embstr" or "raw"; where SETBIT is among the
--               commands, "embstr" where redis-server has "raw"; of a sorted set: where SORT is, "listpack" where
--               redis-server has "skiplist" (see docs/server.md, differences)
--
-- EXEC's reply has an element for each queued command, compared as that command is.

local replies = { families = {} } -- those whose commands are compared: true by name

local TIME_SLACK = 20000

-- ---- reading --------------------------------------------------------------------------------------------------------

local read

local function aggregate(client, kind, count)
  if count < 0 then return kind .. "-" end
  local node = { kind = kind }
  for i = 1, count do node[i] = read(client) end
  return node
end

function read(client)
  local line = client:line()
  if not line then error("the connection ended", 0) end
  local kind = line:sub(1, 1)
  if kind == "$" or kind == "=" then
    local size = math.tointeger(line:sub(2))
    if size < 0 then return "$-" end
    return kind .. client:bytes(size + 2):sub(1, -3)
  elseif kind == "*" or kind == "~" or kind == ">" then
    return aggregate(client, kind, math.tointeger(line:sub(2)))
  elseif kind == "%" then
    return aggregate(client, kind, 2 * math.tointeger(line:sub(2)))
  end
  return line
end

---The next reply of a connection (spec/server/resp.lua).
replies.read = read

-- ---- showing --------------------------------------------------------------------------------------------------------

---A reply in one line.
function replies.show(node)
  if type(node) == "string" then
    local text = ("%q"):format(node:sub(1, 200)):gsub("\\\n", "\\n")
    return text
  end
  local parts = {}
  for i = 1, math.min(#node, 40) do parts[i] = replies.show(node[i]) end
  if #node > 40 then parts[#parts + 1] = ("... %d in all"):format(#node) end
  return node.kind .. "{ " .. table.concat(parts, ", ") .. " }"
end

-- ---- comparing ------------------------------------------------------------------------------------------------------

local function exact(a, b)
  if type(a) == "string" or type(b) == "string" then return a == b end
  if a.kind ~= b.kind or #a ~= #b then return false end
  for i = 1, #a do
    if not exact(a[i], b[i]) then return false end
  end
  return true
end

-- one text for a whole reply: what is sorted by
local function text_of(node)
  if type(node) == "string" then return node end
  local parts = { node.kind }
  for i, element in ipairs(node) do parts[i + 1] = text_of(element) end
  return table.concat(parts, "\0")
end

-- the elements, `width` at a time, as sorted texts
local function sorted(node, width)
  local texts = {}
  for i = 1, #node, width do
    local group = {}
    for j = i, math.min(i + width - 1, #node) do group[#group + 1] = text_of(node[j]) end
    texts[#texts + 1] = table.concat(group, "\1")
  end
  table.sort(texts)
  return table.concat(texts, "\2")
end

local function unordered_by(width)
  return function(a, b)
    if type(a) == "string" or type(b) == "string" then return a == b end
    return a.kind == b.kind and #a == #b and sorted(a, width) == sorted(b, width)
  end
end

local function scan_by(width)
  local unordered = unordered_by(width)
  return function(a, b)
    if type(a) == "string" or type(b) == "string" then return a == b end
    return a[1] == b[1] and #a == 2 and #b == 2 and unordered(a[2], b[2])
  end
end

local function shape(a, b)
  if type(a) == "string" and type(b) == "string" then
    if a:sub(1, 1) == "-" or b:sub(1, 1) == "-" then return a == b end
    return a:sub(1, 1) == b:sub(1, 1) and (#a == 2 and a:sub(2) == "-") == (#b == 2 and b:sub(2) == "-")
  end
  return type(a) == type(b) and a.kind == b.kind and #a == #b
end

local function time(a, b)
  if a == b then return true end
  local one, other = type(a) == "string" and a:match "^:(%d+)$", type(b) == "string" and b:match "^:(%d+)$"
  return one ~= nil and other ~= nil and math.abs(math.tointeger(one) - math.tointeger(other)) <= TIME_SLACK
end

-- exactly, but where `may_differ(a, b, parent, index)` says that a few seconds are no difference
local function exact_but(may_differ)
  local function same(a, b)
    if type(a) == "string" or type(b) == "string" then return a == b end
    if a.kind ~= b.kind or #a ~= #b then return false end
    for i = 1, #a do
      if not same(a[i], b[i]) and not (may_differ(a, i) and time(a[i], b[i])) then return false end
    end
    return true
  end
  return same
end

local clock = exact_but(function(node, i)
  local number = type(node[i]) == "string" and node[i]:match "^:(%d+)$"
  return number and (#number == 13 or node[i - 1] == "$idle")
end)

local pending = exact_but(function(node, i) return i == 3 and #node == 4 end)

local function is_error(node) return type(node) == "string" and node:sub(1, 1) == "-" end

local HOW = {
  exact = exact,
  unordered = unordered_by(1),
  pairs = unordered_by(2),
  scan = scan_by(1),
  ["scan pairs"] = scan_by(2),
  shape = shape,
  time = time,
  clock = clock,
  pending = pending,
  error = function(a, b) return is_error(a) == is_error(b) end,
  encoding = function(ours, theirs)
    return ours == theirs or ours == "$int" and (theirs == "$embstr" or theirs == "$raw")
      or replies.families.sort and ours == "$listpack" and theirs == "$skiplist"
      or replies.families.bits and ours == "$embstr" and theirs == "$raw"
  end,
}

---Whether two replies are the same in this sense.
---@param how? string
function replies.same(how, a, b)
  return HOW[how or "exact"](a, b)
end

---Whether the replies of EXEC are, where `hows[i]` is how the i-th queued command's are compared.
function replies.same_exec(hows, a, b)
  if type(a) == "string" or type(b) == "string" then return a == b end
  if a.kind ~= b.kind or #a ~= #b then return false end
  for i = 1, #a do
    if not replies.same(hows[i], a[i], b[i]) then return false end
  end
  return true
end

replies.is_error = is_error

return replies
