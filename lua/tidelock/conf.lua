-- Redis's configuration: files and command lines, as a list of { name, value }.
--
-- A line is a name and words; words may be quoted: "with \n and \x00" or 'plain, with \' alone'. Several words are one
-- value with blanks in between, except that an empty one stays empty (`save ""`).

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
local ADDS = { save = true, ["client-output-buffer-limit"] = true }

-- parameters that may stand alone: nothing
local EMPTY = { save = true, bind = true }

-- Adds a parameter to a list in which each name stands once: a later value takes the place of an earlier one.
local function add(list, name, value, where)
  name = name:lower()
  if name == "slaveof" then name = "replicaof" end
  for i, parameter in ipairs(list) do
    if parameter[1] == name then
      if ADDS[name] and value ~= "" and parameter[2] ~= "" then value = parameter[2] .. " " .. value end
      table.remove(list, i)
      break
    end
  end
  list[#list + 1] = { name, value, where = where }
end

---Reads the text of a configuration file into `list`.
---@param list table[] of { name, value, where = }
---@param text string
---@param file string its name, for messages
---@return true|nil, string? message
function conf.read(list, text, file)
  local number = 0
  for line in (text .. "\n"):gmatch "(.-)\r?\n" do
    number = number + 1
    local where = ("%s:%d"):format(file, number)
    if line:find "%S" and not line:find "^%s*#" then
      local words = conf.words(line)
      if not words then return nil, where .. ": unbalanced quotes" end
      if #words < 2 and not EMPTY[words[1]:lower()] then
        return nil, ("%s: '%s': wrong number of arguments"):format(where, words[1])
      end
      if words[1]:lower() == "include" then
        local done, message = conf.read_file(list, words[2])
        if not done then return nil, where .. ": " .. message end
      else
        add(list, words[1], table.concat(words, " ", 2), where)
      end
    end
  end
  return true
end

---Reads a configuration file; "-" is stdin.
---@param list table[]
---@param path string
---@return true|nil, string? message
function conf.read_file(list, path)
  local file, message = io.stdin, nil
  if path ~= "-" then file, message = io.open(path, "r") end
  if not file then return nil, message end
  local text
  text, message = file:read "a"
  if path ~= "-" then file:close() end
  if not text then return nil, ("%s: %s"):format(path, message) end
  return conf.read(list, text, path)
end

---Reads a command line: an optional configuration file, then `--name value …`.
---@param words string[]
---@return table[]|nil list, string? message
function conf.command_line(words)
  local list, at = {}, 1
  if words[1] and not words[1]:find "^%-%-" then
    local done, message = conf.read_file(list, words[1])
    if not done then return nil, message end
    at = 2
  end
  while at <= #words do
    local name = words[at]:match "^%-%-(.+)$"
    if not name then return nil, ("'%s': an option begins with --"):format(words[at]) end
    local values = {}
    at = at + 1
    while words[at] and not words[at]:find "^%-%-." do
      values[#values + 1] = words[at]
      at = at + 1
    end
    if #values == 0 then return nil, ("--%s: a value is missing"):format(name) end
    add(list, name, table.concat(values, " "), "--" .. name)
  end
  return list
end

return conf
