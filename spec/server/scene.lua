-- Scenes: several connections to one server, of which some wait; what each is told, and at which step.
--
--   scene.play(server, {
--     "a: BLPOP l 0",            a connection's name, and what it sends; it is opened when it first says something
--     "b: RPUSH l 1 ; PING",     two commands in one write
--     "a! BLPOP l 0.01",         goes on only when `a` has all its replies
--     "c: CLIENT UNBLOCK @a",    the id of connection a
--   })                           --> { "b: :2", "b: +PONG", "a: *{ $l, $1 }", ... }
--
-- After each step the scene goes on when every connection has been answered or is known by the server to be blocked
-- (its flag in CLIENT LIST): nothing here depends on how long anything takes. The sender's replies come first, then
-- those of the others by name.

local poll = require "posix.poll"

local replies = require "spec.differential.replies"
local support = require "spec.server.support"

local scene = {}

local function show(node)
  if type(node) == "string" then return node end
  local parts = {}
  for i, element in ipairs(node) do parts[i] = show(element) end
  return node.kind .. "{ " .. table.concat(parts, ", ") .. " }"
end

local function connect(play, name)
  local client = play.server:connect()
  play.names[#play.names + 1] = name
  table.sort(play.names)
  play.ids[name] = client:call("CLIENT", "ID")
  play.clients[name], play.owed[name] = client, 0
  return client
end

local function send(play, name, text)
  local client, requests = play.clients[name] or connect(play, name), {}
  for command in (text .. " ; "):gmatch "(.-) ; " do
    local words = {}
    for word in command:gmatch "%S+" do
      words[#words + 1] = word == '""' and "" or word:gsub("^@(%w+)$", play.ids)
    end
    requests[#requests + 1] = support.resp.encode(table.unpack(words))
  end
  play.owed[name] = play.owed[name] + #requests
  client:send(table.concat(requests))
end

local function blocked(play)
  local set = {}
  for line in play.control:call("CLIENT", "LIST"):gmatch "[^\n]+" do
    set[math.tointeger(tonumber(line:match "^id=(%d+)"))] = line:match " flags=(%w*)":find "b" ~= nil
  end
  return set
end

local function readable(client)
  return client.at <= #client.buffer or poll.rpoll(client.fd, 0) > 0
end

-- what a connection is owed and is there; false: something is still to come, and it is not blocked
local function hear(play, name, set, log)
  local client = play.clients[name]
  while play.owed[name] > 0 and readable(client) do
    local there, reply = pcall(replies.read, client)
    log[#log + 1] = name .. ": " .. (there and show(reply) or "closed")
    play.owed[name] = there and play.owed[name] - 1 or 0
  end
  return play.owed[name] == 0 or set[play.ids[name]] == true
end

local function step(play, text)
  local name, how, words = text:match "^(%w+)([:!]) (.*)$"
  send(play, name, words)
  local log = { [name] = {} }
  support.eventually(text, function()
    local set = blocked(play) -- before hearing: who is not blocked then will be heard
    local done = true
    for _, other in ipairs(play.names) do
      log[other] = log[other] or {}
      done = hear(play, other, set, log[other]) and done
    end
    return done and (how == ":" or play.owed[name] == 0)
  end)
  table.move(log[name], 1, #log[name], #play.log + 1, play.log)
  for _, other in ipairs(play.names) do
    if other ~= name then table.move(log[other], 1, #log[other], #play.log + 1, play.log) end
  end
end

---Plays a scene on a server, from an empty dataset; everything that was answered.
---@param server table of support.servers()
---@param steps string[]
---@return string[]
function scene.play(server, steps)
  local play = { server = server, control = server:connect(), names = {}, ids = {}, clients = {}, owed = {}, log = {} }
  assert(play.control:call "FLUSHALL")
  for _, text in ipairs(steps) do
    play.log[#play.log + 1] = "> " .. text
    step(play, text)
  end
  for _, client in pairs(play.clients) do client:close() end
  play.control:close()
  return play.log
end

return scene
