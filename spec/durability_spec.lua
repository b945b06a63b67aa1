-- The promises of docs/durability.md, a few seeds of each; spec/durability_soak.lua takes as many as one likes.

local durability = require "spec.durability"

local SEEDS = 40

describe("what was acknowledged", function()
  for _, setting in ipairs(durability.settings) do
    it("under " .. setting .. " is there, or is lost as the offsets say", function()
      local sum = { acknowledged = 0, lost = 0, foretold = 0, asked = 0, harmed = 0 }
      for seed = 1, SEEDS do
        local outcome = durability.run(setting, seed)
        for name in pairs(sum) do sum[name] = sum[name] + outcome[name] end
      end
      -- it was looked at; asynchronous replication does lose, and so does a damaged disk that nobody has a copy of
      local harmed = setting:find "damaged" ~= nil
      assert.is_true(sum.acknowledged > 5 * SEEDS and (harmed or sum.foretold >= sum.acknowledged))
      assert.is_true(sum.asked > 10 * SEEDS)
      assert.equal(setting == "async" or setting == "appendfsync damaged", sum.lost > 0)
      assert.equal(harmed, sum.harmed > 0)
    end)
  end

  it("is the same for the same seed", function()
    assert.equal(durability.run("ANY 2", 5).hash, durability.run("ANY 2", 5).hash)
  end)
end)
