---@meta tidelock.meta.generated
-- Data commands as methods, for editors: made by `make docs` from the table of commands. Never loaded.

---@class tidelock.Commands
local Commands = {}

---Perform arbitrary bitfield integer operations on strings. Read-only variant of BITFIELD.
---@param key tidelock.Word
---@param ... tidelock.Word [GET encoding offset [GET encoding offset ...]]
---@return tidelock.Reply, string? message, string? code
function Commands:bitfield_ro(key, ...) end

---Perform bitwise operations between strings.
---@param operation tidelock.Word
---@param destkey tidelock.Word
---@param ... tidelock.Word key [key ...]
---@return tidelock.Reply, string? message, string? code
function Commands:bitop(operation, destkey, ...) end

---Find first bit set or clear in a string.
---@param key tidelock.Word
---@param bit tidelock.Word
---@param ... tidelock.Word [start [end [BYTE | BIT]]]
---@return tidelock.Reply, string? message, string? code
function Commands:bitpos(key, bit, ...) end

---Pop an element from a list, push it to another list and return it; or block until one is available.
---@param source tidelock.Word
---@param destination tidelock.Word
---@param timeout tidelock.Word
---@return tidelock.Reply, string? message, string? code
function Commands:brpoplpush(source, destination, timeout) end

---Get array of Redis command details.
---@param ... tidelock.Word subcommand ...
---@return tidelock.Reply, string? message, string? code
function Commands:command(...) end

---Copy a key.
---@param source tidelock.Word
---@param destination tidelock.Word
---@param ... tidelock.Word [DB destination-db] [REPLACE]
---@return tidelock.Reply, string? message, string? code
function Commands:copy(source, destination, ...) end

---Decrement the integer value of a key by the given number.
---@param key tidelock.Word
---@param decrement tidelock.Word
---@return tidelock.Reply, string? message, string? code
function Commands:decrby(key, decrement) end

---Return a serialized version of the value stored at the specified key.
---@param key tidelock.Word
---@return tidelock.Reply, string? message, string? code
function Commands:dump(key) end

---Set the expiration for a key as a UNIX timestamp.
---@param key tidelock.Word
---@param unix_time_seconds tidelock.Word
---@param ... tidelock.Word [NX | XX | GT | LT]
---@return tidelock.Reply, string? message, string? code
function Commands:expireat(key, unix_time_seconds, ...) end

---Get the expiration Unix timestamp for a key.
---@param key tidelock.Word
---@return tidelock.Reply, string? message, string? code
function Commands:expiretime(key) end

---Remove all keys from the current database.
---@param ... tidelock.Word [ASYNC | SYNC]
---@return tidelock.Reply, string? message, string? code
function Commands:flushdb(...) end

---Get a substring of the string stored at a key.
---@param key tidelock.Word
---@param start tidelock.Word
---@param stop tidelock.Word
---@return tidelock.Reply, string? message, string? code
function Commands:getrange(key, start, stop) end

---Set the string value of a key and return its old value.
---@param key tidelock.Word
---@param value tidelock.Word
---@return tidelock.Reply, string? message, string? code
function Commands:getset(key, value) end

---Find longest common substring.
---@param key1 tidelock.Word
---@param key2 tidelock.Word
---@param ... tidelock.Word [LEN] [IDX] [MINMATCHLEN len] [WITHMATCHLEN]
---@return tidelock.Reply, string? message, string? code
function Commands:lcs(key1, key2, ...) end

---A container for memory diagnostics commands.
---@param ... tidelock.Word subcommand ...
---@return tidelock.Reply, string? message, string? code
function Commands:memory(...) end

---Move a key to another database.
---@param key tidelock.Word
---@param db tidelock.Word
---@return tidelock.Reply, string? message, string? code
function Commands:move(key, db) end

---Set multiple keys to multiple values, only if none of the keys exist.
---@param ... tidelock.Word key value [key value ...]
---@return tidelock.Reply, string? message, string? code
function Commands:msetnx(...) end

---A container for object introspection commands.
---@param ... tidelock.Word subcommand ...
---@return tidelock.Reply, string? message, string? code
function Commands:object(...) end

---Set the expiration for a key as a UNIX timestamp specified in milliseconds.
---@param key tidelock.Word
---@param unix_time_milliseconds tidelock.Word
---@param ... tidelock.Word [NX | XX | GT | LT]
---@return tidelock.Reply, string? message, string? code
function Commands:pexpireat(key, unix_time_milliseconds, ...) end

---Get the expiration Unix timestamp for a key in milliseconds.
---@param key tidelock.Word
---@return tidelock.Reply, string? message, string? code
function Commands:pexpiretime(key) end

---Set the value and expiration in milliseconds of a key.
---@param key tidelock.Word
---@param milliseconds tidelock.Word
---@param value tidelock.Word
---@return tidelock.Reply, string? message, string? code
function Commands:psetex(key, milliseconds, value) end

---Return a random key from the keyspace.
---@return tidelock.Reply, string? message, string? code
function Commands:randomkey() end

---Rename a key, only if the new key does not exist.
---@param key tidelock.Word
---@param newkey tidelock.Word
---@return tidelock.Reply, string? message, string? code
function Commands:renamenx(key, newkey) end

---Create a key using the provided serialized value, previously obtained using DUMP.
---@param key tidelock.Word
---@param ttl tidelock.Word
---@param serialized_value tidelock.Word
---@param ... tidelock.Word [REPLACE] [ABSTTL] [IDLETIME seconds] [FREQ frequency]
---@return tidelock.Reply, string? message, string? code
function Commands:restore(key, ttl, serialized_value, ...) end

---Remove the last element in a list, prepend it to another list and return it.
---@param source tidelock.Word
---@param destination tidelock.Word
---@return tidelock.Reply, string? message, string? code
function Commands:rpoplpush(source, destination) end

---Set the value and expiration of a key.
---@param key tidelock.Word
---@param seconds tidelock.Word
---@param value tidelock.Word
---@return tidelock.Reply, string? message, string? code
function Commands:setex(key, seconds, value) end

---Set the value of a key, only if the key does not exist.
---@param key tidelock.Word
---@param value tidelock.Word
---@return tidelock.Reply, string? message, string? code
function Commands:setnx(key, value) end

---Overwrite part of a string at key starting at the specified offset.
---@param key tidelock.Word
---@param offset tidelock.Word
---@param value tidelock.Word
---@return tidelock.Reply, string? message, string? code
function Commands:setrange(key, offset, value) end

---Sort the elements in a list, set or sorted set.
---@param key tidelock.Word
---@param ... tidelock.Word [BY pattern] [LIMIT offset count] [GET pattern [GET pattern ...]] [ASC | DESC] [ALPHA] ...
---@return tidelock.Reply, string? message, string? code
function Commands:sort(key, ...) end

---Sort the elements in a list, set or sorted set. Read-only variant of SORT.
---@param key tidelock.Word
---@param ... tidelock.Word [BY pattern] [LIMIT offset count] [GET pattern [GET pattern ...]] [ASC | DESC] [ALPHA]
---@return tidelock.Reply, string? message, string? code
function Commands:sort_ro(key, ...) end

---Get a substring of the string stored at a key.
---@param key tidelock.Word
---@param start tidelock.Word
---@param stop tidelock.Word
---@return tidelock.Reply, string? message, string? code
function Commands:substr(key, start, stop) end

---Swaps two Redis databases.
---@param index1 tidelock.Word
---@param index2 tidelock.Word
---@return tidelock.Reply, string? message, string? code
function Commands:swapdb(index1, index2) end

---Alters the last access time of a key(s). Returns the number of existing keys specified.
---@param ... tidelock.Word key [key ...]
---@return tidelock.Reply, string? message, string? code
function Commands:touch(...) end

---Delete a key asynchronously in another thread. Otherwise it is just as DEL, but non blocking.
---@param ... tidelock.Word key [key ...]
---@return tidelock.Reply, string? message, string? code
function Commands:unlink(...) end

---Return a range of members in a sorted set, by lexicographical range.
---@param key tidelock.Word
---@param min tidelock.Word
---@param max tidelock.Word
---@param ... tidelock.Word [LIMIT offset count]
---@return tidelock.Reply, string? message, string? code
function Commands:zrangebylex(key, min, max, ...) end

---Return a range of members in a sorted set, by index, with scores ordered from high to low.
---@param key tidelock.Word
---@param start tidelock.Word
---@param stop tidelock.Word
---@param ... tidelock.Word [WITHSCORES]
---@return tidelock.Reply, string? message, string? code
function Commands:zrevrange(key, start, stop, ...) end

---Return a range of members in a sorted set, by lexicographical range, ordered from higher to lower strings.
---@param key tidelock.Word
---@param max tidelock.Word
---@param min tidelock.Word
---@param ... tidelock.Word [LIMIT offset count]
---@return tidelock.Reply, string? message, string? code
function Commands:zrevrangebylex(key, max, min, ...) end

---Return a range of members in a sorted set, by score, with scores ordered from high to low.
---@param key tidelock.Word
---@param max tidelock.Word
---@param min tidelock.Word
---@param ... tidelock.Word [WITHSCORES] [LIMIT offset count]
---@return tidelock.Reply, string? message, string? code
function Commands:zrevrangebyscore(key, max, min, ...) end
