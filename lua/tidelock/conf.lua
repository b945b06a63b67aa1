-- Redis's configuration: files and command lines, as a list of { name, value }.
--
-- A line is a name and words; words may be quoted: "with \n and \x00" or 'plain, with \' alone'. Several words are one
-- value with blanks in between, except that an empty one stays empty (`save ""`).

local glob = require "posix.glob"

local conf = {}

local ESCAPES = { n = "\n", r = "\r", t = "\t", b = "\b", a = "\a" }

-- a double-quoted word that begins at `at` (after the quote): the word and where it ends
local function double_quoted(line, at)
  local word = {}
  while at <= #line do
    local hex = line:match("^\\x(%x%x)", at)
    local c = line:sub(at, at)
    if hex then
      word[#word + 1] = string.char(tonumber(hex, 16))
      at = at + 4
    elseif c == "\\" and at < #line then
      local escaped = line:sub(at + 1, at + 1)
      word[#word + 1] = ESCAPES[escaped] or escaped
      at = at + 2
    elseif c == '"' then
      return table.concat(word), at + 1
    else
      word[#word + 1] = c
      at = at + 1
    end
  end
end

local function single_quoted(line, at)
  local word = {}
  while at <= #line do
    if line:sub(at, at + 1) == "\\'" then
      word[#word + 1] = "'"
      at = at + 2
    elseif line:sub(at, at) == "'" then
      return table.concat(word), at + 1
    else
      word[#word + 1] = line:sub(at, at)
      at = at + 1
    end
  end
end

---The words of a line; nil where a quote is not closed or something follows it without a blank.
---@param line string
---@return string[]?
function conf.words(line)
  local words, at = {}, 1
  while true do
    at = line:find("%S", at)
    if not at then return words end
    local quote = line:sub(at, at)
    local word
    if quote == '"' then
      word, at = double_quoted(line, at + 1)
    elseif quote == "'" then
      word, at = single_quoted(line, at + 1)
    else
      word, at = line:match("^(%S+)()", at)
    end
    if not word or line:find("^%S", at) then return nil end
    words[#words + 1] = word
  end
end

-- parameters of which every mention adds to the value
local ADDS = { save = true, ["client-output-buffer-limit"] = true, ["rename-command"] = true }

local function set(names)
  local members = {}
  for name in names:gmatch "%S+" do members[name] = true end
  return members
end

-- parameters whose value is any number of words; of all others it is one
local MANY = set [[
  bind save client-output-buffer-limit replicaof latency-tracking-info-percentiles oom-score-adj-values sync-replicas
  shutdown-on-sigint shutdown-on-sigterm user rename-command loadmodule
]]

-- parameters that may stand alone: nothing
local EMPTY = set "save bind shutdown-on-sigint shutdown-on-sigterm"

-- A name among others: the empty one has quotes, and what cannot be a command's name is none that there is.
local function names_word(word)
  return word == "" and '""' or (word:gsub("[%s%c]", "?"))
end

-- Adds a parameter to a list in which each name stands once: a later value takes the place of an earlier one. Nil and
-- why not.
local function add(list, name, values, where, line)
  name = name:lower()
  if name == "slaveof" then name = "replicaof" end
  local count = #values
  local host_alone = name == "replicaof" and count == 1 and not values[1]:find " "
  if count == 0 and not EMPTY[name] or count > 1 and not MANY[name] or host_alone then
    return nil, ("%s: '%s': wrong number of arguments"):format(where, line)
  end
  if name == "rename-command" then
    if count ~= 2 then return nil, ("%s: '%s': wrong number of arguments"):format(where, line) end
    values = { names_word(values[1]), names_word(values[2]) }
  end
  local value = table.concat(values, " ")
  for i, parameter in ipairs(list) do
    if parameter[1] == name and name ~= "user" then
      if ADDS[name] and value ~= "" and parameter[2] ~= "" then value = parameter[2] .. " " .. value end
      table.remove(list, i)
      break
    end
  end
  list[#list + 1] = { name, value, where = where, line = line }
  return true
end

-- The files that `include` means: of a pattern those there are, by name.
local function included(path)
  if not path:find "[*?%[]" then return { path } end
  return glob.glob(path, 0) or {}
end

-- A file's `include`: each file once within itself, or there would be no end.
local function include(list, pattern, where, within)
  for _, path in ipairs(included(pattern)) do
    if within[path] then return nil, ("%s: '%s' includes itself"):format(where, path) end
    local done, message = conf.read_file(list, path, within)
    if not done then return nil, where .. ": " .. message end
  end
  return true
end

---Reads the text of a configuration file into `list`.
---@param list table[] of { name, value, where =, line = }
---@param text string
---@param file string its name, for messages
---@param within? table<string, true> the files that include it, and itself
---@return true|nil, string? message
function conf.read(list, text, file, within)
  local number = 0
  for line in (text .. "\n"):gmatch "(.-)\r?\n" do
    number = number + 1
    local where = ("%s:%d"):format(file, number)
    if line:find "%S" and not line:find "^%s*#" then
      local words = conf.words(line)
      if not words then return nil, where .. ": unbalanced quotes" end
      local name, values = words[1], table.move(words, 2, #words, 1, {})
      local done, message
      if name:lower() == "include" and #values == 1 then
        done, message = include(list, values[1], where, within or {})
      else
        done, message = add(list, name, values, where, line:match "^%s*(.-)%s*$")
      end
      if not done then return nil, message end
    end
  end
  return true
end

---Reads a configuration file; "-" is stdin.
---@param list table[]
---@param path string
---@param within? table<string, true> the files that include it
---@return true|nil, string? message
function conf.read_file(list, path, within)
  local file, message = io.stdin, nil
  if path ~= "-" then file, message = io.open(path, "r") end
  if not file then return nil, message end
  local text
  text, message = file:read "a"
  if path ~= "-" then file:close() end
  if not text then return nil, ("%s: %s"):format(path, message) end
  within = within or {}
  within[path] = true
  local done
  done, message = conf.read(list, text, path, within)
  within[path] = nil
  return done, message
end

local COMMAND_LINE = "command line"

-- An option as a line says it.
local function line_of(name, values)
  local words = { name }
  for _, value in ipairs(values) do words[#words + 1] = ("%q"):format(value) end
  return table.concat(words, " ")
end

-- The next option of a command line: its name and values, and where the one after it begins. What follows a name is its
-- value, whatever it looks like; a name and its values may also be one word, as in "--port 6379".
local function option(words, at)
  local name = words[at]:match "^%-%-(.*)$"
  local values = conf.words(name or words[at]) -- also without --, if it is the first
  if not values then return nil end
  name = table.remove(values, 1) or ""
  at = at + 1
  local alone = #values > 0 or (name:lower() == "save" and words[at] and words[at]:find "^%-%-")
  while words[at] and not (words[at]:find "^%-%-" and (alone or #values > 0)) do
    values[#values + 1] = words[at]
    at = at + 1
  end
  return name, values, at
end

---Reads a command line: an optional configuration file, then `--name value …`.
---@param words string[]
---@return table[]|nil list, string? message, string? file the configuration file, unless it is stdin
function conf.command_line(words)
  local list, at, file = {}, 1, nil
  if words[1] and not words[1]:find "^%-%-" then
    local done, message = conf.read_file(list, words[1])
    if not done then return nil, message end
    at = 2
    if words[1] ~= "-" then file = words[1] end
  end
  while at <= #words do
    local name, values, next_at = option(words, at)
    if not name then return nil, ("%s: '%s': unbalanced quotes"):format(COMMAND_LINE, words[at]) end
    local done, message = add(list, name, values, COMMAND_LINE, line_of(name, values))
    if not done then return nil, message end
    at = next_at
  end
  return list, nil, file
end

return conf
