-- Same seed, same run: twice in one process, in two processes, and in a build with sanitizers; for the failover
-- experiment and for storms of random faults (spec/storm.lua; spec/soak.lua runs as many as one likes). Every
-- invariant is checked at every event.

local support = require "spec.server.support"
local storm = require "spec.storm"

local FIRST, STORMS, IN_OTHERS = 1, 200, 40

-- What a script prints, run by a launcher.
local function printed_by(launcher, words)
  local command = { launcher, "run" }
  for _, word in ipairs(words) do command[#command + 1] = word end
  local text, status = support.run(command)
  assert.equal(0, status, text)
  return text
end

-- The launchers that are there: of the build under test, and of the others.
local function launchers()
  local found = { support.launcher() }
  for _, name in ipairs { "build/tidelock", "build/asan/tidelock" } do
    local path = support.path(name)
    local file <close> = io.open(path)
    if file and path ~= found[1] then found[#found + 1] = path end
  end
  return found
end

describe("a storm", function()
  it("is the same twice, breaks no invariant, and ends with all nodes the same", function()
    local sum, hashes = { prefixes = 0, waits = 0, writes = 0, histories = 0 }, {}
    for seed = FIRST, FIRST + STORMS - 1 do
      local outcome = storm.twice(seed)
      for name in pairs(sum) do sum[name] = sum[name] + outcome.checks[name] end
      assert.is_nil(hashes[outcome.hash], "two seeds with one hash")
      hashes[outcome.hash] = true
    end
    -- the checker had something to compare
    assert.is_true(sum.prefixes > 50 * STORMS, sum.prefixes)
    assert.is_true(sum.waits > 5 * STORMS, sum.waits)
    assert.is_true(sum.writes > 20 * STORMS, sum.writes)
    assert.is_true(sum.histories > 2 * STORMS, sum.histories)
  end)

  it("is the same in other processes and other builds", function()
    local words = { support.path "spec/soak.lua", "--first", FIRST, "--seeds", IN_OTHERS }
    local expected = printed_by(support.launcher(), words):match "events.*$"
    assert.matches("one hash over all: %x+\n$", expected)
    for _, launcher in ipairs(launchers()) do
      assert.equal(expected, printed_by(launcher, words):match "events.*$", launcher)
    end
  end)
end)

describe("the failover experiment", function()
  local function replay(launcher, seed, setting)
    return printed_by(launcher, { support.path "examples/failover.lua", "--replay", seed, setting })
  end

  it("is the same event by event in other processes and other builds", function()
    for _, setting in ipairs { "async", "WAIT 1" } do
      local expected = replay(support.launcher(), 42, setting)
      assert.matches("\nevent hash: %x+\n$", expected)
      for _, launcher in ipairs(launchers()) do assert.equal(expected, replay(launcher, 42, setting), launcher) end
      assert.not_equal(expected, replay(support.launcher(), 43, setting))
    end
  end)
end)
