---@meta tidelock.meta.node
-- tidelock.Node's functions in C (csrc/lua/node.c), for editors. Never loaded.

---A node in a world: a primary or a replica. Commands are methods and are executed at the node itself.
---@class tidelock.Node: tidelock.Commands
---@field name string
---@field host string where the world's clients and nodes reach it
---@field port integer
---@field world tidelock.World
local Node = {}

---Sets a parameter of its start-up configuration, now and for every restart.
---@param name string
---@param value string
---@return true|nil, string? message, string? code
function Node:configure(name, value) end

---The process is gone, and what it had not synced to its disk. `"process"`: the process alone, as by kill -9; all that
---it had written is there (where a world cannot lose what was not synced, that is what happens anyway). `"power"`: the
---whole machine, so that peers hear nothing until it is back (simulator only).
---@param what? "process"|"power"
---@return true|nil, string? message, string? code
function Node:crash(what) end

---Comes back with its start-up configuration and what was on disk.
---@return true|nil, string? message, string? code
function Node:restart() end

---The process stops (SIGSTOP); its machine goes on accepting and receiving.
---@return true|nil, string? message, string? code
function Node:pause() end

---And goes on.
---@return true|nil, string? message, string? code
function Node:resume() end

---Sets how its disk behaves, or tells; what is not given stays as it is. `stall = ms`: it does not answer for so long
---from now. Simulator only.
---@param properties? tidelock.DiskProperties
---@return tidelock.DiskProperties|true
function Node:disk(properties) end

---The files on its disk and their sizes in bytes, as a process sees them; also while it is down. Simulator only.
---@return table<string, integer>
function Node:files() end

---Reads a file on its disk (nil: there is none), puts one there as if it had always been, or takes one away (false).
---Simulator only.
---@param name string
---@param content? string|false
---@return string|true|nil
function Node:file(name, content) end

---Whether there is a node (paused or not).
---@return boolean
function Node:is_up() end

---Why it gave up: what of its files it could not load, and where. Nil when it did not.
---@return string?
function Node:failure() end

---Live worlds: what the node there has had to say since this was asked last, as lines `<unix ms> <M or S> <level: 0 to
---3> <text>`: what the server makes its log of. What nobody takes is cut off at some 64 KiB.
---@return string
function Node:diary() end

---@return boolean|nil, string? message, string? code
function Node:is_primary() end

---What can be seen of it without a command.
---@return tidelock.NodeState|nil, string? message, string? code
function Node:state() end

---The digest of its dataset: equal on two nodes exactly when keys, values, types and expiry times are.
---@return string|nil, string? message, string? code
function Node:digest() end

---Its channels: to its replicas, and from its primary.
---@return tidelock.Channel[]|nil, string? message, string? code
function Node:channels() end

---One end of a replication link.
---@class tidelock.Channel
local Channel = {}

---@return tidelock.ChannelStats|nil, string? message, string? code
function Channel:stats() end

---Holds the stream: a primary's end stops sending, a replica's stops applying.
---@return true|nil, string? message, string? code
function Channel:pause() end

---Lets it go on.
---@return true|nil, string? message, string? code
function Channel:resume() end

---The node that has this end.
---@return tidelock.Node
function Channel:node() end
