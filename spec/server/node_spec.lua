-- Clients from npm, as programs on Node use them: ioredis, and redis (node-redis) in RESP2 and RESP3. Each program
-- (spec/server/node) prints what it was told; it is run against a server of ours and a redis-server, and told the same.
-- The clients come from npm by `make deps`, at the versions of the lock file.

local support = require "spec.server.support"

local CLIENTS = support.path "build/node/node_modules"

describe("Node programs", function()
  local servers = support.servers()
  local ours, theirs

  setup(function()
    local _, missing = support.run { "test", "-d", CLIENTS }
    assert(missing == 0, "the clients are not installed: make deps (it needs node, npm and the npm registry)")
    ours, theirs = servers:start(), servers:redis()
  end)
  teardown(function() servers:stop_all() end)

  local function transcript(server, program, ...)
    local output = support.run { "env", "NODE_PATH=" .. CLIENTS, "node", support.path("spec/server/node/" .. program),
      server.port, ... }
    assert.matches("\nok\n$", output)
    return output
  end

  for _, words in ipairs { { "ioredis.js" }, { "node_redis.js", 2 }, { "node_redis.js", 3 } } do
    it(table.concat(words, " ") .. " are told what redis-server tells them", function()
      local told = transcript(ours, table.unpack(words))
      local expected = transcript(theirs, table.unpack(words))
      support.same_lines(expected, told)
    end)
  end
end)
