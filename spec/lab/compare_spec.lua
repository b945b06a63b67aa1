-- The comparison of settings as a script's users see it: arguments, tables, a replayed trial.

local lab = require "tidelock.lab"
local errors = require "tidelock.errors"

local function experiment(setting)
  return function(world)
    local a = world:node { name = "a" }
    local trial = lab.trial(world, setting)
    trial:mark "fault"
    trial:writers { clients = 2, writes = 3, every = 1, target = function() return a end }:join()
    a:del("w1:2")
    trial:mark "promoted"
    return trial:judge(a), trial
  end
end

-- What it prints.
local function compare(...)
  local lines, real = {}, print
  local options = {
    script = "some/script.lua", experiment = experiment, settings = { "async", "WAIT 0" }, simulated = 2, real = 0,
    arguments = { ... },
  }
  _G.print = function(...) lines[#lines + 1] = table.concat({ ... }, "\t") end -- luacheck: ignore 122
  local ok, problem = pcall(lab.compare, options)
  _G.print = real -- luacheck: ignore 122
  if not ok then return nil, problem end
  return table.concat(lines, "\n") .. "\n"
end

describe("compare", function()
  it("prints a row per setting, and how to see the worst trial again", function()
    local text = assert(compare())
    assert.matches("^In the simulator: 2 trials per setting, every invariant checked at every event, "
      .. "%d+ trials per second\n", text)
    assert.matches("\nasync +12 +2 +16.667 +2 of 2 ", text)
    assert.matches("\nWAIT 0 +12 +2 +16.667 +2 of 2 ", text)
    assert.matches("The worst simulated trial: 1 acknowledged writes lost, seed 1, async.*"
      .. "\n  build/tidelock run some/script.lua %-%-replay 1 async\n$", text)
  end)

  it("takes another number of trials", function()
    local text = assert(compare("--trials", "3"))
    assert.matches("3 of 3", text)
    assert.equal("\n", compare("--trials", "0", "--real", "0") or "")
  end)

  it("replays a trial as a transcript", function()
    local text = assert(compare("--replay", "2", "WAIT", "0"))
    assert.matches("^ +0.000  %-%-%-%- fault\n +0.000  w1 +invoke write w1:1\n", text)
    assert.matches("w1 +ok +write w1:2   LOST\n", text)
    assert.matches("%-%-%-%- promoted\n\n6 of 6 writes acknowledged, 1 of those lost; "
      .. "the old primary gave up 1 writes\n", text)
    assert.matches("\nloss_window: the lost ones were acknowledged within 0.000 ms\n", text)
    assert.matches("\nwrite_unavailable: %d+.%d+ ms\nevent hash: %x+\n$", text)
    assert.equal(text, compare("--replay", "2", "WAIT", "0"))
    assert.not_equal(text, compare("--replay", "3", "WAIT", "0"))
  end)

  it("says what is wrong with its arguments, and how they go", function()
    for _, case in ipairs {
      { { "--trials" }, "--trials: a number expected, got nothing" },
      { { "--trials", "many" }, "--trials: a number expected, got 'many'" },
      { { "--trials", "-1" }, "--trials: a number expected, got '-1'" },
      { { "--trials", "1.5" }, "--trials: a number expected, got '1.5'" },
      { { "--real", "x" }, "--real: a number expected, got 'x'" },
      { { "--server" }, "--server: a name expected, got nothing" },
      { { "--replay" }, "--replay: a number expected, got nothing" },
      { { "--replay", "1" }, "--replay: a seed and one of these settings expected: async, WAIT 0; got ''" },
      { { "--replay", "1", "WAIT", "7" },
        "--replay: a seed and one of these settings expected: async, WAIT 0; got 'WAIT 7'" },
      { { "--what" }, "unknown argument '--what'" },
    } do
      local text, problem = compare(table.unpack(case[1]))
      assert.is_nil(text)
      assert.is_true(errors.is(problem))
      assert.equal("USAGE", problem.code)
      assert.equal(case[2] .. "\nusage: tidelock run some/script.lua [--trials N] [--real N] [--server NAME] "
        .. "[--replay SEED SETTING]", problem.message)
    end
  end)

  it("as a script: a wrong argument is an error message without a traceback", function()
    local pipe = io.popen(("%s run examples/failover.lua --trials x 2>&1; echo $?"):format(os.getenv "TIDELOCK"
      or "build/tidelock"))
    local text = pipe:read "a"
    pipe:close()
    assert.matches("^tidelock: %-%-trials: a number expected, got 'x'\nusage: .*SETTING%]\n1\n$", text)
  end)
end)
