-- Tasks: coroutines on a world's clock. `world:go(fn, ...)` starts one; what blocks inside a task (sleep, a client's
-- request, WAIT) lets the others go on. csrc/lua/task.c resumes them.
--
-- A task that ends with an error hands it to whoever joins it; where nobody does, it comes out of whatever turns the
-- world (world:run, a blocking call outside of tasks), with a traceback.

local core = require "tidelock.core"
local errors = require "tidelock.errors"

local scheduler = core.task

---@class tidelock.Task
---@field world tidelock.World
---@field state "running"|"done"|"failed"|"cancelled"
---@field package thread thread
---@field package slot integer
---@field package results? table
---@field package error? any
---@field package joiners? tidelock.Task[] tasks that wait for its end
---@field package joined? integer how many outside of tasks do
local Task = {}
Task.__index = Task
Task.__name = "tidelock.Task"

---Starts a task.
---@param world tidelock.World
---@param fn function
---@return tidelock.Task
local function start(world, fn, ...)
  local task = setmetatable({ world = world, state = "running" }, Task)
  scheduler.start(world, task, fn, ...)
  return task
end

-- Called by the scheduler at the end; whether somebody has taken the error.
function Task:finish(ok, ...)
  if ok then
    self.state, self.results = "done", table.pack(...)
  else
    self.state, self.error = "failed", ...
  end
  local taken = self.joined ~= nil
  for _, joiner in ipairs(self.joiners or {}) do
    if joiner.state == "running" then
      scheduler.wake(self.world, joiner)
      taken = true
    end
  end
  return taken
end

local function join_in_task(self, me)
  if self == me then error("join: a task cannot wait for itself", 3) end
  self.joiners = self.joiners or {}
  table.insert(self.joiners, me)
  repeat scheduler.park(self.world) until self.state ~= "running"
end

local function join_outside(self)
  self.joined = (self.joined or 0) + 1
  local ok, how
  repeat ok, how = pcall(scheduler.turn, self.world)
  until not ok or how ~= "ended" or self.state ~= "running"
  self.joined = self.joined > 1 and self.joined - 1 or nil
  if not ok then error(how, 0) end
  return how
end

---Waits for the task's end and returns what its function returned; raises its error. Called outside a task, it runs
---the world until then.
---@return any ...
function Task:join()
  if self.state == "running" then
    local me = scheduler.current(self.world)
    if me then
      join_in_task(self, me)
    elseif coroutine.status(self.thread) ~= "suspended" then -- called by itself, in a coroutine or a finalizer
      error("join: a task cannot wait for itself", 2)
    else
      local how = join_outside(self)
      if self.state == "running" then
        if how == "closed" then return errors.fail("CLOSED", "the world was closed before the task's end") end
        error("join: nothing can happen in this world any more, and the task still waits\n"
          .. debug.traceback(self.thread), 2)
      end
    end
  end
  if self.state == "failed" then error(self.error, 0) end
  if self.state == "cancelled" then return errors.fail("CANCELLED", "the task was cancelled") end
  return table.unpack(self.results, 1, self.results.n)
end

---Ends the task where it waits. Its to-be-closed variables are closed; joining it gives `nil, message, "CANCELLED"`.
---@return boolean cancelled false: it had ended already
function Task:cancel()
  if self.state ~= "running" then return false end
  if coroutine.status(self.thread) ~= "suspended" then
    error("cancel: the task is running; it can return by itself", 2)
  end
  self.state = "cancelled"
  scheduler.cancel(self.world, self)
  local ok, problem = coroutine.close(self.thread)
  for _, joiner in ipairs(self.joiners or {}) do
    if joiner.state == "running" then scheduler.wake(self.world, joiner) end
  end
  if not ok then error(problem, 2) end
  return true
end

function Task:__tostring()
  return ("tidelock.Task (%s)"):format(self.state)
end

return { start = start, Task = Task }
