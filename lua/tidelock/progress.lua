-- A progress bar on stderr, when that is a terminal or somebody asks for it; nothing otherwise. Of things that are
-- counted ("trials [####....] 40/100"), or of bytes with their rate, of which it may not be known how many there are.

local clock = require "tidelock.clock"
local unistd = require "posix.unistd"

local WIDTH = 30
local PERIOD_MS = 100 -- draws no more often

---@class tidelock.Progress
local Progress = {}
Progress.__index = Progress

local function bar(done, total)
  local filled = total > 0 and math.min(WIDTH, done * WIDTH // total) or WIDTH
  return ("[%s%s]"):format(("#"):rep(filled), ("."):rep(WIDTH - filled))
end

local function bytes_text(bytes)
  for _, unit in ipairs { "B", "KiB", "MiB" } do
    if bytes < 10240 then return ("%.0f %s"):format(bytes, unit) end
    bytes = bytes / 1024
  end
  return ("%.1f GiB"):format(bytes)
end

local function count_line(self, done, total)
  return ("%-10s %s %d/%d "):format(self.name, bar(done, total), done, total)
end

local function bytes_line(self, done, total)
  local seconds = math.max(clock.monotonic_ms() - self.begun_ms, 1) / 1000
  local text = bytes_text(done)
  if total and total > 0 then text = ("%s %s of %s"):format(bar(done, total), text, bytes_text(total)) end
  return ("%s %s, %s/s"):format(self.name, text, bytes_text(done / seconds))
end

---@param done integer
---@param total? integer if it was not known before
function Progress:advance(done, total)
  if not self.shown then return end
  total = total or self.total
  local now = clock.monotonic_ms()
  if now < self.due_ms and done ~= total then return end
  self.due_ms = now + PERIOD_MS
  io.stderr:write("\r\27[K", self:line(done, total))
  io.stderr:flush()
  self.visible = true
end

---Takes the bar away.
function Progress:remove()
  if self.visible then io.stderr:write("\r\27[K") end
  self.visible = false
end

Progress.__close = Progress.remove

local progress = {}

local function new(name, shown, line, total)
  return setmetatable({ name = name, shown = shown, line = line, total = total, begun_ms = clock.monotonic_ms(),
    due_ms = 0, visible = false }, Progress)
end

local function is_terminal()
  return unistd.isatty(2) == 1
end

---Of things that are counted.
---@param name string
---@param total integer
---@param quiet? boolean not on a terminal either
---@return tidelock.Progress
function progress.count(name, total, quiet)
  return new(name, not quiet and is_terminal(), count_line, total)
end

---Of bytes; `advance` is told of how many, if that is known.
---@param name string
---@param always? boolean also when stderr is no terminal
---@return tidelock.Progress
function progress.bytes(name, always)
  return new(name, always or is_terminal(), bytes_line)
end

return progress
