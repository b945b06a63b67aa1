-- Many trials and their summary: percentiles, seeds, what stops them, tables, progress.

local progress = require "tidelock.progress"
local report = require "tidelock.lab.report"
local samples = require "tidelock.lab.samples"
local trials = require "tidelock.lab.trials"
local lab = require "tidelock.lab"
local tidelock = require "tidelock"

local function judgement(given)
  local j = { writes = 0, acked = 0, lost = 0, recovered = 0, unexpected = 0, given_up = 0, latencies = {} }
  for name, value in pairs(given) do j[name] = value end
  return j
end

describe("samples", function()
  it("give the smallest value that enough of them do not exceed", function()
    local s = samples.new()
    assert.is_nil(s:percentile(0.5))
    for i = 100, 1, -1 do s:add(i) end
    assert.equal(100, s.count)
    assert.equal(50, s:percentile(0.5))
    assert.equal(99, s:percentile(0.99))
    assert.equal(100, s:percentile(0.999))
    assert.equal(100, s:percentile(1))
    assert.equal(1, s:percentile(0))
  end)

  it("take zero, fractions and great numbers, to three digits", function()
    local s = samples.new()
    for _, value in ipairs { 0, 0.12345, 123456 } do s:add(value) end
    assert.equal(0, s:percentile(0.1))
    assert.is_true(math.abs(s:percentile(0.5) - 0.123) < 1e-9)
    assert.equal(123000, s:percentile(1))
  end)

  it("need little memory, however many they are", function()
    local s = samples.new()
    for i = 1, 200000 do s:add(i / 7) end
    local kept = 0
    for _ in pairs(s.times) do kept = kept + 1 end
    assert.is_true(kept <= 6 * 900, kept)
    assert.equal(200000, s.count)
    assert.is_true(math.abs(s:percentile(0.5) - 100000 / 7) <= 50)
  end)
end)

describe("trials", function()
  local function run(count, experiment, more)
    local options = {
      name = "some", count = count, quiet = true, experiment = experiment,
      world = function(seed) return tidelock.sim { seed = seed, check = true } end,
    }
    for name, value in pairs(more or {}) do options[name] = value end
    return trials.run(options)
  end

  it("run each seed in a world of its own and sum up", function()
    local seeds, worlds = {}, {}
    local summary = run(5, function(world)
      worlds[#worlds + 1] = world
      local i = #worlds
      return judgement { writes = 10, acked = 9, lost = i % 3, latencies = { i, 10 * i }, given_up = 2,
        write_unavailable = i < 5 and 100 * i or nil, loss_window = i }
    end, { first_seed = 40, world = function(seed)
      seeds[#seeds + 1] = seed
      return tidelock.sim { seed = seed, check = true }
    end })
    assert.same({ 40, 41, 42, 43, 44 }, seeds)
    assert.equal("some", summary.name)
    assert.same({ 5, 50, 45, 1 + 2 + 0 + 1 + 2, 4, 10 },
      { summary.trials, summary.writes, summary.acked, summary.lost, summary.trials_with_loss, summary.given_up })
    assert.same({ 2, 41 }, { summary.worst_lost, summary.worst_seed })
    assert.equal(10, summary.latency.count)
    assert.equal(50, summary.latency:percentile(1))
    assert.equal(4, summary.write_unavailable.count)
    assert.equal(200, summary.write_unavailable:percentile(0.5))
    for _, world in ipairs(worlds) do assert.is_false(world:is_open()) end
  end)

  it("without loss have no worst", function()
    local summary = run(2, function() return judgement { acked = 1 } end)
    assert.is_nil(summary.worst_seed)
    assert.equal(0, summary.worst_lost)
  end)

  it("that raise are named by seed and setting, and their world is closed", function()
    local last
    local ok, message = pcall(run, 5, function(world)
      last = world
      if world:random() >= 0 then error "broken by hand" end
    end, { first_seed = 7 })
    assert.is_false(ok)
    assert.matches("^some: the trial with seed 7 failed: .*broken by hand", message)
    assert.is_false(last:is_open())
  end)

  it("that return no judgement are told so", function()
    assert.error_matches(function() run(1, function() return true end) end,
      "seed 1 failed: it did not return a judgement")
  end)

  it("stop at a broken invariant", function()
    local world = { run = function() return judgement {} end, check = function() return nil, "CHECK wait: 1 of 2" end }
    setmetatable(world, { __close = function(w) w.closed = true end })
    assert.error_matches(function()
      run(1, nil, { world = function() return world end })
    end, "some: the trial with seed 1 broke an invariant: CHECK wait: 1 of 2")
    assert.is_true(world.closed)
  end)

  it("stop at values that nobody wrote", function()
    assert.error_matches(function() run(1, function() return judgement { unexpected = 2 } end) end,
      "seed 1 is inconsistent: 2 values are there that nobody wrote")
  end)
end)

describe("the report", function()
  local function summary(name, given)
    return trials.run {
      name = name, count = 1, quiet = true, experiment = function() return judgement(given) end,
      world = function(seed) return tidelock.sim { seed = seed } end,
    }
  end

  it("is a row per setting under groups of columns", function()
    local first = summary("async", { writes = 100, acked = 96, lost = 3, given_up = 4, latencies = { 1.5, 2 },
      write_unavailable = 250 })
    local text = report.table { first, summary("WAIT 1", { acked = 12345678, latencies = { 10 } }) }
    assert.equal(table.concat({
      "         acknowledged     acked_lost     trials  given    write ms  write_unavailable ms",
      "setting        writes  writes      %  with loss     up   p50   p99            p50    p99",
      "async              96       3  3.125     1 of 1      4   1.5   2.0          250.0  250.0",
      "WAIT 1       12345678       0  0.000     0 of 1      0  10.0  10.0              -      -",
    }, "\n"), text)
  end)

  it("has no percentage of nothing", function()
    assert.matches("async +0 +0 +%- +0 of 1 +0 +%- +%- +%- +%-", report.table { summary("async", {}) })
  end)
end)

describe("progress", function()
  it("is silent where stderr is not a terminal, or when told to be", function()
    local bar <close> = progress.count("name", 10, true)
    assert.is_false(bar.shown)
    local pipe = io.popen(([[%s run /dev/stdin 2>&1 <<'END'
      local bar <close> = require("tidelock.progress").count("name", 3)
      for i = 1, 3 do bar:advance(i) end
      print "done"
END]]):format(os.getenv "TIDELOCK" or "build/tidelock"))
    assert.equal("done\n", pipe:read "a")
    assert.is_true(pipe:close())
  end)

  it("is a bar on a terminal, which goes away", function()
    -- script(1) makes a terminal, where there are any to be had
    local code = [[local bar <close> = require("tidelock.progress").count("name", 200)
      for i = 1, 200 do bar:advance(i) end]]
    local file = os.tmpname()
    local script <close> = assert(io.open(file, "w"))
    script:write(code)
    script:close()
    local pipe = io.popen(("script -qec '%s run %s' /dev/null 2>&1 < /dev/null"):format(
      os.getenv "TIDELOCK" or "build/tidelock", file))
    local text = pipe:read "a"
    pipe:close()
    os.remove(file)
    if not text:find "200" then return pending "script(1) cannot make a terminal here" end
    assert.matches("name +%[%.+%] 1/200", text)
    assert.matches("name +%[#+%] 200/200", text)
    assert.equal("\r\27[K", text:sub(-4))
    local _, drawn = text:gsub("name", "")
    assert.is_true(drawn <= 101, drawn)
  end)
end)

describe("a trial's writers", function()
  it("write each key once, and know what they do not know", function()
    local world <close> = tidelock.sim { seed = 3 }
    local a = world:node { name = "a" }
    for _, setting in ipairs { "async", "WAIT 0" } do
      local trial = lab.trial(world, setting)
      local writers = trial:writers {
        clients = 1, writes = 3, every = 1, timeout = 20, target = function() return a end,
      }
      world:sleep(1.2)
      a:pause()
      world:sleep(200)
      a:resume()
      writers:join()
      assert.equal("info", trial.history.outcome[trial.history.count], setting)
      local j = trial:judge(a)
      assert.equal(0, j.unexpected, setting)
      assert.is_true(j.recovered > 0, setting)
      a:flushall()
    end
  end)

  it("take a refusal for what it is", function()
    local world <close> = tidelock.sim { seed = 3 }
    local a = world:node { name = "a" }
    local b = world:node { name = "b", replicaof = a }
    for _, setting in ipairs { "async", "WAIT 1" } do
      local trial = lab.trial(world, setting)
      trial:writers { clients = 2, writes = 2, every = 1, target = function() return b end }:join()
      for i = 1, 4 do
        assert.equal("fail", trial.history.outcome[i])
        assert.is_false(trial.history.executed[i])
      end
      assert.equal(0, trial:judge(a).unexpected)
    end
  end)

  it("WAIT: with fewer replicas than asked for nobody knows", function()
    local world <close> = tidelock.sim { seed = 3 }
    local a = world:node { name = "a" }
    local trial = lab.trial(world, "WAIT 1 10")
    trial:writers { clients = 1, writes = 2, every = 1, target = function() return a end }:join()
    local j = trial:judge(a)
    assert.same({ 2, 0, 2 }, { j.writes, j.acked, j.recovered })
  end)

  it("ANY k: released by the nodes that are named, all of the world's if none are", function()
    local world <close> = tidelock.sim { seed = 3 }
    local a = world:node { name = "a" }
    local b = world:node { name = "b", replicaof = a }
    local c = world:node { name = "c", replicaof = a }
    world:link(a, b):set { latency = 5 }
    world:link(a, c):set { latency = 40 }
    assert(world:await(function() return lab.all_stream { b, c } end))
    a:set("k", "v")
    assert.equal(2, a:wait(2, 1000)) -- FIRST passes over who has not caught up yet
    for setting, slowest in pairs { ["ANY 1"] = 10, ["ANY 1 (b, c) received"] = 10, ["FIRST 1 (c, b)"] = 80 } do
      local trial = lab.trial(world, setting)
      trial:writers { clients = 1, writes = 3, every = 1, target = function() return a end }:join()
      local j = trial:judge(a)
      assert.same({ 3, 3, 0 }, { j.writes, j.acked, j.lost }, setting)
      for _, latency in ipairs(j.latencies) do
        assert.is_true(latency >= slowest and latency < slowest + 2, setting .. ": " .. latency)
      end
      a:flushall()
    end
    world:link(a, b):cut()
    local trial = lab.trial(world, "ANY 1 (b)")
    trial:writers { clients = 1, writes = 1, every = 1, target = function() return a end, timeout = 2000 }:join()
    local j = trial:judge(a)
    assert.same({ 1, 0, 1 }, { j.writes, j.acked, j.recovered })
    for _, wrong in ipairs { "ANY", "ANY x", "ANY 1 nowhere", "SOME 1" } do
      assert.error_matches(function() lab.trial(world, wrong) end, "'ANY k' expected, got '" .. wrong)
    end
  end)

  it("are told what is missing", function()
    local world <close> = tidelock.sim { seed = 3 }
    assert.error_matches(function() lab.trial(world, "SYNC") end, "'async', 'WAIT n' or 'ANY k' expected, got 'SYNC'")
    assert.error_matches(function() lab.trial(world) end, "'async', 'WAIT n' or 'ANY k' expected, got 'nil'")
    local trial = lab.trial(world, "async")
    assert.error_matches(function() trial:writers { clients = 1, every = 1 } end,
      "writers: writes: number expected, got nil")
    assert.error_matches(function()
      trial:writers { clients = 1, writes = 1, every = 1 }
    end, "writers: target: function expected, got nil")
  end)
end)

describe("what experiments look at", function()
  it("all_stream, offset, most_advanced, await_down", function()
    local world <close> = tidelock.sim { seed = 1 }
    local a = world:node { name = "a" }
    local b = world:node { name = "b", replicaof = a }
    local c = world:node { name = "c", replicaof = a }
    assert.is_false(lab.all_stream { b, c })
    assert(world:await(function() return lab.all_stream { b, c } end))
    assert.is_false(lab.all_stream { a })
    world:link(a, b):cut()
    a:set("k", "v")
    assert.equal(1, a:wait(1, 100))
    assert.equal(c, lab.most_advanced { b, c })
    assert.equal(c, lab.most_advanced { c, b })
    assert.is_true(lab.offset(c) > lab.offset(b))
    assert.equal(b, lab.most_advanced { b, b })
    a:crash()
    assert.equal(-1, lab.offset(a))
    local before = world:now()
    lab.await_down(world, a, 100)
    assert.is_true(world:now() - before >= 100)
    assert.is_true(lab.all_stream {})
  end)
end)
