-- What the numbers were measured on and with.

local servers = require "bench.servers"

local machine = {}

local function first_line(path, pattern)
  local file <close> = io.open(path)
  return file and file:read("a"):match(pattern) or "?"
end

local function answer(command)
  local pipe = assert(io.popen(command .. " 2>/dev/null"))
  local text = pipe:read "a"
  pipe:close()
  return text:match "^%s*(.-)%s*$"
end

---The load of the last minute, and how many processors there are.
---@return number load, integer processors
function machine.load()
  return tonumber(first_line("/proc/loadavg", "^[%d.]+")), math.tointeger(tonumber(answer "nproc")) or 1
end

---The processors but the first, as taskset(1) names them; nil where there is but one, or they are not ours to choose.
---@return string|nil list
function machine.others()
  local _, processors = machine.load()
  local list = processors > 1 and "1-" .. processors - 1
  return list and answer(("taskset -c 0 taskset -c %s echo yes"):format(list)) == "yes" and list or nil
end

---@param context table
---@return string
function machine.describe(context)
  local load, processors = machine.load()
  local redis = servers.shell "redis-server --version"
  local lines = {
    ("machine   %s, %d processors, Linux %s, load %.2f"):format(
      first_line("/proc/cpuinfo", "model name%s*:%s*([^\n]+)"), processors,
      first_line("/proc/sys/kernel/osrelease", "[^\n]+"), load),
    ("ours      tidelock %s, commit %s, %s"):format(require("tidelock").version,
      answer(("git -C '%s' describe --always --dirty"):format(context.directory)),
      first_line(context.directory .. "/../build/flags", "^%S+ [^\n]-%-O%S+")),
    ("rival     Redis %s, %s"):format(redis:match "v=(%S+)" or "?", redis:match "malloc=%S+" or "?"),
    ("client    %s"):format(answer "redis-benchmark --version"),
    ("rounds    %d, the sides take turns; medians, with the range of rounds in parentheses"):format(context.rounds),
  }
  if load > processors / 2 then
    lines[#lines + 1] = "note      the machine is busy with other things: trust the ratios, not the absolute numbers"
  end
  return table.concat(lines, "\n")
end

return machine
