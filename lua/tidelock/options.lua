-- What constructors and methods are given: options in tables, addresses, the values of Redis's parameters. Everything
-- wrong with it is misuse and raises, naming what is wrong, at the caller of the function that asks.

local options = {}

---A set of names.
---@param ... string
---@return table<string, true>
function options.names(...)
  local names = {}
  for _, name in ipairs { ... } do names[name] = true end
  return names
end

---A table of options with known names only; nil stands for an empty one.
---@param what string who asks: "sim"
---@param given table|nil
---@param names table<string, true>
---@return table
function options.check(what, given, names)
  if given == nil then return {} end
  if type(given) ~= "table" then error(("%s: table of options expected, got %s"):format(what, type(given)), 3) end
  local unknown
  for name in next, given do
    -- of several the first one, whatever their order in the table
    if not names[name] and (not unknown or tostring(name) < unknown) then unknown = tostring(name) end
  end
  if unknown then error(("%s: unknown option '%s'"):format(what, unknown), 3) end
  return given
end

---An integer among options, not below `least` nor above `most`, if there are such limits.
function options.integer(what, given, name, default, least, most)
  local value = given[name]
  if value == nil then return default end
  local integer = math.type(value) and math.tointeger(value)
  if not integer then error(("%s: %s: integer expected, got %s"):format(what, name, tostring(value)), 3) end
  if least and integer < least or most and integer > most then
    error(("%s: %s: %d is not %s"):format(what, name, integer,
      most and ("between %d and %d"):format(least, most) or ("at least %d"):format(least)), 3)
  end
  return integer
end

---A string among options.
function options.text(what, given, name)
  local value = given[name]
  if value ~= nil and type(value) ~= "string" then
    error(("%s: %s: string expected, got %s"):format(what, name, type(value)), 3)
  end
  return value
end

---A duration in milliseconds.
function options.duration(what, name, value)
  if type(value) ~= "number" then
    error(("%s: %s: number of milliseconds expected, got %s"):format(what, name, type(value)), 3)
  elseif not (value >= 0 and value <= 9e12) then
    error(("%s: %s: %s is not a duration in milliseconds"):format(what, name, value), 3)
  end
  return value
end

---The host and port a script means: anything with `host` and `port` (a node), "host:port", "redis://host:port" or
---"host port".
---@param what string who asks
---@param target any
---@return string host, integer port
function options.address(what, target)
  local host, port
  if type(target) == "string" then
    local text = target:gsub("^rediss?://", ""):gsub("/.*$", "")
    host, port = text:match "^%[?(.-)%]?[:%s](%d+)$"
    port = math.tointeger(port)
  elseif type(target) == "table" or type(target) == "userdata" then
    host, port = target.host, target.port
  end
  if type(host) ~= "string" or host == "" or math.type(port) ~= "integer" then
    error(("%s: node or \"host:port\" expected, got %s"):format(what, tostring(target)), 3)
  end
  return host, port
end

---The name of a place in a world: of a node or client, or a string that is one.
function options.place(what, place)
  local kind = type(place)
  local name = kind == "string" and place or (kind == "table" or kind == "userdata") and place.name
  if type(name) ~= "string" then
    error(("%s: node or client expected, got %s"):format(what, tostring(place)), 3)
  end
  return name
end

---The name of a Redis parameter: underscores are hyphens, except where Redis has one itself (`bgsave_cpulist`, …).
---@param name string
---@return string
function options.parameter(name)
  return (name:gsub("_", "-"):lower():gsub("%-cpulist$", "_cpulist"))
end

---The value of a Redis parameter as text: true is yes, false is no, lists are words.
---@param level? integer of the error (default: the caller of the function that asks)
function options.value(what, name, value, level)
  level = level or 3
  local kind = type(value)
  if kind == "boolean" then return value and "yes" or "no" end
  if kind == "string" then return value end
  if math.type(value) == "integer" then return ("%d"):format(value) end
  if kind == "number" then return ("%.17g"):format(value) end
  if kind == "table" then
    local words = {}
    for i, word in ipairs(value) do words[i] = options.value(what, name, word, level + 1) end
    return table.concat(words, " ")
  end
  error(("%s: %s: string, number or boolean expected, got %s"):format(what, name, kind), level)
end

---The Redis parameters among options as a list of { name, value }, in the order of their names: all that are not
---in the set `except`, and those in the table `config`.
function options.parameters(what, given, except)
  local values, names = {}, {}
  local function add(name, value)
    if type(name) ~= "string" then
      error(("%s: unknown option '%s'"):format(what, tostring(name)), 4)
    end
    local parameter = options.parameter(name)
    if parameter == "slaveof" then parameter = "replicaof" end
    if values[parameter] then error(("%s: %s is given twice"):format(what, parameter), 4) end
    names[#names + 1] = parameter
    values[parameter] = options.value(what, name, value, 5)
  end
  for name, value in pairs(given) do
    if not except[name] then add(name, value) end
  end
  if given.config ~= nil and type(given.config) ~= "table" then
    error(("%s: config: table expected, got %s"):format(what, type(given.config)), 3)
  end
  for name, value in pairs(given.config or {}) do add(name, value) end
  -- whom it follows comes last: the other parameters say how
  local function rank(name) return (name == "replicaof" and "2" or "1") .. name end
  table.sort(names, function(a, b) return rank(a) < rank(b) end)
  local list = {}
  for i, name in ipairs(names) do list[i] = { name, values[name] } end
  return list
end

return options
