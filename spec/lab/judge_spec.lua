-- The judgement of a trial, on histories made by hand.

local history = require "tidelock.lab.history"
local judge = require "tidelock.lab.judge"
local tidelock = require "tidelock"

-- A node that has these values in the end.
local function node_with(values)
  return {
    mget = function(_, ...)
      local found = {}
      for i, key in ipairs { ... } do found[i] = values[key] or tidelock.null end
      return found
    end,
  }
end

-- { key, outcome, executed, invoked, completed }; the value is the key
local function trial_of(operations, moments)
  local h = history.new()
  for i, o in ipairs(operations) do
    local operation = h:invoke("p", "write", o[1], o[1], o[4] or i)
    if o[2] then h:complete(operation, o[2], o[5] or i + 0.5, o[3]) end
  end
  return { setting = "async", history = h, moments = moments or {} }
end

local function judged(operations, values, moments)
  return judge.judge(trial_of(operations, moments), node_with(values))
end

describe("the judgement", function()
  it("counts what was acknowledged and is there", function()
    local j = judged({ { "a", "ok", true, 10, 12 }, { "b", "ok", true, 20, 23 } }, { a = "a", b = "b" })
    assert.equal("async", j.setting)
    assert.same({ 2, 2, 0, 0, 0, 0 }, { j.writes, j.acked, j.lost, j.recovered, j.unexpected, j.given_up })
    assert.same({ 2, 3 }, j.latencies)
    assert.same({}, j.lost_keys)
    assert.is_nil(j.loss_window)
  end)

  it("acked_lost: acknowledged, and not there; and within which time", function()
    local j = judged({
      { "a", "ok", true, 10, 12 }, { "b", "ok", true, 20, 22 }, { "c", "ok", true, 30, 39 },
      { "d", "ok", true, 31, 33 },
    }, { a = "a" })
    assert.equal(4, j.acked)
    assert.equal(3, j.lost)
    assert.same({ "b", "c", "d" }, j.lost_keys)
    assert.equal(39 - 22, j.loss_window)
    assert.equal(3, j.given_up)
  end)

  it("recovered: nobody knew, and it is there", function()
    local j = judged({ { "a", "info", false }, { "b", "info", true }, { "c", "info", false } }, { a = "a", b = "b" })
    assert.same({ 0, 0, 2, 0, 0 }, { j.acked, j.lost, j.recovered, j.unexpected, j.given_up })
    assert.same({}, j.latencies)
  end)

  it("unexpected: a value nobody wrote, a refused write that is there", function()
    local j = judged({ { "a", "ok", true }, { "b", "fail", false }, { "c", "fail", false } }, { a = "other", b = "b" })
    assert.equal(2, j.unexpected)
    assert.equal(1, j.lost)
  end)

  it("given_up: executed and not there, acknowledged or not", function()
    local j = judged({ { "a", "ok", true }, { "b", "info", true }, { "c", "info", false } }, {})
    assert.equal(2, j.given_up)
    assert.equal(1, j.lost)
  end)

  it("an operation under way is neither", function()
    local j = judged({ { "a" }, { "b" } }, { a = "a" })
    assert.same({ 2, 0, 0, 0, 0 }, { j.writes, j.acked, j.lost, j.recovered, j.unexpected })
  end)

  it("looks at writes only", function()
    local trial = trial_of { { "a", "ok", true } }
    trial.history:complete(trial.history:invoke("p", "read", "zzz", nil, 5), "ok", 6)
    local j = judge.judge(trial, node_with { a = "a" })
    assert.same({ 1, 1, 0 }, { j.writes, j.acked, j.lost })
  end)

  it("reads back any number of keys", function()
    local operations, values = {}, {}
    for i = 1, 1000 do
      operations[i] = { "k" .. i, "ok", true }
      if i % 10 ~= 0 then values["k" .. i] = "k" .. i end
    end
    local j = judged(operations, values)
    assert.equal(100, j.lost)
    assert.equal("k1000", j.lost_keys[100])
  end)

  it("says that the final read failed", function()
    local trial = trial_of { { "a", "ok", true } }
    local down = { mget = function() return nil, "CLOSED the node is down", "CLOSED" end }
    assert.has_error(function() judge.judge(trial, down) end, "judge: the final read failed: CLOSED the node is down")
  end)
end)

describe("write_unavailable", function()
  local function after(operations, moments)
    local values = {}
    for _, o in ipairs(operations) do values[o[1]] = o[1] end
    return judged(operations, values, moments)
  end

  it("is from the fault to the first ok of a write invoked after it", function()
    local j = after({
      { "a", "ok", true, 90, 105 },   -- invoked before
      { "b", "info", true, 101, 300 },
      { "c", "ok", true, 320, 350 },
      { "d", "ok", true, 310, 340 },
    }, { fault = 100 })
    assert.equal(240, j.write_unavailable)
    assert.is_nil(j.detect)
  end)

  it("is made of detect, promote and rediscover", function()
    local j = after({ { "c", "ok", true, 320, 350 } }, { fault = 100, detected = 200, promoted = 230 })
    assert.same({ 250, 100, 30, 120 }, { j.write_unavailable, j.detect, j.promote, j.rediscover })
  end)

  it("has no parts where a write got through before the promotion", function()
    local j = after({ { "c", "ok", true, 110, 120 } }, { fault = 100, detected = 200, promoted = 230 })
    assert.equal(20, j.write_unavailable)
    assert.is_nil(j.detect)
    assert.is_nil(j.promote)
    assert.is_nil(j.rediscover)
  end)

  it("is not known without a fault, or without a write that got through", function()
    assert.is_nil(after({ { "c", "ok", true, 320, 350 } }).write_unavailable)
    assert.is_nil(after({ { "c", "ok", true, 20, 50 } }, { fault = 100 }).write_unavailable)
  end)
end)
