-- Histories: what clients saw, as events in order of time.

local history = require "tidelock.lab.history"

local function words(events)
  local lines = {}
  for i, e in ipairs(events) do
    lines[i] = ("%g %s %s %s %s=%s"):format(e.time, e.process, e.type, e.f, e.key, tostring(e.value))
  end
  return lines
end

describe("a history", function()
  local h
  before_each(function() h = history.new() end)

  it("is empty at first", function()
    assert.same({}, h:events())
  end)

  it("has an event for each invocation and each completion, by time", function()
    local slow = h:invoke("p", "write", "k", "1", 10)
    local quick = h:invoke("q", "write", "l", "2", 20)
    h:complete(quick, "ok", 25)
    h:complete(slow, "info", 40)
    assert.same({
      "10 p invoke write k=1", "20 q invoke write l=2", "25 q ok write l=2", "40 p info write k=1",
    }, words(h:events()))
  end)

  it("completes before it invokes at the same time, and otherwise stands as it was written", function()
    local first = h:invoke("p", "write", "a", "1", 0)
    h:complete(first, "ok", 5)
    h:invoke("p", "write", "b", "2", 5)
    h:invoke("q", "read", "a", nil, 5)
    assert.same({
      "0 p invoke write a=1", "5 p ok write a=1", "5 p invoke write b=2", "5 q invoke read a=nil",
    }, words(h:events()))
  end)

  it("keeps what never completed", function()
    h:invoke("p", "write", "k", "1", 1)
    assert.same({ "1 p invoke write k=1" }, words(h:events()))
    assert.is_false(h.outcome[1])
  end)

  it("leaves no traces of sorting in its events", function()
    h:complete(h:invoke("p", "write", "k", "1", 1), "fail", 2)
    for _, event in ipairs(h:events()) do assert.is_nil(event.index) end
  end)
end)
