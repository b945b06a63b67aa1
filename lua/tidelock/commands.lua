-- Objects whose methods are commands: what is not a method of theirs by name is a command of that name.

local commands = {}

local WORDS = { string = true, number = true, boolean = true }

---A command and its arguments, packed. What cannot be one of them raises, as in C (csrc/lua/arguments.c).
---@param level integer where the error is: 1 is the caller
---@return table words and how many, `n`
function commands.words(level, name, ...)
  if type(name) ~= "string" then
    error(("bad argument #1 to 'call' (string expected, got %s)"):format(type(name)), level + 1)
  end
  local words = table.pack(name, ...)
  for i = 2, words.n do
    local kind = type(words[i])
    if not WORDS[kind] then
      error(("bad argument #%d to '%s' (string, number or boolean expected, got %s)"):format(i - 1, name:lower(), kind),
        level + 1)
    end
  end
  return words
end

---An `__index`: the methods by name, and otherwise commands in lower case, each a method that does
---`send(object, NAME, ...)`. Made when first asked for.
---@param methods table<string, any>
---@param send fun(object: table, name: string, ...): ...
---@return fun(object: table, key: any): any
function commands.index(methods, send)
  local made = {}
  return function(_, key)
    local method = methods[key] or made[key]
    if method or type(key) ~= "string" or not key:find "^%l[%l%d_]*$" then return method end
    local command = key:upper()
    method = function(self, ...) return send(self, command, ...) end
    made[key] = method
    return method
  end
end

return commands
