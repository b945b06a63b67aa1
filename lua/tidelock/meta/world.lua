---@meta tidelock.meta.world
-- tidelock.World's functions in C (csrc/lua/world.c), for editors. Never loaded.

---What drives nodes: it supplies time, randomness, a network and disks.
---@class tidelock.World
local World = {}

---Whether it has not been closed.
---@return boolean
function World:is_open() end

---Monotonic time in milliseconds; the simulator starts at 0.
---@return tidelock.Milliseconds
function World:now() end

---Unix time in milliseconds.
---@return tidelock.Milliseconds
function World:wall() end

---As math.random, from the world's own seeded stream: a float in [0,1), an integer in [1,m] or in [m,n].
---@param m? integer
---@param n? integer
---@return number
function World:random(m, n) end

---The task that calls sleeps; outside a task the world runs for that long.
---@param ms tidelock.Milliseconds
---@return true|nil, string? message, string? code
function World:sleep(ms) end

---For somebody else's loop: turns the world until something has happened, for `timeout` at most (default: no limit).
---Whether something had.
---@param timeout? tidelock.Milliseconds
---@return boolean
function World:step(timeout) end

---Live worlds: a descriptor that becomes readable when there is something to do.
---@return integer
function World:fd() end

---Live worlds: how long to wait for that at most, nil: for ever.
---@return tidelock.Milliseconds?
function World:timeout() end

---Live worlds: SIGTERM and SIGINT set `stopping` instead of ending the process.
---@return true
function World:watch_signals() end

---Whether a signal or SHUTDOWN asked to stop, or the world is closed. `false` has it go on until the next signal.
---@param stopping? false
---@return boolean
---@return integer signal the one that asked, 0: none
function World:stopping(stopping) end

---Simulator: a hash over every event so far, equal for equal runs.
---@return integer
function World:hash() end

---Simulator: how many events there have been.
---@return integer
function World:events() end

---Simulator: whether all invariants held so far; if not, `nil` and which did not. Needs
---`tidelock.sim { check = true }`.
---@return true|nil, string? message, string? code
function World:check() end

---Simulator: what the checker has seen.
---@return tidelock.Checks
function World:checks() end

---Whether all nodes are up and at the same offset of the same history with the same data; if not, why.
---@return boolean, string? why
function World:converged() end

---Sets how all disks behave that nobody has set, or tells. Simulator only.
---@param properties? tidelock.DiskProperties
---@return tidelock.DiskProperties|true
function World:disks(properties) end

---Properties of the link from one place to another, by name; without names of those that have none of their own.
---@param from? string
---@param to? string
---@return tidelock.LinkProperties
function World:link_get(from, to) end

---Sets properties of the link from one place to another; those not given stay.
---@param from string
---@param to string
---@param properties tidelock.LinkProperties
---@return true
function World:link_set(from, to, properties) end
