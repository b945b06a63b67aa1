-- Ours and redis-server side by side, for some thousand random commands; spec/differential/run.lua does it by the
-- million.

local families = require "spec.differential.families"
local pair = require "spec.differential.pair"
local round = require "spec.differential.round"

local ROUNDS, SIZE = 3, 1000

describe("random commands, beside redis-server", function()
  local both
  setup(function() both = pair.new(families) end)
  teardown(function() both:close() end)

  -- every family by itself with the keys' own commands, and all together
  local groups = { families }
  for _, name in ipairs(families) do
    if name ~= "keys" then groups[#groups + 1] = { name, "keys" } end
  end
  for _, name in ipairs(families.alone) do groups[#groups + 1] = { name } end

  for i, group in ipairs(groups) do
    it("of " .. table.concat(group, ", "), function()
      local rows = round.rows(group)
      for seed = 1000 * i, 1000 * i + ROUNDS - 1 do
        local steps = round.steps(seed, rows, SIZE)
        local difference = round.difference(both, steps)
        if difference then
          local fewest, again = round.reduce(both, steps)
          error(("seed %d:\n%s\n%s"):format(seed, round.show(fewest), again or difference .. "\n  (not again)"))
        end
      end
    end)
  end
end)
