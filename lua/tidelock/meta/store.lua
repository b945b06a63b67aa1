---@meta tidelock.meta.store
-- tidelock.Store's functions in C (csrc/lua/store.c), for editors. Never loaded.

---Redis's data types inside this Lua state. Commands are methods.
---@class tidelock.Store: tidelock.Commands
local Store = {}

---Chooses the database that commands work on (default: 0).
---@param db integer
---@return true|nil, string? message, string? code
function Store:select(db) end

---Bytes of memory it has allocated.
---@return integer
function Store:used_memory() end

---The digest of its content: equal for two stores exactly when keys, values, types and expiry times are.
---@return string|nil, string? message, string? code
function Store:digest() end

---Frees everything. Further calls answer `CLOSED`.
function Store:close() end
