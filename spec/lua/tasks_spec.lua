-- Tasks: order, blocking, ends, errors, cancellation.

local tidelock = require "tidelock"

-- the error that fn raises, as text
local function problem(fn)
  local ok, message = pcall(fn)
  assert.is_false(ok)
  return tostring(message)
end

describe("tasks", function()
  local world, log

  before_each(function()
    world = tidelock.sim { seed = 1 }
    log = {}
  end)

  after_each(function()
    world:close()
  end)

  local function note(...) log[#log + 1] = table.concat({ ... }, " ") end

  it("run in the order they were started, and interleave where they block", function()
    for _, name in ipairs { "a", "b" } do
      world:go(function()
        for i = 1, 2 do
          note(name, i)
          world:sleep(0)
        end
      end)
    end
    assert.same({}, log)
    assert.is_true(world:run())
    assert.same({ "a 1", "b 1", "a 2", "b 2" }, log)
  end)

  it("are given arguments and return results", function()
    local task = world:go(function(...) return select("#", ...), ... end, 1, nil, "three", nil)
    assert.same({ n = 5, 4, 1, nil, "three", nil }, table.pack(task:join()))
    assert.equal("done", task.state)
    assert.same({ n = 5, 4, 1, nil, "three", nil }, table.pack(task:join()))
    assert.equal("tidelock.Task (done)", tostring(task))
  end)

  it("sleep by the world's clock", function()
    for _, ms in ipairs { 30, 10, 20.5 } do
      world:go(function()
        assert.is_true(world:sleep(ms))
        note(world:now())
      end)
    end
    world:run()
    assert.same({ "10.0", "20.5", "30.0" }, log)
  end)

  it("may start tasks", function()
    world:go(function()
      for i = 1, 3 do
        world:go(function()
          world:sleep(10 * i)
          note(i)
        end)
      end
    end)
    world:run()
    assert.same({ "1", "2", "3" }, log)
  end)

  it("let others go on at a plain yield", function()
    world:go(function()
      note "a"
      coroutine.yield()
      note "c"
    end)
    world:go(note, "b")
    world:run()
    assert.same({ "a", "b", "c" }, log)
  end)

  it("block inside pcall, and inside functions that are called back", function()
    world:go(function()
      local ok, message = pcall(function()
        world:sleep(5)
        error "after sleeping"
      end)
      note(tostring(ok), (message:gsub("^.*: ", "")))
      table.sort({ 2, 1 }, function(x, y) -- cannot yield
        world:sleep(1)
        return x < y
      end)
      note(world:now() > 5 and "sorted" or "too early")
    end)
    world:run()
    assert.same({ "false after sleeping", "sorted" }, log)
  end)

  it("block in coroutines of their own", function()
    local others = 0
    world:go(function()
      for i in coroutine.wrap(function()
        for i = 1, 3 do
          world:sleep(10)
          coroutine.yield(i)
        end
      end) do
        note(i, world:now())
      end
    end)
    world:go(function()
      for _ = 1, 6 do
        world:sleep(5)
        others = others + 1
      end
    end)
    world:run()
    assert.same({ "1 10.0", "2 20.0", "3 30.0" }, log)
    assert.equal(6, others)
  end)

  it("can be joined by each other", function()
    local slow = world:go(function()
      world:sleep(50)
      return "slow"
    end)
    for i = 1, 3 do
      world:go(function() note(i, slow:join(), world:now()) end)
    end
    world:run()
    assert.same({ "1 slow 50.0", "2 slow 50.0", "3 slow 50.0" }, log)
  end)

  it("hand their errors to whoever runs the world, with a traceback", function()
    local function culprit() error "broken" end
    world:go(function()
      world:sleep(5)
      culprit()
    end)
    world:go(function()
      world:sleep(10)
      note "goes on"
    end)
    local ok, message = pcall(world.run, world)
    assert.is_false(ok)
    assert.matches("tasks_spec.lua:%d+: broken\nstack traceback:\n.*culprit", message)
    assert.is_true(world:run())
    assert.same({ "goes on" }, log)
  end)

  it("hand their errors to blocking calls outside of tasks too", function()
    world:go(function() error "broken" end)
    assert.has_error(function() world:sleep(100) end)
    assert.is_true(world:sleep(100))
  end)

  it("hand their errors to who joins them, and to nobody else", function()
    local failing = world:go(function()
      world:sleep(10)
      error "broken"
    end)
    world:go(function()
      local ok, message = pcall(failing.join, failing)
      note(tostring(ok), message:match "broken")
    end)
    assert.is_true(world:run())
    assert.same({ "false broken" }, log)
    assert.equal("failed", failing.state)
    assert.has_error(function() failing:join() end)
  end)

  it("pass on errors that are not text as they are", function()
    local thrown = { what = "a table" }
    world:go(function() error(thrown) end)
    local ok, caught = pcall(world.run, world)
    assert.is_false(ok)
    assert.equal(thrown, caught)
  end)

  it("close their variables when they fail", function()
    world:go(function()
      local _ <close> = setmetatable({}, { __close = function() note "closed" end })
      world:sleep(1)
      error "broken"
    end)
    pcall(world.run, world)
    assert.same({ "closed" }, log)
  end)

  it("can be cancelled where they wait", function()
    local task = world:go(function()
      local _ <close> = setmetatable({}, { __close = function() note "closed" end })
      world:sleep(1000)
      note "never"
    end)
    local waiting = world:go(function() note((select(3, task:join()))) end)
    world:run(10)
    assert.is_true(task:cancel())
    assert.is_false(task:cancel())
    assert.equal("cancelled", task.state)
    waiting:join()
    world:run(5000)
    assert.same({ "closed", "CANCELLED" }, log)
  end)

  it("can be cancelled before they begin", function()
    local task = world:go(note, "never")
    task:cancel()
    world:run(10)
    assert.same({}, log)
  end)

  it("cannot cancel or join themselves", function()
    local task
    task = world:go(function() task:cancel() end)
    assert.matches("cancel: the task is running", problem(function() world:run() end))
    task = world:go(function() task:join() end)
    assert.matches("join: a task cannot wait for itself", problem(function() world:run() end))
    task = world:go(function() coroutine.wrap(function() task:join() end)() end)
    assert.matches("join: a task cannot wait for itself", problem(function() world:run() end))
  end)

  it("in great numbers are no trouble", function()
    local ended = 0
    for i = 1, 5000 do
      world:go(function()
        world:sleep(i % 7)
        ended = ended + 1
      end)
    end
    world:run()
    assert.equal(5000, ended)
  end)
end)

describe("running a world", function()
  local world

  before_each(function()
    world = tidelock.sim { seed = 1 }
  end)

  after_each(function()
    world:close()
  end)

  it("without a task returns at once", function()
    world:node { name = "a" }
    assert.is_true(world:run())
    assert.equal(0.0, world:now())
  end)

  it("for some time leaves tasks that take longer", function()
    local ended = false
    world:go(function()
      world:sleep(100)
      ended = true
    end)
    assert.is_true(world:run(99.5))
    assert.equal(99.5, world:now())
    assert.is_false(ended)
    world:run(0.5)
    assert.is_true(ended)
  end)

  it("with an experiment gives it the world and returns what it returns", function()
    local function experiment(w, ...)
      w:sleep(10)
      return w == world, ...
    end
    assert.same({ n = 3, true, "x", nil }, table.pack(world:run(experiment, "x", nil)))
    assert.is_true(world:is_open())
  end)

  it("with an experiment raises its error", function()
    assert.matches("broken\nstack traceback:", problem(function()
      world:run(function() error "broken" end)
    end))
  end)

  it("with an experiment that closes the world returns all the same", function()
    assert.equal("result", world:run(function(w)
      w:close()
      return "result"
    end))
  end)

  it("inside a task: an experiment, or some time; but not until no task is left", function()
    local results = {}
    world:go(function()
      world:run(25)
      results[1] = world:now()
      results[2] = world:run(function()
        world:sleep(5)
        return world:now()
      end)
      world:run()
    end)
    assert.matches("run: called in a task", problem(function() world:run() end))
    assert.same({ 25.0, 30.0 }, results)
  end)

  it("in which nothing can happen any more says who waits", function()
    local task
    world:go(function() task:join() end)
    task = world:go(function() world:run(function() task:join() end) end)
    assert.matches("nothing can happen in this world any more, and 3 task", problem(function() world:run() end))
  end)

  it("awaits a condition", function()
    local value
    world:go(function()
      world:sleep(20)
      value = "there"
    end)
    assert.equal("there", world:await(function() return value end))
    assert.is_true(world:now() >= 20 and world:now() <= 21)
    local got, message, code = world:await(function() return false end, 50)
    assert.is_nil(got)
    assert.equal("TIMEOUT the condition did not hold within 50 ms", message)
    assert.equal("TIMEOUT", code)
  end)

  it("can be done step by step", function()
    local slept = false
    world:go(function()
      world:sleep(10)
      slept = true
    end)
    while not slept do world:step() end
    assert.equal(10.0, world:now())
    assert.is_false(world:step(5))
    assert.equal(15.0, world:now())
  end)
end)
