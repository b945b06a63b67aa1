---@meta tidelock.meta.zsets
-- Commands on sorted sets as methods, for editors. Never loaded.

---@class tidelock.Commands
local Commands = {}

---Sets scores; how many members are new. Options before them: NX, XX, GT, LT, CH (count what changed, too), INCR (the
---new score).
---@param key tidelock.Word
---@param ... tidelock.Word options, then scores and members in turn
---@return integer|number|nil
function Commands:zadd(key, ...) end

---@param key tidelock.Word
---@param amount number
---@param member tidelock.Word
---@return number
function Commands:zincrby(key, amount, member) end

---@param key tidelock.Word
---@param ... tidelock.Word members
---@return integer removed
function Commands:zrem(key, ...) end

---@param key tidelock.Word
---@return integer
function Commands:zcard(key) end

---@param key tidelock.Word
---@param member tidelock.Word
---@return number?
function Commands:zscore(key, member) end

---@param key tidelock.Word
---@param ... tidelock.Word members
---@return (number|tidelock.null)[]
function Commands:zmscore(key, ...) end

---@param key tidelock.Word
---@param member tidelock.Word
---@return integer?
function Commands:zrank(key, member) end

---@param key tidelock.Word
---@param member tidelock.Word
---@return integer?
function Commands:zrevrank(key, member) end

---How many have a score between: 5, "(5" (exclusive), "-inf", "+inf".
---@param key tidelock.Word
---@param min tidelock.Word
---@param max tidelock.Word
---@return integer
function Commands:zcount(key, min, max) end

---How many are between, where all scores are equal: "[a", "(a", "-", "+".
---@param key tidelock.Word
---@param min string
---@param max string
---@return integer
function Commands:zlexcount(key, min, max) end

---Members in order. Options: BYSCORE, BYLEX, REV, LIMIT offset count, WITHSCORES (then pairs of member and score).
---@param key tidelock.Word
---@param start tidelock.Word rank, score or text
---@param stop tidelock.Word
---@param ... tidelock.Word
---@return any[]
function Commands:zrange(key, start, stop, ...) end

---Stores what zrange would answer; how many there are.
---@param destination tidelock.Word
---@param source tidelock.Word
---@param start tidelock.Word
---@param stop tidelock.Word
---@param ... tidelock.Word
---@return integer
function Commands:zrangestore(destination, source, start, stop, ...) end

---@param key tidelock.Word
---@param min tidelock.Word
---@param max tidelock.Word
---@param ... tidelock.Word WITHSCORES, LIMIT offset count
---@return any[]
function Commands:zrangebyscore(key, min, max, ...) end

---@param key tidelock.Word
---@param start integer
---@param stop integer
---@return integer removed
function Commands:zremrangebyrank(key, start, stop) end

---@param key tidelock.Word
---@param min tidelock.Word
---@param max tidelock.Word
---@return integer removed
function Commands:zremrangebyscore(key, min, max) end

---@param key tidelock.Word
---@param min string
---@param max string
---@return integer removed
function Commands:zremrangebylex(key, min, max) end

---Takes the member with the lowest score, and its score; with `count` up to so many, as pairs.
---@param key tidelock.Word
---@param count? integer
---@return any[]
function Commands:zpopmin(key, count) end

---@param key tidelock.Word
---@param count? integer
---@return any[]
function Commands:zpopmax(key, count) end

---Takes from the first sorted set that is not empty: its key and pairs. Options: COUNT n.
---@param keys integer how many
---@param ... tidelock.Word keys, MIN or MAX, options
---@return any[]|nil
function Commands:zmpop(keys, ...) end

---A member by chance, or several; below 0: the same one more than once, perhaps. WITHSCORES: pairs.
---@param key tidelock.Word
---@param count? integer
---@param withscores? "WITHSCORES"
---@return string|any[]|nil
function Commands:zrandmember(key, count, withscores) end

---All members of any. Options: WEIGHTS w…, AGGREGATE SUM|MIN|MAX, WITHSCORES.
---@param keys integer how many
---@param ... tidelock.Word keys, options
---@return any[]
function Commands:zunion(keys, ...) end

---The members of all.
---@param keys integer how many
---@param ... tidelock.Word keys, options
---@return any[]
function Commands:zinter(keys, ...) end

---The members of the first that no other has.
---@param keys integer how many
---@param ... tidelock.Word keys, WITHSCORES
---@return any[]
function Commands:zdiff(keys, ...) end

---@param destination tidelock.Word
---@param keys integer how many
---@param ... tidelock.Word as zunion's
---@return integer
function Commands:zunionstore(destination, keys, ...) end

---@param destination tidelock.Word
---@param keys integer how many
---@param ... tidelock.Word as zinter's
---@return integer
function Commands:zinterstore(destination, keys, ...) end

---@param destination tidelock.Word
---@param keys integer how many
---@param ... tidelock.Word keys
---@return integer
function Commands:zdiffstore(destination, keys, ...) end

---How many members all have. Options: LIMIT n.
---@param keys integer how many
---@param ... tidelock.Word keys, options
---@return integer
function Commands:zintercard(keys, ...) end

---As zpopmin, of the first that is not empty, or waits for one: key, member and score. In a store it does not wait.
---@param ... tidelock.Word keys, and the time-out in seconds (0: none)
---@return any[]|nil
function Commands:bzpopmin(...) end

---@param ... tidelock.Word keys, and the time-out in seconds (0: none)
---@return any[]|nil
function Commands:bzpopmax(...) end

---@param timeout number seconds, 0: none
---@param keys integer how many
---@param ... tidelock.Word as zmpop's
---@return any[]|nil
function Commands:bzmpop(timeout, keys, ...) end
