-- Crashes of simulated nodes with journals and bad disks (spec/crashes.lua), and kill -9 of real ones
-- (spec/kill_loop.lua): a few of each. spec/crash_soak.lua and spec/kill_loop.lua do as many as one likes.

local crashes = require "spec.crashes"
local kill_loop = require "spec.kill_loop"

local SEEDS = 40

describe("crashes", function()
  it("lose nothing that was said to be durable, and leave nothing by half", function()
    local sum = { crashes = 0, told = 0, kept = 0, refused = 0, errors = 0 }
    local lost = 0
    for seed = 1, SEEDS do
      local ok, outcome = pcall(crashes.run, seed)
      if not ok then error(("seed %d: %s"):format(seed, outcome), 0) end
      for what in pairs(sum) do sum[what] = sum[what] + outcome[what] end
      for _, count in pairs(outcome.lost) do lost = lost + count end
    end
    -- the checks have seen what they are to judge
    assert.equal(5 * SEEDS, sum.crashes)
    assert.is_true(sum.told > 1000)
    assert.is_true(sum.kept > 100)
    assert.is_true(sum.refused > 0)
    assert.is_true(lost > 0)
    assert.is_true(sum.errors < SEEDS / 4)
  end)

  it("are the same for the same seed", function()
    for seed = 1, 5 do assert.equal(crashes.run(seed).hash, crashes.run(seed).hash) end
  end)
end)

describe("kill -9", function()
  for _, policy in ipairs { "always", "everysec", "no" } do
    it("loses nothing that was answered with appendfsync " .. policy, function()
      assert.is_true(kill_loop.run { loops = 6, seed = 1, server = "tidelock", fsync = policy } > 0)
    end)
  end
end)
