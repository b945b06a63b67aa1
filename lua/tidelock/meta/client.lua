---@meta tidelock.meta.client
-- tidelock.Client's and tidelock.Pipeline's functions in C (csrc/lua/client.c, pipeline.c), for editors. Never loaded.

---Somebody at a place of their own, who reaches a node over a link. Commands are methods. Where a request gets no
---reply, it returns `nil, message, code, outcome`: the code is "TIMEOUT" or "CLOSED", the outcome "info" when the
---request may or may not have been executed, and "fail" when it certainly was not. The next request connects again.
---@class tidelock.Client: tidelock.Commands
---@field name string
---@field world tidelock.World
local Client = {}

---Talks to another address from now on.
---@param host string
---@param port integer
---@return true|nil, string? message, string? code
function Client:go_to(host, port) end

---Subscribes to channels; how many subscriptions there are then. Messages: `client:receive`.
---@param ... tidelock.Word channels
---@return integer|nil, string? message, string? code
function Client:subscribe(...) end

---@param ... tidelock.Word patterns
---@return integer|nil, string? message, string? code
function Client:psubscribe(...) end

---Ends subscriptions to channels (none given: all of them).
---@param ... tidelock.Word channels
---@return integer|nil, string? message, string? code
function Client:unsubscribe(...) end

---@param ... tidelock.Word patterns
---@return integer|nil, string? message, string? code
function Client:punsubscribe(...) end

