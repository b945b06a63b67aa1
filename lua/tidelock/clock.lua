-- The machine's clocks, for the programs of the command line. A script's time is its world's.

local time = require "posix.time"

local clock = {}

local function read_ms(which)
  local now = time.clock_gettime(which)
  return now.tv_sec * 1000 + now.tv_nsec // 1000000
end

---Milliseconds of unix time.
---@return integer
function clock.wall_ms()
  return read_ms(time.CLOCK_REALTIME)
end

---Milliseconds of a clock that nobody sets: for how long something took.
---@return integer
function clock.monotonic_ms()
  return read_ms(time.CLOCK_MONOTONIC)
end

---A unix time as people read it: "2026-01-31T12:00:00Z".
---@param seconds integer
---@return string
function clock.utc_text(seconds)
  return os.date("!%Y-%m-%dT%H:%M:%SZ", seconds) --[[@as string]]
end

return clock
