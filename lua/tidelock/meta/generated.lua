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
---@param ... tidelock.Word <LEFT | RIGHT> <LEFT | RIGHT> timeout
---@return tidelock.Reply, string? message, string? code
function Commands:blmove(source, destination, ...) end

---Pop elements from a list, or block until one is available.
---@param timeout tidelock.Word
---@param numkeys tidelock.Word
---@param ... tidelock.Word key [key ...] <LEFT | RIGHT> [COUNT count]
---@return tidelock.Reply, string? message, string? code
function Commands:blmpop(timeout, numkeys, ...) end

---Remove and get the first element in a list, or block until one is available.
---@param ... tidelock.Word key [key ...] timeout
---@return tidelock.Reply, string? message, string? code
function Commands:blpop(...) end

---Remove and get the last element in a list, or block until one is available.
---@param ... tidelock.Word key [key ...] timeout
---@return tidelock.Reply, string? message, string? code
function Commands:brpop(...) end

---Pop an element from a list, push it to another list and return it; or block until one is available.
---@param source tidelock.Word
---@param destination tidelock.Word
---@param timeout tidelock.Word
---@return tidelock.Reply, string? message, string? code
function Commands:brpoplpush(source, destination, timeout) end

---Remove and return members with scores in a sorted set or block until one is available.
---@param timeout tidelock.Word
---@param numkeys tidelock.Word
---@param ... tidelock.Word key [key ...] <MIN | MAX> [COUNT count]
---@return tidelock.Reply, string? message, string? code
function Commands:bzmpop(timeout, numkeys, ...) end

---Remove and return the member with the highest score from one or more sorted sets, or block until one is available.
---@param ... tidelock.Word key [key ...] timeout
---@return tidelock.Reply, string? message, string? code
function Commands:bzpopmax(...) end

---Remove and return the member with the lowest score from one or more sorted sets, or block until one is available.
---@param ... tidelock.Word key [key ...] timeout
---@return tidelock.Reply, string? message, string? code
function Commands:bzpopmin(...) end

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

---Incrementally iterate hash fields and associated values.
---@param key tidelock.Word
---@param cursor tidelock.Word
---@param ... tidelock.Word [MATCH pattern] [COUNT count]
---@return tidelock.Reply, string? message, string? code
function Commands:hscan(key, cursor, ...) end

---Find longest common substring.
---@param key1 tidelock.Word
---@param key2 tidelock.Word
---@param ... tidelock.Word [LEN] [IDX] [MINMATCHLEN len] [WITHMATCHLEN]
---@return tidelock.Reply, string? message, string? code
function Commands:lcs(key1, key2, ...) end

---Get an element from a list by its index.
---@param key tidelock.Word
---@param index tidelock.Word
---@return tidelock.Reply, string? message, string? code
function Commands:lindex(key, index) end

---Insert an element before or after another element in a list.
---@param key tidelock.Word
---@param ... tidelock.Word <BEFORE | AFTER> pivot element
---@return tidelock.Reply, string? message, string? code
function Commands:linsert(key, ...) end

---Get the length of a list.
---@param key tidelock.Word
---@return tidelock.Reply, string? message, string? code
function Commands:llen(key) end

---Pop an element from a list, push it to another list and return it.
---@param source tidelock.Word
---@param destination tidelock.Word
---@param ... tidelock.Word <LEFT | RIGHT> <LEFT | RIGHT>
---@return tidelock.Reply, string? message, string? code
function Commands:lmove(source, destination, ...) end

---Pop elements from a list.
---@param numkeys tidelock.Word
---@param ... tidelock.Word key [key ...] <LEFT | RIGHT> [COUNT count]
---@return tidelock.Reply, string? message, string? code
function Commands:lmpop(numkeys, ...) end

---Remove and get the first elements in a list.
---@param key tidelock.Word
---@param ... tidelock.Word [count]
---@return tidelock.Reply, string? message, string? code
function Commands:lpop(key, ...) end

---Return the index of matching elements on a list.
---@param key tidelock.Word
---@param element tidelock.Word
---@param ... tidelock.Word [RANK rank] [COUNT num-matches] [MAXLEN len]
---@return tidelock.Reply, string? message, string? code
function Commands:lpos(key, element, ...) end

---Prepend one or multiple elements to a list.
---@param key tidelock.Word
---@param ... tidelock.Word element [element ...]
---@return tidelock.Reply, string? message, string? code
function Commands:lpush(key, ...) end

---Prepend an element to a list, only if the list exists.
---@param key tidelock.Word
---@param ... tidelock.Word element [element ...]
---@return tidelock.Reply, string? message, string? code
function Commands:lpushx(key, ...) end

---Get a range of elements from a list.
---@param key tidelock.Word
---@param start tidelock.Word
---@param stop tidelock.Word
---@return tidelock.Reply, string? message, string? code
function Commands:lrange(key, start, stop) end

---Remove elements from a list.
---@param key tidelock.Word
---@param count tidelock.Word
---@param element tidelock.Word
---@return tidelock.Reply, string? message, string? code
function Commands:lrem(key, count, element) end

---Set the value of an element in a list by its index.
---@param key tidelock.Word
---@param index tidelock.Word
---@param element tidelock.Word
---@return tidelock.Reply, string? message, string? code
function Commands:lset(key, index, element) end

---Trim a list to the specified range.
---@param key tidelock.Word
---@param start tidelock.Word
---@param stop tidelock.Word
---@return tidelock.Reply, string? message, string? code
function Commands:ltrim(key, start, stop) end

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

---Remove and get the last elements in a list.
---@param key tidelock.Word
---@param ... tidelock.Word [count]
---@return tidelock.Reply, string? message, string? code
function Commands:rpop(key, ...) end

---Remove the last element in a list, prepend it to another list and return it.
---@param source tidelock.Word
---@param destination tidelock.Word
---@return tidelock.Reply, string? message, string? code
function Commands:rpoplpush(source, destination) end

---Append one or multiple elements to a list.
---@param key tidelock.Word
---@param ... tidelock.Word element [element ...]
---@return tidelock.Reply, string? message, string? code
function Commands:rpush(key, ...) end

---Append an element to a list, only if the list exists.
---@param key tidelock.Word
---@param ... tidelock.Word element [element ...]
---@return tidelock.Reply, string? message, string? code
function Commands:rpushx(key, ...) end

---Incrementally iterate the keys space.
---@param cursor tidelock.Word
---@param ... tidelock.Word [MATCH pattern] [COUNT count] [TYPE type]
---@return tidelock.Reply, string? message, string? code
function Commands:scan(cursor, ...) end

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

---Incrementally iterate Set elements.
---@param key tidelock.Word
---@param cursor tidelock.Word
---@param ... tidelock.Word [MATCH pattern] [COUNT count]
---@return tidelock.Reply, string? message, string? code
function Commands:sscan(key, cursor, ...) end

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

---Add one or more members to a sorted set, or update its score if it already exists.
---@param key tidelock.Word
---@param ... tidelock.Word [NX | XX] [GT | LT] [CH] [INCR] score member [score member ...]
---@return tidelock.Reply, string? message, string? code
function Commands:zadd(key, ...) end

---Get the number of members in a sorted set.
---@param key tidelock.Word
---@return tidelock.Reply, string? message, string? code
function Commands:zcard(key) end

---Count the members in a sorted set with scores within the given values.
---@param key tidelock.Word
---@param min tidelock.Word
---@param max tidelock.Word
---@return tidelock.Reply, string? message, string? code
function Commands:zcount(key, min, max) end

---Subtract multiple sorted sets.
---@param numkeys tidelock.Word
---@param ... tidelock.Word key [key ...] [WITHSCORES]
---@return tidelock.Reply, string? message, string? code
function Commands:zdiff(numkeys, ...) end

---Subtract multiple sorted sets and store the resulting sorted set in a new key.
---@param destination tidelock.Word
---@param numkeys tidelock.Word
---@param ... tidelock.Word key [key ...]
---@return tidelock.Reply, string? message, string? code
function Commands:zdiffstore(destination, numkeys, ...) end

---Increment the score of a member in a sorted set.
---@param key tidelock.Word
---@param increment tidelock.Word
---@param member tidelock.Word
---@return tidelock.Reply, string? message, string? code
function Commands:zincrby(key, increment, member) end

---Intersect multiple sorted sets.
---@param numkeys tidelock.Word
---@param ... tidelock.Word key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM | MIN | MAX>] [WITHSCORES]
---@return tidelock.Reply, string? message, string? code
function Commands:zinter(numkeys, ...) end

---Intersect multiple sorted sets and return the cardinality of the result.
---@param numkeys tidelock.Word
---@param ... tidelock.Word key [key ...] [LIMIT limit]
---@return tidelock.Reply, string? message, string? code
function Commands:zintercard(numkeys, ...) end

---Intersect multiple sorted sets and store the resulting sorted set in a new key.
---@param destination tidelock.Word
---@param numkeys tidelock.Word
---@param ... tidelock.Word key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM | MIN | MAX>]
---@return tidelock.Reply, string? message, string? code
function Commands:zinterstore(destination, numkeys, ...) end

---Count the number of members in a sorted set between a given lexicographical range.
---@param key tidelock.Word
---@param min tidelock.Word
---@param max tidelock.Word
---@return tidelock.Reply, string? message, string? code
function Commands:zlexcount(key, min, max) end

---Remove and return members with scores in a sorted set.
---@param numkeys tidelock.Word
---@param ... tidelock.Word key [key ...] <MIN | MAX> [COUNT count]
---@return tidelock.Reply, string? message, string? code
function Commands:zmpop(numkeys, ...) end

---Get the score associated with the given members in a sorted set.
---@param key tidelock.Word
---@param ... tidelock.Word member [member ...]
---@return tidelock.Reply, string? message, string? code
function Commands:zmscore(key, ...) end

---Remove and return members with the highest scores in a sorted set.
---@param key tidelock.Word
---@param ... tidelock.Word [count]
---@return tidelock.Reply, string? message, string? code
function Commands:zpopmax(key, ...) end

---Remove and return members with the lowest scores in a sorted set.
---@param key tidelock.Word
---@param ... tidelock.Word [count]
---@return tidelock.Reply, string? message, string? code
function Commands:zpopmin(key, ...) end

---Get one or multiple random elements from a sorted set.
---@param key tidelock.Word
---@param ... tidelock.Word [count [WITHSCORES]]
---@return tidelock.Reply, string? message, string? code
function Commands:zrandmember(key, ...) end

---Return a range of members in a sorted set.
---@param key tidelock.Word
---@param start tidelock.Word
---@param stop tidelock.Word
---@param ... tidelock.Word [BYSCORE | BYLEX] [REV] [LIMIT offset count] [WITHSCORES]
---@return tidelock.Reply, string? message, string? code
function Commands:zrange(key, start, stop, ...) end

---Return a range of members in a sorted set, by lexicographical range.
---@param key tidelock.Word
---@param min tidelock.Word
---@param max tidelock.Word
---@param ... tidelock.Word [LIMIT offset count]
---@return tidelock.Reply, string? message, string? code
function Commands:zrangebylex(key, min, max, ...) end

---Return a range of members in a sorted set, by score.
---@param key tidelock.Word
---@param min tidelock.Word
---@param max tidelock.Word
---@param ... tidelock.Word [WITHSCORES] [LIMIT offset count]
---@return tidelock.Reply, string? message, string? code
function Commands:zrangebyscore(key, min, max, ...) end

---Store a range of members from sorted set into another key.
---@param dst tidelock.Word
---@param src tidelock.Word
---@param min tidelock.Word
---@param max tidelock.Word
---@param ... tidelock.Word [BYSCORE | BYLEX] [REV] [LIMIT offset count]
---@return tidelock.Reply, string? message, string? code
function Commands:zrangestore(dst, src, min, max, ...) end

---Determine the index of a member in a sorted set.
---@param key tidelock.Word
---@param member tidelock.Word
---@return tidelock.Reply, string? message, string? code
function Commands:zrank(key, member) end

---Remove one or more members from a sorted set.
---@param key tidelock.Word
---@param ... tidelock.Word member [member ...]
---@return tidelock.Reply, string? message, string? code
function Commands:zrem(key, ...) end

---Remove all members in a sorted set between the given lexicographical range.
---@param key tidelock.Word
---@param min tidelock.Word
---@param max tidelock.Word
---@return tidelock.Reply, string? message, string? code
function Commands:zremrangebylex(key, min, max) end

---Remove all members in a sorted set within the given indexes.
---@param key tidelock.Word
---@param start tidelock.Word
---@param stop tidelock.Word
---@return tidelock.Reply, string? message, string? code
function Commands:zremrangebyrank(key, start, stop) end

---Remove all members in a sorted set within the given scores.
---@param key tidelock.Word
---@param min tidelock.Word
---@param max tidelock.Word
---@return tidelock.Reply, string? message, string? code
function Commands:zremrangebyscore(key, min, max) end

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

---Determine the index of a member in a sorted set, with scores ordered from high to low.
---@param key tidelock.Word
---@param member tidelock.Word
---@return tidelock.Reply, string? message, string? code
function Commands:zrevrank(key, member) end

---Incrementally iterate sorted sets elements and associated scores.
---@param key tidelock.Word
---@param cursor tidelock.Word
---@param ... tidelock.Word [MATCH pattern] [COUNT count]
---@return tidelock.Reply, string? message, string? code
function Commands:zscan(key, cursor, ...) end

---Get the score associated with the given member in a sorted set.
---@param key tidelock.Word
---@param member tidelock.Word
---@return tidelock.Reply, string? message, string? code
function Commands:zscore(key, member) end

---Add multiple sorted sets.
---@param numkeys tidelock.Word
---@param ... tidelock.Word key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM | MIN | MAX>] [WITHSCORES]
---@return tidelock.Reply, string? message, string? code
function Commands:zunion(numkeys, ...) end

---Add multiple sorted sets and store the resulting sorted set in a new key.
---@param destination tidelock.Word
---@param numkeys tidelock.Word
---@param ... tidelock.Word key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM | MIN | MAX>]
---@return tidelock.Reply, string? message, string? code
function Commands:zunionstore(destination, numkeys, ...) end
