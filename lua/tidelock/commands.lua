-- Objects whose methods are commands: what is not a method of theirs by name is a command of that name.

local commands = {}

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
