---@meta tidelock.meta.sets
-- The commands of sets as methods, for editors. Never loaded.

---@class tidelock.Commands
local Commands = {}

---How many of the members are new.
---@param key tidelock.Word
---@param ... tidelock.Word members
---@return integer
function Commands:sadd(key, ...) end

---How many of the members there were.
---@param key tidelock.Word
---@param ... tidelock.Word members
---@return integer
function Commands:srem(key, ...) end

---@param key tidelock.Word
---@param member tidelock.Word
---@return integer 1 or 0
function Commands:sismember(key, member) end

---@param key tidelock.Word
---@param ... tidelock.Word members
---@return integer[] 1 or 0 for each
function Commands:smismember(key, ...) end

---@param key tidelock.Word
---@return string[]
function Commands:smembers(key) end

---@param key tidelock.Word
---@return integer
function Commands:scard(key) end

---Takes a random member out; with a count, so many.
---@param key tidelock.Word
---@param count integer?
---@return string|string[]|nil
function Commands:spop(key, count) end

---A random member; with a count, that many different ones (negative: they may come twice).
---@param key tidelock.Word
---@param count integer?
---@return string|string[]|nil
function Commands:srandmember(key, count) end

---1: the member was there and is in the other set now.
---@param key tidelock.Word
---@param to tidelock.Word
---@param member tidelock.Word
---@return integer
function Commands:smove(key, to, member) end

---@param ... tidelock.Word keys
---@return string[]
function Commands:sinter(...) end

---How many members the result has.
---@param to tidelock.Word
---@param ... tidelock.Word keys
---@return integer
function Commands:sinterstore(to, ...) end

---How many members are in all sets. Options: LIMIT n.
---@param numkeys integer
---@param ... tidelock.Word keys and options
---@return integer
function Commands:sintercard(numkeys, ...) end

---@param ... tidelock.Word keys
---@return string[]
function Commands:sunion(...) end

---@param to tidelock.Word
---@param ... tidelock.Word keys
---@return integer
function Commands:sunionstore(to, ...) end

---What is in the first set and in none of the others.
---@param ... tidelock.Word keys
---@return string[]
function Commands:sdiff(...) end

---@param to tidelock.Word
---@param ... tidelock.Word keys
---@return integer
function Commands:sdiffstore(to, ...) end
