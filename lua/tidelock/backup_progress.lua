-- A bar for bytes on stderr, when that is a terminal or somebody asks for it: how many, of how many if that is known.

local unistd = require "posix.unistd"
local time = require "posix.time"

local WIDTH, PERIOD_MS = 30, 100

---@class tidelock.ByteProgress
local ByteProgress = {}
ByteProgress.__index = ByteProgress

local function now_ms()
  local now = time.clock_gettime(time.CLOCK_MONOTONIC)
  return now.tv_sec * 1000 + now.tv_nsec // 1000000
end

local function bytes_text(bytes)
  for _, unit in ipairs { "B", "KiB", "MiB" } do
    if bytes < 10240 then return ("%.0f %s"):format(bytes, unit) end
    bytes = bytes / 1024
  end
  return ("%.1f GiB"):format(bytes)
end

---@param done integer bytes
---@param total integer|nil
function ByteProgress:advance(done, total)
  if not self.shown then return end
  local now = now_ms()
  if now - self.drawn_ms < PERIOD_MS and done ~= total then return end
  self.drawn_ms = now
  local text = bytes_text(done)
  if total and total > 0 then
    local filled = math.min(WIDTH, done * WIDTH // total)
    text = ("[%s%s] %s of %s"):format(("#"):rep(filled), ("."):rep(WIDTH - filled), text, bytes_text(total))
  end
  local seconds = math.max(now - self.begun_ms, 1) / 1000
  io.stderr:write(("\r\27[K%s %s, %s/s"):format(self.name, text, bytes_text(done / seconds)))
  io.stderr:flush()
  self.visible = true
end

---Takes the bar away.
function ByteProgress:remove()
  if self.visible then io.stderr:write("\r\27[K") end
  self.visible = false
end

ByteProgress.__close = ByteProgress.remove

---@param name string
---@param always? boolean also when stderr is no terminal
---@return tidelock.ByteProgress
local function new(name, always)
  local shown = always or unistd.isatty(2) == 1
  return setmetatable({ name = name, shown = shown, begun_ms = now_ms(), drawn_ms = 0 }, ByteProgress)
end

return { new = new }
