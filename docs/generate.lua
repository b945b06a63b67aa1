-- Writes what is made from the table of commands, as COMMAND DOCS tells it: the reference docs/commands.md, and
-- annotations for editors of the data commands that have none written by hand (lua/tidelock/meta/generated.lua).
--
--   build/tidelock run docs/generate.lua           (make docs) writes them
--   build/tidelock run docs/generate.lua --check   says which of them are not as they would be written; status 1

local tidelock = require "tidelock"
local differences = require "docs.differences"

local PAGE, ANNOTATIONS = "docs/commands.md", "lua/tidelock/meta/generated.lua"

local GROUPS = {
  { "string", "Strings" }, { "bitmap", "Bitmaps" }, { "hash", "Hashes" }, { "list", "Lists" }, { "set", "Sets" },
  { "sorted-set", "Sorted sets" }, { "stream", "Streams" }, { "generic", "Keys" }, { "pubsub", "Publish, subscribe" },
  { "transactions", "Transactions" }, { "connection", "Connections" }, { "server", "The server" },
  { "scripting", "Words for scripts" }, { "cluster", "Words for a cluster" },
}

local function has_flag(argument, flag)
  for _, one in ipairs(argument.flags or {}) do
    if one == flag then return true end
  end
  return false
end

local function sorted_keys(map)
  local keys = {}
  for key in pairs(map) do keys[#keys + 1] = key end
  table.sort(keys)
  return keys
end

-- ---- syntax ---------------------------------------------------------------------------------------------------------

local syntax

-- an argument, without the brackets of an optional one
local function plain(argument)
  local kind = argument.type
  if kind == "pure-token" then return argument.token ~= "" and argument.token or "\"\"" end
  local text
  if kind == "oneof" then
    local words = {}
    for i, choice in ipairs(argument.arguments) do words[i] = plain(choice) end
    text = table.concat(words, " | ")
    if not has_flag(argument, "optional") or argument.token then text = "<" .. text .. ">" end
  elseif kind == "block" then
    text = syntax(argument.arguments)
  else
    text = argument.name
  end
  local once = argument.token and argument.token .. " " .. text or text
  if not has_flag(argument, "multiple") then return once end
  local again = has_flag(argument, "multiple_token") and once or text
  return ("%s [%s ...]"):format(once, again)
end

function syntax(arguments)
  local words = {}
  for i, argument in ipairs(arguments or {}) do
    local text = plain(argument)
    words[i] = has_flag(argument, "optional") and "[" .. text .. "]" or text
  end
  return table.concat(words, " ")
end

-- ---- the page -------------------------------------------------------------------------------------------------------

local function differences_by_command()
  local by_name = {}
  for _, row in ipairs(differences) do
    for name in row[1]:gmatch "%S+" do by_name[name] = by_name[name] and by_name[name] .. " " .. row[2] or row[2] end
  end
  return by_name
end

local function sentence(text)
  return (text:gsub("([^.])$", "%1."))
end

-- one command, or one subcommand
local function entry(out, name, docs)
  local words = name:gsub("|", " "):upper()
  local signature = syntax(docs.arguments)
  out[#out + 1] = ("`%s`  "):format(signature == "" and words or words .. " " .. signature)
  out[#out + 1] = sentence(docs.summary)
  out[#out + 1] = ("*Since %s. %s*"):format(docs.since, sentence(docs.complexity or ""))
  if docs.replaced_by then
    out[#out + 1] = ("*Deprecated since %s: use %s.*"):format(docs.deprecated_since, docs.replaced_by)
  end
  out[#out + 1] = ""
  for _, change in ipairs(docs.history or {}) do out[#out + 1] = ("- %s: %s"):format(change[1], sentence(change[2])) end
  if docs.history then out[#out + 1] = "" end
end

local function page(commands)
  local out = {
    "# Commands", "",
    "Made by `make docs` from the table that `COMMAND DOCS` reads and from [differences.lua](differences.lua): what",
    "is not as in Redis 7.0 stands with the command. The rest is in [server.md](server.md). In Lua a command is a",
    "method by its name in lower case: `s:zadd(\"z\", 1, \"m\")`, `s:object(\"ENCODING\", \"z\")`.", "",
  }
  local known, different = {}, differences_by_command()
  for _, group in ipairs(GROUPS) do
    known[group[1]] = true
    out[#out + 1] = "## " .. group[2]
    out[#out + 1] = ""
    for _, name in ipairs(sorted_keys(commands)) do
      local docs = commands[name]
      if docs.group == group[1] then
        out[#out + 1] = "### " .. name:upper()
        out[#out + 1] = ""
        if not docs.subcommands then entry(out, name, docs) end
        for _, subcommand in ipairs(sorted_keys(docs.subcommands or {})) do
          entry(out, subcommand, docs.subcommands[subcommand])
        end
        if different[name] then
          out[#out + 1] = "**Unlike Redis:** " .. different[name]
          out[#out + 1] = ""
        end
        different[name] = nil
      end
    end
  end
  for name, docs in pairs(commands) do assert(known[docs.group], name .. ": unknown group " .. tostring(docs.group)) end
  assert(not next(different), "a difference of no command: " .. tostring(next(different)))
  out[#out] = nil
  return table.concat(out, "\n") .. "\n"
end

-- ---- annotations ----------------------------------------------------------------------------------------------------

local function annotated_by_hand()
  local names = {}
  for _, file in ipairs { "batches", "commands", "hashes", "lists", "sets", "streams", "zsets" } do
    for line in io.lines("lua/tidelock/meta/" .. file .. ".lua") do
      local name = line:match "^function Commands:([%w_]+)"
      if name then names[name] = true end
    end
  end
  return names
end

-- the leading arguments that are always there, once each, and what follows them
local function parameters(docs)
  local names, used = {}, {}
  for i, argument in ipairs(docs.arguments or {}) do
    local simple = not argument.flags and not argument.token and argument.type ~= "oneof" and argument.type ~= "block"
    local name = argument.name:gsub("[^%w]", "_")
    if name == "end" then name = "stop" end
    if not simple or used[name] then return names, syntax { table.unpack(docs.arguments, i) } end
    names[#names + 1], used[name] = name, true
  end
  return names
end

local function annotations(store, commands)
  local out, by_hand = {
    "---@meta tidelock.meta.generated",
    "-- Data commands as methods, for editors: made by `make docs` from the table of commands. Never loaded.",
    "", "---@class tidelock.Commands", "local Commands = {}", "",
  }, annotated_by_hand()
  local names = store:call("COMMAND", "LIST")
  table.sort(names)
  for _, name in ipairs(names) do
    local docs = commands[name]
    if docs and not by_hand[name] and name:match "^[%l_]+$" then
      out[#out + 1] = "---" .. sentence(docs.summary)
      local names_of, rest = parameters(docs)
      if docs.subcommands then rest = "subcommand ..." end
      for _, parameter in ipairs(names_of) do out[#out + 1] = ("---@param %s tidelock.Word"):format(parameter) end
      if rest then
        if #rest > 90 then rest = rest:sub(1, 86) .. " ..." end
        out[#out + 1] = "---@param ... tidelock.Word " .. rest
        names_of[#names_of + 1] = "..."
      end
      out[#out + 1] = "---@return tidelock.Reply, string? message, string? code"
      out[#out + 1] = ("function Commands:%s(%s) end"):format(name, table.concat(names_of, ", "))
      out[#out + 1] = ""
    end
  end
  out[#out] = nil
  return table.concat(out, "\n") .. "\n"
end

-- ---- files ----------------------------------------------------------------------------------------------------------

local function read(path)
  local file <close> = io.open(path, "rb")
  return file and file:read "a"
end

local function write(path, text)
  local file <close> = assert(io.open(path, "wb"))
  assert(file:write(text))
end

local world <close> = tidelock.sim()
local store <close> = tidelock.store()
local commands = world:node { name = "a" }:call("COMMAND", "DOCS")
local stale = 0
for path, text in pairs { [PAGE] = page(commands), [ANNOTATIONS] = annotations(store, commands) } do
  if read(path) ~= text then
    stale = stale + 1
    if ... == "--check" then
      print(path .. " is not what the table of commands says: make docs")
    else
      write(path, text)
    end
  end
end
if ... == "--check" and stale > 0 then os.exit(1, true) end
