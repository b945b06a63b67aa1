-- Iterators over keys, hashes, sets and sorted sets: `for key in s:scan{ match = "user:*" } do`. A table among the
-- arguments is what makes SCAN an iterator; otherwise it is the command, with its cursor. Of stores, nodes and clients.
--
-- It promises what SCAN does: what is there from the beginning to the end comes at least once, what comes or goes
-- meanwhile may come or not, and nothing stands in the way of changes on the way. A failure (a key of another type, a
-- node that is down) is raised, as io.lines does: a loop has no other way to say that there is more to come. What is
-- raised is an error object, with `message` and `code`.

local commands = require "tidelock.commands"
local errors = require "tidelock.errors"
local options = require "tidelock.options"

-- The words of the command behind the cursor.
local function words_of(match, kind, count)
  local words = {}
  local function add(name, value)
    if value == nil then return end
    words[#words + 1] = name
    words[#words + 1] = value
  end
  add("MATCH", match)
  add("TYPE", kind)
  add("COUNT", count)
  return words
end

-- What a step yields, by how many elements of a reply make one.
local function one(list, at) return list[at] end
local function field_and_value(list, at) return list[at], list[at + 1] end

local SCORES = { ["inf"] = math.huge, ["-inf"] = -math.huge }

local function member_and_score(list, at)
  local member, text = list[at], list[at + 1]
  if member == nil then return nil end
  return member, SCORES[text] or tonumber(text) + 0.0
end

-- Goes over all pages. `command`: the words before the cursor.
local function iterator(self, command, words, step, element)
  local cursor, list, position = "0", {}, 1
  local count = #command
  local request = table.move(words, 1, #words, count + 2, table.move(command, 1, count, 1, {}))
  local function fetch()
    request[count + 1] = cursor
    local reply, message, code = self:call(table.unpack(request, 1, count + 1 + #words))
    if not reply then error(errors.object(message, code), 0) end
    cursor, list, position = reply[1], reply[2], 1
    if cursor == "0" then cursor = nil end
  end
  return function()
    while list[position] == nil do
      if not cursor then return nil end
      fetch()
    end
    position = position + step
    return element(list, position - step)
  end
end

-- The command itself, with its cursor.
local function page(self, ...)
  local words = commands.words(2, ...)
  return self:call(table.unpack(words, 1, words.n))
end

-- ---- the methods ----------------------------------------------------------------------------------------------------

local NAMES = options.names("match", "count")
local KEY_NAMES = options.names("match", "count", "type")

local scans = {}

---The keys, one at a time: `for key in s:scan{ match = "user:*", type = "hash" } do`. With a cursor in place of the
---table: the command, one page.
---@param ... tidelock.ScanOptions|tidelock.Word
---@return fun(): string?
function scans:scan(...)
  local given = ...
  if type(given) ~= "table" then return page(self, "SCAN", ...) end
  options.check("scan", given, KEY_NAMES)
  local words = words_of(options.text("scan", given, "match"), options.text("scan", given, "type"),
    options.integer("scan", given, "count"))
  return iterator(self, { "SCAN" }, words, 1, one)
end

-- HSCAN, SSCAN, ZSCAN
local function scan_of_key(name, step, element)
  local what = name:lower()
  scans[what] = function(self, ...)
    local key, given = ...
    if type(given) ~= "table" then return page(self, name, ...) end
    local kind = type(key)
    if kind ~= "string" and kind ~= "number" then error(("%s: key: string expected, got %s"):format(what, kind), 2) end
    options.check(what, given, NAMES)
    local words = words_of(options.text(what, given, "match"), nil, options.integer(what, given, "count"))
    return iterator(self, { name, key }, words, step, element)
  end
end

scan_of_key("HSCAN", 2, field_and_value)
scan_of_key("SSCAN", 1, one)
scan_of_key("ZSCAN", 2, member_and_score)

return scans
