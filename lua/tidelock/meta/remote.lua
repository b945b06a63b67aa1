---@meta tidelock.meta.remote
-- What worlds of processes are built on (csrc/lua/relay.c), for editors. Never loaded.

---A link between real processes: listens on a port of 127.0.0.1 and passes connections on, with the delays of a link.
---Made by `core.relay(live_world, port, host, to_port)`; closed with its world.
---@class tidelock.Relay
local Relay = {}

---Where it listens.
---@return integer|nil, string? message, string? code
function Relay:port() end

---Sets the properties of one direction: forward is towards what it passes on to. All that are not given are none.
---@param forward boolean
---@param properties tidelock.LinkProperties
---@return true|nil, string? message, string? code
function Relay:set(forward, properties) end

---Resets all connections that pass through.
---@return true|nil, string? message, string? code
function Relay:reset() end

---Nobody can connect any more, and whoever has is reset.
function Relay:close() end
