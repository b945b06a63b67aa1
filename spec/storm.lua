-- A storm: random faults by seed, under load, in the simulator; then everything is healed. Nodes crash (the process, or
-- the whole machine), stop and go on, become primaries and follow each other in chains and circles, two primaries at a
-- time too; links are cut one way and both ways, get slow, lossy and narrow, channels are held; disks get slow, full
-- and unreliable under nodes that save; clients write, wait, make transactions, let keys expire, and change whom they
-- talk to; some writes wait for chosen replicas, or are asked for by their tokens. Every invariant is checked at every
-- event.
--
--   local outcome = storm.run(seed)     -- raises where something did not hold
--
-- spec/determinism_spec.lua runs some seeds, spec/soak.lua as many as one likes.

local tidelock = require "tidelock"

local storm = {}

local CONVERGE_MS = 120000

-- ---- load -----------------------------------------------------------------------------------------------------------

local COMMANDS = {
  function(p, key, n) p:set(key, n) end,
  function(p, key, n) p:set(key, ("v"):rep(n * 7)) end,
  function(p, key, n) p:set(key, n, "PX", n * 5) end,
  function(p, _, n) p:incr("counter" .. n % 5) end,
  function(p, _, n) p:append("log" .. n % 3, n) end,
  function(p, _, n) p:setrange("log" .. n % 3, n, "yz") end,
  function(p, key, n) p:pexpire(key, n * 3) end,
  function(p, key, n) p:getex(key, "PX", n * 4) end,
  function(p, key) p:persist(key) end,
  function(p, key) p:del(key) end,
  function(p, key) p:getdel(key) end,
  function(p, key, n) p:rename(key, "key" .. n % 9) end,
  function(p, key, n) p:copy(key, "copy" .. n % 4, "REPLACE") end,
  function(p, key, n) p:mset(key, n, "key" .. n % 7, n) end,
  function(p, key) p:get(key) end,
  function(p, key, n) p:call("SET", key, n, "NX", "GET") end,
  function(p, _, n) p:select(n % 3) end,
  function(p, _, n) if n == 100 then p:flushdb() end end,
}

local function command(s, p)
  COMMANDS[s.random(#COMMANDS)](p, "key" .. s.random(12), s.random(100))
end

-- a rule over some of the nodes
local function some_rule(s)
  local names, seen = {}, {}
  for _ = 1, s.random(3) do
    local name = s.nodes[s.random(#s.nodes)].name
    if not seen[name] then names[#names + 1], seen[name] = name, true end
  end
  return ("%s %d (%s)"):format(s.random(2) == 1 and "ANY" or "FIRST", s.random(#names), table.concat(names, ", "))
end

-- how safe what follows is to be: this connection's writes, or one write
local function durable(s, p)
  local words = { "DURABLE", some_rule(s), "TIMEOUT", s.random(100),
    "ON-TIMEOUT", s.random(2) == 1 and "error" or "degrade", "RECEIPT", s.random(2) == 1 and "yes" or "no",
    "READS", s.random(3) == 1 and "committed" or "local" }
  local what = s.random(5)
  if what == 1 then
    p:call(table.unpack(words))
  elseif what == 2 then
    p:call("DURABLE", s.random(2) == 1 and "DEFAULT" or "ASYNC")
  elseif what == 3 then
    p:call("ASYNC", "INCR", "counter" .. s.random(5))
  else
    table.move({ "DO", "SET", "key" .. s.random(12), s.random(100) }, 1, 4, #words + 1, words)
    p:call(table.unpack(words))
  end
end

-- several requests at once: some commands, a transaction perhaps, a WAIT perhaps
local function batch(s, p)
  if s.random(4) == 1 then durable(s, p) end
  local transaction = s.random(6) == 1
  if transaction then p:multi() end
  for _ = 1, s.random(4) do command(s, p) end
  if transaction then p:exec() end
  if s.random(3) == 1 then p:wait(s.random(0, #s.nodes), s.random(60)) end
end

-- A client's life: it talks to the first primary mostly, wherever that is by now.
local function live(s, client, requests)
  for _ = 1, requests do
    if s.random(12) == 1 then client:connect(s.nodes[s.random(#s.nodes)]) end
    local token = s.random(8) == 1 and client:token()
    if token then s.tokens[s.random(8)] = token end
    token = s.random(8) == 1 and s.tokens[s.random(8)]
    if token then client:wait_for(token, s.random(30)) end
    client:pipeline(function(p) batch(s, p) end)
    s.world:sleep(s.random(0, 12))
  end
end

-- ---- faults ---------------------------------------------------------------------------------------------------------

local faults = {}

local function any(s) return s.nodes[s.random(#s.nodes)] end

local function two(s)
  local i = s.random(#s.nodes)
  local j = s.random(#s.nodes - 1)
  return s.nodes[i], s.nodes[j < i and j or j + 1]
end

function faults.crash(s)
  local node, what = any(s), ({ "power", "process", "unsynced" })[s.random(3)]
  local crashed
  if what == "unsynced" then crashed = node:crash() else crashed = node:crash(what) end
  if crashed then s.log("%s crashes: %s", node.name, what) end
end

function faults.disk(s)
  local node = any(s)
  local disk = { fail = s.random(3) == 1 and s.random() * 0.3 or 0, fail_sync = s.random(3) == 1 and s.random() or 0,
    capacity = s.random(4) == 1 and s.random(20000) or 0, slow = s.random(3) == 1 and s.random(200) or 1,
    stall = s.random(4) == 1 and s.random(2000) or nil, lose = s.random(), tear = s.random() }
  s.log("%s has a disk: fail %.2f, fail_sync %.2f, capacity %d, slow %d, stall %d", node.name, disk.fail,
    disk.fail_sync, disk.capacity, disk.slow, disk.stall or 0)
  node:disk(disk)
end

function faults.good_disk(s)
  local node = any(s)
  s.log("%s has a good disk", node.name)
  node:disk { fail = 0, fail_sync = 0, capacity = 0, slow = 1 }
end

function faults.restart(s)
  local node = any(s)
  if not node:is_up() and node:restart() then s.log("%s is back", node.name) end
end

function faults.pause(s)
  local node = any(s)
  if node:pause() then s.log("%s stops", node.name) end
end

function faults.resume(s)
  local node = any(s)
  if node:resume() then s.log("%s goes on", node.name) end
end

function faults.cut(s)
  local a, b = two(s)
  s.log("%s and %s are cut", a.name, b.name)
  s.world:link(a, b):cut()
end

function faults.cut_one_way(s)
  local a, b = two(s)
  s.log("nothing gets from %s to %s", a.name, b.name)
  s.world:link(a, b):forward():cut()
end

function faults.partition(s)
  local sides = { {}, {} }
  for _, node in ipairs(s.nodes) do table.insert(sides[s.random(2)], node) end
  s.log("partition: %d from %d", #sides[1], #sides[2])
  s.world:partition(sides[1], sides[2])
end

function faults.heal(s)
  s.log "cuts are healed"
  s.world:heal()
end

function faults.weather(s)
  local a, b = two(s)
  local from, to = a.name, b.name
  if s.random(3) == 1 then from = s.clients[s.random(#s.clients)].name end
  local link = { latency = s.random() * 15, jitter = s.random(3) == 1 and s.random() * 10 or 0,
    loss = s.random(4) == 1 and 0.1 or 0, bandwidth = s.random(4) == 1 and 20000 * s.random(50) or 0 }
  s.log("%s - %s: latency %.2f ms, jitter %.2f ms, loss %g, bandwidth %g", from, to, link.latency, link.jitter,
    link.loss, link.bandwidth)
  s.world:link(from, to):set(link)
end

-- An order to nodes that stop for a while is executed late; healing waits for it.
local function order(s, fn, ...)
  table.insert(s.orders, s.world:go(fn, ...))
end

function faults.promote(s)
  local node = any(s)
  if node:is_up() then
    s.log("%s is promoted", node.name)
    order(s, node.promote, node)
  end
end

-- also in circles
function faults.point(s)
  local node, primary = two(s)
  if node:is_up() then
    s.log("%s is to follow %s", node.name, primary.name)
    order(s, node.replicaof, node, primary)
  end
end

function faults.sync(s)
  local node, rule, timeout = any(s), s.random(3) > 1 and some_rule(s), s.random(150)
  if not node:is_up() then return end
  s.log("%s has sync replicas: %s within %d ms", node.name, rule or "none", timeout)
  order(s, node.sync, node, rule, { timeout = timeout, on_timeout = s.random(2) == 1 and "error" or "degrade" })
end

-- what somebody in charge does: one is promoted, all others follow it
function faults.failover(s)
  local chosen = any(s)
  if not chosen:is_up() then return end
  s.log("%s is promoted, the others are to follow", chosen.name)
  order(s, function()
    chosen:promote()
    for _, node in ipairs(s.nodes) do
      if node ~= chosen and node:is_up() then node:replicaof(chosen) end
    end
  end)
  for _, client in ipairs(s.clients) do
    if s.random(2) == 1 then client:connect(chosen) end
  end
end

function faults.hold(s)
  local node = any(s)
  for _, channel in ipairs(node:channels() or {}) do
    s.log("%s: a channel is %s", node.name, s.random(2) == 1 and channel:pause() and "held" or "let go")
    if s.random(2) == 1 then channel:resume() end
  end
end

function faults.save(s)
  local node = any(s)
  if node:is_up() then
    s.log("%s is to save", node.name)
    order(s, node.bgsave, node)
  end
end

local WEIGHTS = { crash = 6, restart = 9, pause = 5, resume = 8, cut = 5, cut_one_way = 4, partition = 3, heal = 6,
  weather = 8, promote = 3, point = 4, failover = 6, hold = 2, disk = 4, good_disk = 2, save = 3, sync = 5 }
local LOTS = {}
for name, weight in pairs(WEIGHTS) do
  for _ = 1, weight do LOTS[#LOTS + 1] = name end
end
table.sort(LOTS)

local function chaos(s, steps)
  for _ = 1, steps do
    s.world:sleep(s.random(10) == 1 and s.random(3000) or s.random(40))
    faults[LOTS[s.random(#LOTS)]](s)
  end
end

-- ---- the world before and after -------------------------------------------------------------------------------------

local function build(s)
  for i = 1, s.random(2, 6) do
    local primary = i > 1 and s.nodes[s.random(3) == 1 and s.random(i - 1) or 1] or nil
    s.nodes[i] = s.world:node {
      name = "n" .. i, replicaof = primary, repl_timeout = s.random(2, 8), repl_ping_replica_period = 1,
      repl_backlog_size = s.random(3) == 1 and 16384 or 1048576, repl_ack_period_ms = s.random(3) == 1 and 50 or 1000,
      save = s.random(3) == 1 and "1 1" or "",
      appendonly = s.random(3) == 1 and "yes" or "no",
      appendfsync = ({ "always", "everysec", "no" })[s.random(3)],
    }
    if i == 1 and s.random(2) == 1 then
      for k = 1, s.random(300) do s.nodes[1]:set("old" .. k, ("o"):rep(k % 60)) end
    end
  end
  if s.random(4) == 1 then s.nodes[1]:config("min-replicas-to-write", 1) end
  for i = 1, s.random(1, 4) do
    s.clients[i] = s.world:client(s.nodes[s.random(4) == 1 and s.random(#s.nodes) or 1],
      { timeout = s.random(20, 400) })
  end
end

-- A node that runs and has loaded what is on its disk; one that cannot load it begins with an empty one.
local function revive(s, node)
  repeat
    if not node:is_up() then node:restart() end
    node:resume()
    local answer = node:dbsize()
    if not answer then
      s.log("%s could not start: %s", node.name, node:failure() or "it was shut down")
      if node:failure() then
        for name in pairs(node:files()) do node:file(name, false) end
      end
    end
  until answer
  node:save() -- a primary that could not save refuses even its replicas' greeting until it can, as Redis does
end

local function heal(s)
  s.world:heal()
  for _, node in ipairs(s.nodes) do node:disk { fail = 0, fail_sync = 0, capacity = 0, slow = 1 } end
  for _, node in ipairs(s.nodes) do
    for _, other in ipairs(s.nodes) do
      if node ~= other then
        s.world:link(node, other):set { latency = 0.5, jitter = 0.1, loss = 0, bandwidth = 0, cut = false }
      end
    end
    revive(s, node)
    for _, channel in ipairs(node:channels()) do channel:resume() end
  end
  for _, task in ipairs(s.orders) do task:join() end
  local chosen = any(s)
  s.log("everything is healed; %s is promoted, the others are to follow", chosen.name)
  chosen:promote()
  for _, node in ipairs(s.nodes) do
    if node ~= chosen then node:replicaof(chosen) end
  end
end

local function run(_, s)
  build(s)
  local tasks = { s.world:go(chaos, s, s.random(10, 40)) }
  for i, client in ipairs(s.clients) do tasks[i + 1] = s.world:go(live, s, client, s.random(15, 90)) end
  for _, task in ipairs(tasks) do task:join() end
  heal(s)
  local healed = s.world:now()
  assert(s.world:await(function() return s.world:converged() end, CONVERGE_MS))
  s.log("all are the same, %.1f ms after the healing", s.world:now() - healed)
end

---@class spec.StormOutcome
---@field hash integer over every event
---@field events integer
---@field digest string of the data in the end
---@field checks tidelock.Checks

---Runs the storm of a seed. Raises when an invariant breaks or the nodes do not become the same.
---@param seed integer
---@param log? fun(format: string, ...) told what happens
---@return spec.StormOutcome
function storm.run(seed, log)
  local world <close> = tidelock.sim { seed = seed, check = true }
  local s = { world = world, nodes = {}, clients = {}, orders = {}, tokens = {} }
  function s.random(...) return world:random(...) end
  function s.log(...) if log then log(world:now(), ...) end end
  world:run(run, s)
  assert(world:check())
  return { hash = world:hash(), events = world:events(), digest = s.nodes[1]:digest(), checks = world:checks() }
end

---Runs the storm of a seed twice; raises too when the two differ.
---@param seed integer
---@return spec.StormOutcome
function storm.twice(seed)
  local one, other = storm.run(seed), storm.run(seed)
  for _, what in ipairs { "events", "hash", "digest" } do
    if one[what] ~= other[what] then
      error(("two runs of seed %d differ in %s"):format(seed, what), 0)
    end
  end
  return one
end

return storm
