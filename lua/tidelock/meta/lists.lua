---@meta tidelock.meta.lists
-- Commands on lists as methods, for editors. Never loaded.

---@class tidelock.Commands
local Commands = {}

---Adds values at the front, one after the other; how many there are then.
---@param key tidelock.Word
---@param ... tidelock.Word values
---@return integer
function Commands:lpush(key, ...) end

---Adds values at the end.
---@param key tidelock.Word
---@param ... tidelock.Word values
---@return integer
function Commands:rpush(key, ...) end

---As lpush, where there is a list already; 0 where there is none.
---@param key tidelock.Word
---@param ... tidelock.Word values
---@return integer
function Commands:lpushx(key, ...) end

---@param key tidelock.Word
---@param ... tidelock.Word values
---@return integer
function Commands:rpushx(key, ...) end

---Takes the first value, or up to `count` of them: then an array.
---@param key tidelock.Word
---@param count? integer
---@return string|string[]|nil
function Commands:lpop(key, count) end

---Takes the last value, or up to `count` of them.
---@param key tidelock.Word
---@param count? integer
---@return string|string[]|nil
function Commands:rpop(key, count) end

---Takes from the first list that is not empty: its key and an array of values. Options: COUNT n.
---@param keys integer how many
---@param ... tidelock.Word keys, LEFT or RIGHT, options
---@return any[]|nil
function Commands:lmpop(keys, ...) end

---Takes a value from one list and adds it to another.
---@param source tidelock.Word
---@param destination tidelock.Word
---@param from "LEFT"|"RIGHT"
---@param to "LEFT"|"RIGHT"
---@return string?
function Commands:lmove(source, destination, from, to) end

---@param key tidelock.Word
---@return integer
function Commands:llen(key) end

---@param key tidelock.Word
---@param start integer 0: the first; -1: the last
---@param stop integer
---@return string[]
function Commands:lrange(key, start, stop) end

---@param key tidelock.Word
---@param index integer
---@return string?
function Commands:lindex(key, index) end

---@param key tidelock.Word
---@param index integer
---@param value tidelock.Word
---@return true|nil, string? message, string? code
function Commands:lset(key, index, value) end

---The length afterwards; -1 where the pivot is not in the list.
---@param key tidelock.Word
---@param where "BEFORE"|"AFTER"
---@param pivot tidelock.Word
---@param value tidelock.Word
---@return integer
function Commands:linsert(key, where, pivot, value) end

---Removes values: the first `count`, the last (`count` below 0), or all (0). How many it removed.
---@param key tidelock.Word
---@param count integer
---@param value tidelock.Word
---@return integer
function Commands:lrem(key, count, value) end

---Keeps what is between, inclusive.
---@param key tidelock.Word
---@param start integer
---@param stop integer
---@return true
function Commands:ltrim(key, start, stop) end

---Where a value is. Options: RANK n, COUNT n (then an array), MAXLEN n.
---@param key tidelock.Word
---@param value tidelock.Word
---@param ... tidelock.Word
---@return integer|integer[]|nil
function Commands:lpos(key, value, ...) end

---Takes the first value of the first list that is not empty, or waits for one: its key and the value. A store does not
---wait.
---@param ... tidelock.Word keys, and the time-out in seconds (0: none)
---@return string[]|nil
function Commands:blpop(...) end

---@param ... tidelock.Word keys, and the time-out in seconds (0: none)
---@return string[]|nil
function Commands:brpop(...) end

---@param source tidelock.Word
---@param destination tidelock.Word
---@param from "LEFT"|"RIGHT"
---@param to "LEFT"|"RIGHT"
---@param timeout number seconds, 0: none
---@return string?
function Commands:blmove(source, destination, from, to, timeout) end

---@param timeout number seconds, 0: none
---@param keys integer how many
---@param ... tidelock.Word as lmpop's
---@return any[]|nil
function Commands:blmpop(timeout, keys, ...) end
