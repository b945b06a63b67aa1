---@meta tidelock.meta.batches
-- Iterators, pipelines and transactions, which stores, nodes and clients have alike (docs/store.md), for editors. Never
-- loaded.

---@class tidelock.Commands
local Commands = {}

---The keys, one at a time: `for key in s:scan{ match = "user:*" } do`. Raises what goes wrong on the way.
---@param given tidelock.ScanOptions
---@return fun(): string?
---@overload fun(self: tidelock.Commands, cursor: tidelock.Word, ...: tidelock.Word): any[]
function Commands:scan(given) end

---The fields of a hash with their values.
---@param key tidelock.Word
---@param given tidelock.ScanOptions
---@return fun(): string?, string?
---@overload fun(self: tidelock.Commands, key: tidelock.Word, cursor: tidelock.Word, ...: tidelock.Word): any[]
function Commands:hscan(key, given) end

---The members of a set.
---@param key tidelock.Word
---@param given tidelock.ScanOptions
---@return fun(): string?
---@overload fun(self: tidelock.Commands, key: tidelock.Word, cursor: tidelock.Word, ...: tidelock.Word): any[]
function Commands:sscan(key, given) end

---The members of a sorted set with their scores.
---@param key tidelock.Word
---@param given tidelock.ScanOptions
---@return fun(): string?, number?
---@overload fun(self: tidelock.Commands, key: tidelock.Word, cursor: tidelock.Word, ...: tidelock.Word): any[]
function Commands:zscan(key, given) end

---Several commands and then all their replies: `fn` is given a pipeline, and what else there is. Returns the array of
---replies, with tidelock.null for null and error objects for errors.
---@param fn fun(p: tidelock.Pipeline, ...)
---@return any[]|nil, string? message, string? code
function Commands:pipeline(fn, ...) end

---What `pipeline` gives to its function. Methods are commands and return nothing. It is over when that returns.
---@class tidelock.Pipeline: tidelock.Commands

---Commands that are executed together or not at all: their replies, and what `fn` returned. With options, `fn` is
---called again when a watched key has changed; there, commands answer at once until `t:multi()`. "CONFLICT": it went on
---changing; "EXECABORT": a command was refused.
---@param given tidelock.TransactionOptions
---@param fn fun(t: tidelock.Transaction): ...
---@return any[]|nil, any ...
---@overload fun(self: tidelock.Commands, fn: fun(t: tidelock.Transaction): ...): any[]|nil, any
function Commands:transaction(given, fn) end
