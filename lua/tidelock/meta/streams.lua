---@meta tidelock.meta.streams
-- The commands of streams as methods, for editors. Never loaded.

---@class tidelock.Commands
local Commands = {}

---An entry of a stream: its ID, and names and values one after the other.
---@alias tidelock.StreamEntry { [1]: string, [2]: string[] }

---What XREAD and XREADGROUP return: entries by stream; of entries read again that were deleted, the ID and null.
---@alias tidelock.StreamReading table<string, tidelock.StreamEntry[]>

---Appends an entry. Options before the ID: NOMKSTREAM, MAXLEN [= | ~] n [LIMIT n], MINID [= | ~] id [LIMIT n]. The ID
---is `*` for one that follows from the time, `ms-*` for the next one of that millisecond, or `ms-seq`.
---`s:xadd("log", "MAXLEN", "~", 1000, "*", "level", "info")`
---@param key tidelock.Word
---@param ... tidelock.Word
---@return string? id nil with NOMKSTREAM when there is no such stream
function Commands:xadd(key, ...) end

---Drops entries at the beginning: MAXLEN or MINID as of XADD. How many.
---@param key tidelock.Word
---@param ... tidelock.Word
---@return integer
function Commands:xtrim(key, ...) end

---@param key tidelock.Word
---@param ... tidelock.Word IDs
---@return integer deleted
function Commands:xdel(key, ...) end

---@param key tidelock.Word
---@return integer
function Commands:xlen(key) end

---Entries from one ID to another; `-` and `+` are the ends, `(id` leaves it out. Option: COUNT n.
---@param key tidelock.Word
---@param from tidelock.Word
---@param to tidelock.Word
---@param ... tidelock.Word
---@return tidelock.StreamEntry[]
function Commands:xrange(key, from, to, ...) end

---The same from the last one down.
---@param key tidelock.Word
---@param to tidelock.Word
---@param from tidelock.Word
---@param ... tidelock.Word
---@return tidelock.StreamEntry[]
function Commands:xrevrange(key, to, from, ...) end

---[COUNT n] [BLOCK ms] STREAMS key … id …: entries behind these IDs; `$` is the last one there is now.
---@param ... tidelock.Word
---@return tidelock.StreamReading?
function Commands:xread(...) end

---GROUP group consumer [COUNT n] [BLOCK ms] [NOACK] STREAMS key … id …: with the ID `>` entries that no consumer of the
---group has been given, otherwise what this one was given behind the ID and has not acknowledged.
---@param ... tidelock.Word
---@return tidelock.StreamReading?
function Commands:xreadgroup(...) end

---Sets the last ID: XSETID key id [ENTRIESADDED n] [MAXDELETEDID id].
---@param key tidelock.Word
---@param id tidelock.Word
---@param ... tidelock.Word
---@return true
function Commands:xsetid(key, id, ...) end

---CREATE key group id [MKSTREAM] [ENTRIESREAD n], SETID key group id [ENTRIESREAD n], DESTROY key group,
---CREATECONSUMER key group consumer, DELCONSUMER key group consumer.
---@param subcommand string
---@param ... tidelock.Word
---@return true|integer
function Commands:xgroup(subcommand, ...) end

---@param key tidelock.Word
---@param group tidelock.Word
---@param ... tidelock.Word IDs
---@return integer acknowledged
function Commands:xack(key, group, ...) end

---Takes over deliveries that have been idle for so long: IDs, then IDLE ms, TIME ms, RETRYCOUNT n, FORCE, JUSTID.
---@param key tidelock.Word
---@param group tidelock.Word
---@param consumer tidelock.Word
---@param min_idle integer milliseconds
---@param ... tidelock.Word
---@return tidelock.StreamEntry[]|string[]
function Commands:xclaim(key, group, consumer, min_idle, ...) end

---The same for whatever is pending from an ID on. Options: COUNT n, JUSTID. The ID to go on from ("0-0": the end), what
---was taken over, and the IDs of deliveries whose entries are no more.
---@param key tidelock.Word
---@param group tidelock.Word
---@param consumer tidelock.Word
---@param min_idle integer milliseconds
---@param start tidelock.Word
---@param ... tidelock.Word
---@return { [1]: string, [2]: tidelock.StreamEntry[]|string[], [3]: string[] }
function Commands:xautoclaim(key, group, consumer, min_idle, start, ...) end

---What is pending: count, first and last ID, and how many each consumer has; with [IDLE ms] from to count [consumer]
---the deliveries: ID, consumer, milliseconds since, how often.
---@param key tidelock.Word
---@param group tidelock.Word
---@param ... tidelock.Word
---@return any[]
function Commands:xpending(key, group, ...) end

---STREAM key [FULL [COUNT n]], GROUPS key, CONSUMERS key group.
---@param subcommand string
---@param ... tidelock.Word
---@return table
function Commands:xinfo(subcommand, ...) end
