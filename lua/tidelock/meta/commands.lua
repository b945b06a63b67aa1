---@meta tidelock.meta.commands
-- Commands as methods, for editors: the common ones; every other command is a method too. Never loaded.

---@class tidelock.Commands
local Commands = {}

---Executes any command: `x:call("SET", "k", "v")`.
---@param name string
---@param ... tidelock.Word
---@return tidelock.Reply
function Commands:call(name, ...) end

---Sets a key to a string. Options: NX, XX, GET, KEEPTTL, EX s, PX ms, EXAT, PXAT.
---@param key tidelock.Word
---@param value tidelock.Word
---@param ... tidelock.Word
---@return true|string|nil
function Commands:set(key, value, ...) end

---@param key tidelock.Word
---@return string?
function Commands:get(key) end

---@param key tidelock.Word
---@return string?
function Commands:getdel(key) end

---Options: EX s, PX ms, EXAT, PXAT, PERSIST.
---@param key tidelock.Word
---@param ... tidelock.Word
---@return string?
function Commands:getex(key, ...) end

---@param ... tidelock.Word keys
---@return (string|tidelock.null)[]
function Commands:mget(...) end

---@param ... tidelock.Word keys and values
---@return true
function Commands:mset(...) end

---@param key tidelock.Word
---@return integer
function Commands:incr(key) end

---@param key tidelock.Word
---@param by integer
---@return integer
function Commands:incrby(key, by) end

---@param key tidelock.Word
---@param by number
---@return string
function Commands:incrbyfloat(key, by) end

---@param key tidelock.Word
---@return integer
function Commands:decr(key) end

---@param key tidelock.Word
---@param value tidelock.Word
---@return integer length
function Commands:append(key, value) end

---@param key tidelock.Word
---@return integer
function Commands:strlen(key) end

---Sets a bit; the bit that was there.
---@param key tidelock.Word
---@param offset integer
---@param bit 0|1
---@return integer
function Commands:setbit(key, offset, bit) end

---@param key tidelock.Word
---@param offset integer
---@return integer
function Commands:getbit(key, offset) end

---Range: start, end, then BYTE or BIT.
---@param key tidelock.Word
---@param ... tidelock.Word
---@return integer
function Commands:bitcount(key, ...) end

---Operations: GET type offset, SET type offset value, INCRBY type offset by, OVERFLOW WRAP|SAT|FAIL.
---@param key tidelock.Word
---@param ... tidelock.Word
---@return (integer|tidelock.null)[]
function Commands:bitfield(key, ...) end

---@param ... tidelock.Word keys
---@return integer how many there were
function Commands:del(...) end

---@param ... tidelock.Word keys
---@return integer
function Commands:exists(...) end

---Options: NX, XX, GT, LT.
---@param key tidelock.Word
---@param seconds integer
---@param ... tidelock.Word
---@return integer
function Commands:expire(key, seconds, ...) end

---@param key tidelock.Word
---@param ms integer
---@param ... tidelock.Word
---@return integer
function Commands:pexpire(key, ms, ...) end

---Milliseconds to live; -1: for ever, -2: there is no such key.
---@param key tidelock.Word
---@return integer
function Commands:pttl(key) end

---@param key tidelock.Word
---@return integer
function Commands:ttl(key) end

---@param key tidelock.Word
---@return integer
function Commands:persist(key) end

---@param key tidelock.Word
---@return string
function Commands:type(key) end

---@param pattern tidelock.Word
---@return string[]
function Commands:keys(pattern) end

---@param key tidelock.Word
---@param to tidelock.Word
---@return true
function Commands:rename(key, to) end

---@return integer
function Commands:dbsize() end

---@param ... tidelock.Word
---@return true
function Commands:flushall(...) end

---Holds the caller until `replicas` replicas have acknowledged its last write, or the time is up (0: for ever). Returns
---how many have. At nodes and clients.
---@param replicas integer
---@param timeout integer milliseconds
---@return integer
function Commands:wait(replicas, timeout) end

---@return string
function Commands:ping() end

---How many heard it: at this node, not at its replicas.
---@param channel tidelock.Word
---@param message tidelock.Word
---@return integer
function Commands:publish(channel, message) end

---@return true
function Commands:multi() end

---@return any[]|nil
function Commands:exec() end
