-- Failures: what a world does to its caller, as `nil, message, code`. The message is the full text, the code its first
-- word. The C side's counterpart is result_fail.

local core = require "tidelock.core"

local errors = {}

---Builds the failure triple.
---@param code string the first word: "TIMEOUT", "CLOSED", …
---@param format string the rest of the message, for string.format with the other arguments
---@return nil, string message, string code
function errors.fail(code, format, ...)
  return nil, code .. " " .. format:format(...), code
end

---The failure triple of a message that may begin with a code already; otherwise the code is ERR.
---@param message string
---@return nil, string message, string code
function errors.failed(message)
  local code = message:match "^(%u[%u%d_]+) "
  if code then return nil, message, code end
  return nil, "ERR " .. message, "ERR"
end

---A message without the word ERR, which says nothing to people.
---@param message string
---@return string
function errors.plain(message)
  return (message:gsub("^ERR ", ""))
end

---Whether a value is an error object: an error reply inside an array or map.
---@param value any
---@return boolean
function errors.is(value)
  return getmetatable(value) == core.error_metatable
end

---Makes an error object.
---@param message string
---@param code? string the first word of the message, if not given
---@return tidelock.Error
function errors.object(message, code)
  return setmetatable({ message = message, code = code or message:match "^%S+" }, core.error_metatable)
end

return errors
