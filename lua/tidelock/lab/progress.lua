-- A progress bar on stderr, when that is a terminal; nothing otherwise.

local WIDTH = 30

---@class tidelock.Progress
local Progress = {}
Progress.__index = Progress

local function draw(self, done)
  local filled = self.total > 0 and done * WIDTH // self.total or WIDTH
  io.stderr:write(("\r%-10s [%s%s] %d/%d "):format(self.name, ("#"):rep(filled), ("."):rep(WIDTH - filled), done,
    self.total))
  io.stderr:flush()
end

---@param done integer
function Progress:advance(done)
  local percent = self.total > 0 and done * 100 // self.total or 100
  if not self.shown or percent == self.percent then return end
  self.percent = percent
  draw(self, done)
end

-- takes the bar away
function Progress:__close()
  if self.shown then io.stderr:write("\r\27[K") end
end

---@param name string
---@param total integer
---@param quiet? boolean
---@return tidelock.Progress
local function new(name, total, quiet)
  local found, unistd = pcall(require, "posix.unistd")
  local shown = not quiet and found and unistd.isatty(2) == 1
  return setmetatable({ name = name, total = total, shown = shown }, Progress)
end

return { new = new }
