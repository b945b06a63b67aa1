-- How things are measured: clocks, memory from the operating system, medians, and rounds that alternate.
--
-- A machine is never quiet. So the two sides take turns (A B, B A, A B, …), each round gives a ratio of two neighbours,
-- and what is reported is the median of the rounds' ratios, with its range. Absolute numbers are medians too.

local ptime = require "posix.time"

local measure = {}

-- ---- the operating system's numbers ---------------------------------------------------------------------------------

local function seconds(clock)
  local t = assert(ptime.clock_gettime(clock))
  return t.tv_sec + t.tv_nsec * 1e-9
end

---Seconds that pass.
---@return number
function measure.now()
  return seconds(ptime.CLOCK_MONOTONIC)
end

---Seconds of CPU time a process has used, all threads, user and system. This is the CPU clock Linux keeps for a process
---(clock_getcpuclockid(3)): the same as utime + stime in /proc/PID/stat, in nanoseconds instead of ticks.
---@param pid integer
---@return number
function measure.cpu(pid)
  return seconds(~pid << 3 | 2)
end

---Bytes of memory of a process that are in RAM.
---@param pid integer|"self"
---@return integer
function measure.rss(pid)
  for line in io.lines(("/proc/%s/status"):format(pid)) do
    local kib = line:match "^VmRSS:%s*(%d+) kB"
    if kib then return math.tointeger(kib) * 1024 end
  end
  error(("process %s has no VmRSS"):format(pid))
end

---Bytes of memory of a process that are in RAM and that it shares with nobody. When the process wants memory mapped it
---stands still meanwhile.
---@param pid integer
---@return integer 0 when it is gone
function measure.private(pid)
  local file <close> = io.open(("/proc/%d/smaps_rollup"):format(pid))
  local total = 0
  for kib in (file and file:read "a" or ""):gmatch "Private_%a+:%s*(%d+) kB" do
    total = total + assert(math.tointeger(tonumber(kib))) * 1024
  end
  return total
end

---Bytes of a file.
---@param path string
---@return integer
function measure.size(path)
  local file <close> = assert(io.open(path))
  return assert(file:seek "end")
end

-- ---- statistics -----------------------------------------------------------------------------------------------------

---The value that at least `fraction` of the values do not exceed; sorts them.
---@param values number[]
---@param fraction number
function measure.percentile(values, fraction)
  table.sort(values)
  return values[math.max(1, math.ceil(#values * fraction))]
end

---@class bench.Spread
---@field median number
---@field low number
---@field high number

---@param values number[]
---@return bench.Spread
function measure.spread(values)
  local sorted = table.move(values, 1, #values, 1, {})
  table.sort(sorted)
  local n = #sorted
  local median = n % 2 == 1 and sorted[n // 2 + 1] or (sorted[n // 2] + sorted[n // 2 + 1]) / 2
  return { median = median, low = sorted[1], high = sorted[n] }
end

-- ---- rounds ---------------------------------------------------------------------------------------------------------

---@class bench.Comparison
---@field ours bench.Spread
---@field rival bench.Spread
---@field ratio bench.Spread of the rounds' ours / rival

---Runs both sides `rounds` times, taking turns at going first. A side gives its values by name; the comparisons come by
---the same names. The first, unmeasured round is `warm_up`'s.
---@param rounds integer
---@param sides { ours: (fun(): table<string, number>), rival: fun(): table<string, number> }
---@param warm_up? boolean
---@return table<string, bench.Comparison>
function measure.alternate(rounds, sides, warm_up)
  local collected = {}
  local function note(name, which, value)
    local c = collected[name] or { ours = {}, rival = {}, ratio = {} }
    collected[name] = c
    table.insert(c[which], value)
  end
  if warm_up then
    sides.ours()
    sides.rival()
  end
  for i = 1, rounds do
    local first = i % 2 == 1 and "ours" or "rival"
    local second = first == "ours" and "rival" or "ours"
    local values = { [first] = sides[first]() }
    values[second] = sides[second]()
    for name, ours in pairs(values.ours) do
      note(name, "ours", ours)
      note(name, "rival", values.rival[name])
      note(name, "ratio", ours / values.rival[name])
    end
  end
  local compared = {}
  for name, c in pairs(collected) do
    compared[name] = {
      ours = measure.spread(c.ours), rival = measure.spread(c.rival), ratio = measure.spread(c.ratio),
    }
  end
  return compared
end

return measure
