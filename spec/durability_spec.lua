-- The promises of docs/durability.md, a few seeds of each; spec/durability_soak.lua takes as many as one likes.

local durability = require "spec.durability"

local SEEDS = 40

describe("what was acknowledged", function()
  for _, setting in ipairs(durability.settings) do
    it("under " .. setting .. " is there, or is lost as the offsets say", function()
      local sum = { acknowledged = 0, lost = 0, foretold = 0, asked = 0 }
      for seed = 1, SEEDS do
        local outcome = durability.run(setting, seed)
        for name in pairs(sum) do sum[name] = sum[name] + outcome[name] end
      end
      -- it was looked at, and asynchronous replication does lose
      assert.is_true(sum.acknowledged > 5 * SEEDS and sum.foretold >= sum.acknowledged)
      assert.is_true(sum.asked > 10 * SEEDS)
      assert.equal(setting == "async", sum.lost > 0)
    end)
  end

  it("is the same for the same seed", function()
    assert.equal(durability.run("ANY 2", 5).hash, durability.run("ANY 2", 5).hash)
  end)
end)
