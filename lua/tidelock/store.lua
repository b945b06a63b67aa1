-- Stores: csrc/lua/store.c makes every command a method; here is what is made from commands.

local core = require "tidelock.core"

---@class tidelock.Store
local Store = core.Store

---The keys that match a pattern (default: all), one at a time: `for key in store:each "user:*" do`. As with SCAN, a key
---that is there all the time is seen at least once; one that comes or goes in between may be or not.
---@param pattern? string
---@return fun(): string?
function Store:each(pattern)
  if pattern ~= nil and type(pattern) ~= "string" then
    error(("each: pattern: string expected, got %s"):format(type(pattern)), 2)
  end
  local cursor, keys, position = "0", {}, 0
  local function fetch()
    local reply, message = self:call("SCAN", cursor, "MATCH", pattern or "*", "COUNT", 100)
    if not reply then error(message, 3) end
    cursor, keys, position = reply[1], reply[2], 0
  end
  fetch()
  return function()
    while true do
      position = position + 1
      local key = keys[position]
      if key == nil then
        if cursor == "0" then return nil end
        fetch()
      else
        return key
      end
    end
  end
end

return { Store = Store }
