-- Every example runs, says what it is there to say, and fits on a screen.

local support = require "spec.server.support"
local tidelock = require "tidelock"

local dirent = require "posix.dirent"

local SCREEN = 60

local function run(...)
  local output, status = support.run { support.launcher(), "run", ... }
  assert.equal(0, status, output)
  return output
end

-- The lines of a text that match, each as the array of its captures.
local function rows(text, pattern)
  local found = {}
  for line in text:gmatch "[^\n]+" do
    local captures = { line:match(pattern) }
    if captures[1] then
      for i, capture in ipairs(captures) do captures[i] = tonumber(capture) or capture end
      found[#found + 1] = captures
    end
  end
  return found
end

-- setting, acknowledged, lost, trials with loss, trials, given up, p50, p99
local FAILOVER_ROW = "^(%a[%w ]-)  +(%d+) +(%d+) +[%d.]+ +(%d+) of (%d+) +(%d+) +([%d.]+) +([%d.]+) +[%d.]+ +[%d.]+$"

local examples = {}

examples["failover.lua"] = function(script)
  local output = run(script, "--trials", 20, "--real", 1)
  assert.matches("^In the simulator: 20 trials per setting, every invariant checked at every event", output)
  assert.matches("\nOver real TCP: 1 trial per setting, every node a tidelock process, crashes are SIGKILL\n", output)
  local _, headings = output:gsub(" +acknowledged +acked_lost +trials +given +write ms +write_unavailable ms\n"
    .. "setting +writes +writes +%% +with loss +up +p50 +p99 +p50 +p99\n", "")
  assert.equal(2, headings)
  local found = rows(output, FAILOVER_ROW)
  local settings = { "async", "WAIT 1", "ANY 1", "ANY 1 fsynced" }
  assert.equal(2 * #settings, #found)
  for i, row in ipairs(found) do
    local setting = settings[(i - 1) % #settings + 1]
    assert.equal(setting, row[1])
    local simulated = i <= #settings
    assert.equal(simulated and 20 or 1, row[5])
    assert.is_true(row[2] > (simulated and 90 or 40) * row[5], row[2]) -- real ones time out on a busy machine
    assert.is_true(row[7] <= row[8])
    if setting ~= "async" then assert.equal(0, row[3]) end
  end
  -- losing is what the simulated async is about
  assert.is_true(found[1][3] > 0 and found[1][4] > 0)
  assert.is_true(found[1][7] < found[2][7] and found[2][7] < found[4][7])
  local seed, lost = output:match "%-%-replay (%d+) async\n$", output:match "trial: (%d+) acknowledged writes lost"
  local replayed = run(script, "--replay", seed, "async")
  assert.matches(("\n%%d+ of 100 writes acknowledged, %s of those lost;"):format(lost), replayed)
  assert.equal(tonumber(lost), #rows(replayed, "(LOST)$"))
end

examples["wait.lua"] = function(script)
  local found = rows(run(script), "^([%d., ]-) +(%d+) +([%d.]+) +([%d.]+)$")
  assert.equal(15, #found)
  for i = 1, #found, 3 do
    local none, one, two = found[i], found[i + 1], found[i + 2]
    assert.same({ 0, 1, 2 }, { none[2], one[2], two[2] })
    assert.is_true(none[3] <= one[3] and one[3] <= two[3])
    assert.equal(1, none[3]) -- the client's own distance, there and back
  end
end

examples["chain.lua"] = function(script)
  local found = rows(run(script), "(%d+) keys +(%d+) full and (%d+) partial")
  assert.same({ { 1000, 3, 0 }, { 2000, 3, 1 }, { 3000, 3, 4 }, { 4000, 3, 5 }, { 4000, 4, 5 } }, found)
end

examples["split_brain.lua"] = function(script)
  -- min-replicas, max-lag, acknowledged, given up
  local found = rows(run(script, "--trials", 5), "^ +(%d) +(%d+) +(%d+) +(%d+) %(")
  assert.equal(4, #found)
  for i = 2, #found do assert.is_true(found[i][4] < found[i - 1][4]) end
end

examples["live.lua"] = function(script)
  local pipe = io.popen(("%s run %s 0 2 2>&1"):format(support.launcher(), script))
  local port = pipe:read("l"):match "^redis%-cli %-p (%d+) incr visitors"
  local world <close> = tidelock.live {}
  local client = world:client("127.0.0.1:" .. port)
  assert.equal(1, client:incr "visitors")
  assert.equal(2, client:incr "visitors")
  assert.matches("\nvisitors: 2, commands: %d+\n$", pipe:read "a")
  assert.is_true(pipe:close())
end

describe("the example", function()
  for name in dirent.files(support.path "examples") do
    if name:find "%.lua$" then
      it(name, function()
        local script = support.path("examples/" .. name)
        local lines = 0
        for _ in io.lines(script) do lines = lines + 1 end
        assert.is_true(lines <= SCREEN, lines)
        assert.is_truthy(examples[name], "this spec does not know the example")
        examples[name](script)
      end)
    end
  end
end)
