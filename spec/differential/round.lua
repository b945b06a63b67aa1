-- A round: some thousand commands drawn from families by seed, run on both servers from an empty dataset, every reply
-- compared and in the end all contents. And how a round that shows a difference is made small.
--
-- A command with `during` waits: { command, how } pairs that the other connection runs meanwhile, the last of which end
-- the waiting; `before`: what is run ahead of it.
--
-- A step of a round is { which = connection, command = words, how = how its reply is compared }; `alone`: it is sent by
-- itself, and what both connections are told on account of it is compared.

local contents = require "spec.differential.contents"
local draw = require "spec.differential.draw"
local replies = require "spec.differential.replies"

local round = {}

local BATCH = 40

-- ---- drawing --------------------------------------------------------------------------------------------------------

---All rows of these families (spec/differential/families/*.lua): { weight, function of a draw, how }.
---A command that has `whole` set is never changed on the way.
---@param names string[]
function round.rows(names)
  local rows, total = {}, 0
  replies.families = {}
  for _, name in ipairs(names) do
    replies.families[name] = true
    if name == "transactions" or name == "pubsub" then replies.families.bits = true end
    local family = require("spec.differential.families." .. name)
    rows.alone = rows.alone or family.alone
    for _, row in ipairs(family) do
      total = total + row[1]
      rows[#rows + 1] = { upto = total, make = row[2], how = row[3] }
    end
  end
  rows.total = total
  return rows
end

local function pick(d, rows)
  local at = d:between(1, rows.total)
  local low, high = 1, #rows
  while low < high do
    local middle = (low + high) // 2
    if rows[middle].upto < at then low = middle + 1 else high = middle end
  end
  return rows[low]
end

-- A command may say which connection it is for (`on`), and bring others behind it (`after`), each of which may be the
-- other connection's (`elsewhere`).
local function add(steps, which, command, how, alone)
  which = command.on or which
  steps[#steps + 1] = { which = which, command = command, how = how or command.how, alone = alone }
  for _, after in ipairs(command.after or {}) do
    add(steps, after.elsewhere and 3 - which or which, after, nil, alone)
  end
end

-- whether it has a time in it, of which a wrong one may be so short that it matters when it is up
local function tells_time(command)
  for _, word in ipairs(command) do
    word = tostring(word):upper()
    if word:find "^P?EX" or word:find "^P?SETEX$" then return true end
  end
  return false
end

-- whether a number in it, far below zero, would have redis-server answer for ever
local function answers_any_number(command) return command[1]:find "^.RANDFIELD$" or command[1]:find "^.RANDMEMBER$" end

local function is_left_whole(command)
  return command.whole or tells_time(command) or answers_any_number(command)
end

local function add_from(steps, d, rows, which)
  local row = pick(d, rows)
  local command = row.make(d)
  local how = row.how
  if d:once_in(150) and not is_left_whole(command) then
    command[d:between(2, #command + 1)] = d:once_in(2) and d:value() or nil
    -- what comes of a cursor that no server has given is that server's own affair
    if how and how:find "^scan" then how = "error" end
  end
  if d:once_in(10) then command[1] = command[1]:lower() end
  add(steps, which, command, how, rows.alone)
end

local function add_transaction(steps, d, rows, which)
  if d:once_in(3) then add(steps, which, { "WATCH", d:key "s" }) end
  if d:once_in(6) then add_from(steps, d, rows, d:between(1, 2)) end
  add(steps, which, { "MULTI" })
  for _ = 1, d:between(0, 5) do add_from(steps, d, rows, which) end
  add(steps, which, { d:once_in(8) and "DISCARD" or "EXEC" })
end

---The steps of one round.
---@param seed integer
---@param rows table from round.rows
---@param size integer how many commands, about
function round.steps(seed, rows, size)
  local d, steps, which = draw.new(seed), {}, 1
  while #steps < size do
    if d:once_in(25) then which = 3 - which end
    if d:once_in(60) and not rows.alone then
      add_transaction(steps, d, rows, which)
    elseif d:once_in(500) and rows.alone ~= "waits" then
      add(steps, which, d:once_in(4) and { "FLUSHALL" } or { "SELECT", d:once_in(4) and 1 or 0 },
        nil, rows.alone)
    else
      add_from(steps, d, rows, which)
    end
  end
  return steps
end

-- ---- running --------------------------------------------------------------------------------------------------------

local function show_command(command)
  local parts = {}
  for i, word in ipairs(command) do parts[i] = replies.show(tostring(word)) end
  return table.concat(parts, " ")
end

-- One reply against the other; `multi` holds how those of the queued commands are to be compared, nil outside of MULTI.
local function compare(step, multi, ours, theirs)
  local name = tostring(step.command[1]):upper()
  local same
  if multi and name == "EXEC" then
    same = replies.same_exec(multi, ours, theirs)
  elseif multi then
    same = ours == theirs
    if theirs == "+QUEUED" then multi[#multi + 1] = step.how or "exact" end
  else
    same = replies.same(step.how, ours, theirs)
  end
  if same then return nil end
  return ("%s\n  ours:         %s\n  redis-server: %s"):format(show_command(step.command), replies.show(ours),
    replies.show(theirs))
end

-- what MULTI and its ends do to the connection's state
local function follow(multis, step, reply)
  local name = tostring(step.command[1]):upper()
  if name == "MULTI" and reply == "+OK" then
    multis[step.which] = {}
  elseif (name == "EXEC" or name == "DISCARD") and multis[step.which] then
    multis[step.which] = nil
  end
end

local function run_batch(pair, steps, first, last, multis)
  local commands = {}
  for i = first, last do commands[#commands + 1] = steps[i].command end
  local ours, theirs = pair:exchange(steps[first].which, commands)
  for i = first, last do
    local difference = compare(steps[i], multis[steps[i].which], ours[i - first + 1], theirs[i - first + 1])
    if difference then return difference end
    follow(multis, steps[i], theirs[i - first + 1])
  end
end

-- one step by itself, and what the connections are told
local function run_alone(pair, step)
  local ours, theirs = pair:tell(step.which, step.command)
  local same = #ours == #theirs
  for i = 1, same and step.how ~= "shape" and #ours or 0 do
    same = same and replies.same(i == 1 and step.how or nil, ours[i], theirs[i])
  end
  if same then return nil end
  ours.kind, theirs.kind = "", ""
  return ("%s\n  ours:         %s\n  redis-server: %s"):format(show_command(step.command), replies.show(ours),
    replies.show(theirs))
end

-- a command that waits, and what goes on meanwhile
local function run_waiting(pair, step)
  local command, other = step.command, 3 - step.which
  pair:exchange(step.which, command.before)
  pair:begin(step.which, command)
  local commands = {}
  for i, during in ipairs(command.during) do commands[i] = during.command end
  local ours, theirs = pair:exchange(other, commands)
  for i, during in ipairs(command.during) do
    local difference = compare({ command = during.command, how = during.how }, nil, ours[i], theirs[i])
    if difference then return difference end
  end
  local our_end, their_end = pair:ended(step.which)
  return compare(step, nil, our_end, their_end)
end

---Runs the steps on both servers. What differs first, in words; nil: nothing.
function round.difference(pair, steps)
  pair:reset()
  local multis, first = {}, 1
  while first <= #steps do
    local last = first
    local alone = steps[first].alone
    while not alone and last < #steps and last - first + 1 < BATCH and steps[last + 1].which == steps[first].which do
      last = last + 1
    end
    local difference
    if steps[first].command.during then
      difference = run_waiting(pair, steps[first])
    elseif alone then
      difference = run_alone(pair, steps[first])
    else
      difference = run_batch(pair, steps, first, last, multis)
    end
    if difference then return difference end
    first = last + 1
  end
  pair:connect()
  return contents.difference(pair)
end

-- ---- making it small ------------------------------------------------------------------------------------------------

local function without(steps, from, to)
  local rest = {}
  for i, step in ipairs(steps) do
    if i < from or i > to then rest[#rest + 1] = step end
  end
  return rest
end

---The fewest steps found that still show a difference, and that difference: halves are left out, then quarters, then
---single steps, as long as one remains ("Simplifying and Isolating Failure-Inducing Input", Zeller and Hildebrandt).
function round.reduce(pair, steps)
  local difference = round.difference(pair, steps)
  if not difference then return steps, nil end
  local size = #steps // 2
  while size >= 1 do
    local at = 1
    while at <= #steps do
      local rest = without(steps, at, at + size - 1)
      local still = #rest < #steps and round.difference(pair, rest)
      if still then
        steps, difference = rest, still
      else
        at = at + size
      end
    end
    size = size // 2
  end
  return steps, difference
end

---The steps as somebody would type them.
function round.show(steps)
  local lines = {}
  for _, step in ipairs(steps) do
    lines[#lines + 1] = ("  %s> %s"):format(step.which == 2 and "resp3" or "resp2", show_command(step.command))
    for _, during in ipairs(step.command.during or {}) do
      lines[#lines + 1] = ("    %s> %s"):format(step.which == 2 and "resp2" or "resp3", show_command(during.command))
    end
  end
  return table.concat(lines, "\n")
end

return round
