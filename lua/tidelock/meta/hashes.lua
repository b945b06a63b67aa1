---@meta tidelock.meta.hashes
-- The commands of hashes as methods, for editors. Never loaded.

---@class tidelock.Commands
local Commands = {}

---Sets fields to values. How many of the fields are new.
---@param key tidelock.Word
---@param ... tidelock.Word fields and values
---@return integer
function Commands:hset(key, ...) end

---Sets a field that is not there yet. 1: it was set.
---@param key tidelock.Word
---@param field tidelock.Word
---@param value tidelock.Word
---@return integer
function Commands:hsetnx(key, field, value) end

---@param key tidelock.Word
---@param ... tidelock.Word fields and values
---@return true
function Commands:hmset(key, ...) end

---@param key tidelock.Word
---@param field tidelock.Word
---@return string?
function Commands:hget(key, field) end

---@param key tidelock.Word
---@param ... tidelock.Word fields
---@return (string|tidelock.null)[]
function Commands:hmget(key, ...) end

---All of it, by field.
---@param key tidelock.Word
---@return table<string, string>
function Commands:hgetall(key) end

---How many of the fields there were.
---@param key tidelock.Word
---@param ... tidelock.Word fields
---@return integer
function Commands:hdel(key, ...) end

---@param key tidelock.Word
---@param field tidelock.Word
---@return integer 1 or 0
function Commands:hexists(key, field) end

---The new value.
---@param key tidelock.Word
---@param field tidelock.Word
---@param by integer
---@return integer
function Commands:hincrby(key, field, by) end

---The new value.
---@param key tidelock.Word
---@param field tidelock.Word
---@param by number
---@return string
function Commands:hincrbyfloat(key, field, by) end

---@param key tidelock.Word
---@return string[]
function Commands:hkeys(key) end

---@param key tidelock.Word
---@return string[]
function Commands:hvals(key) end

---@param key tidelock.Word
---@return integer
function Commands:hlen(key) end

---The length of a value; 0 when there is none.
---@param key tidelock.Word
---@param field tidelock.Word
---@return integer
function Commands:hstrlen(key, field) end

---A random field; with a count, that many different ones (negative: they may come twice); WITHVALUES: pairs.
---@param key tidelock.Word
---@param count integer?
---@param ... tidelock.Word
---@return string|string[]|string[][]|nil
function Commands:hrandfield(key, count, ...) end
