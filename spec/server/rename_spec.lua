-- rename-command: a command is found under its new name only, and keeps its own for whoever asks what it is; as
-- redis-server has it.

local support = require "spec.server.support"

local LINES = [[
save ""
enable-debug-command yes
rename-command FLUSHALL ""
rename-command set Put
rename-command CONFIG a-long-secret-name-that-nobody-will-guess-0123456789-abcdefghijklmnopqrstuvwxyz
rename-command put PUT2
rename-command get set
]]
local CONFIG = "a-long-secret-name-that-nobody-will-guess-0123456789-abcdefghijklmnopqrstuvwxyz"

describe("renamed commands", function()
  local servers

  before_each(function() servers = support.servers() end)
  after_each(function() servers:stop_all() end)

  it("answer as Redis's do", function()
    local requests = {
      { "FLUSHALL" }, { "flushall", "async" }, { "SET", "k", "v" }, { "put", "k", "v" }, { "PUT2", "k", "v" },
      { "GET", "k" }, { "set", "k" }, { "set", "k", "v" }, { "put2" }, { "config", "get", "port" },
      { CONFIG }, { CONFIG, "x" },
      { CONFIG:upper(), "GET", "timeout" }, { CONFIG, "SET", "timeout", "3", "nonsense", "4" },
      { "COMMAND", "INFO", "put2", "get" }, { "COMMAND", "GETKEYS", "put2", "a", "b" },
      { "COMMAND", "GETKEYS", "get", "a" },
      { "MULTI" }, { "put2", "a", "b" }, { "get", "a" }, { "EXEC" }, { "MULTI" }, { "put2", "a", "b" }, { "EXEC" },
      { "COMMAND", "LIST", "FILTERBY", "PATTERN", "*et" }, { "COMMAND", "LIST", "FILTERBY", "PATTERN", "put*" },
      { "COMMAND", "LIST", "FILTERBY", "PATTERN", "flushall" },
      { "ACL", "SETUSER", "default", "+set" }, { "ACL", "DRYRUN", "default", "put2", "a", "b" },
      { "ACL", "DRYRUN", "default", "get", "a" }, { "OBJECT", "HELP" },
    }
    local answers = {}
    for _, kind in ipairs { "redis", "tidelock" } do
      local server = servers:configured(kind, LINES)
      answers[kind] = server:pipeline(requests)
      local stats = server:call("INFO", "commandstats")
      answers[kind].stats = { stats:match "cmdstat_set:calls=(%d+)", stats:match "cmdstat_get:calls=(%d+)",
        stats:match "cmdstat_config|get:calls=(%d+)", stats:match "cmdstat_put2", stats:match "cmdstat_flushall" }
    end
    for i, request in ipairs(requests) do
      local ours, theirs = answers.tidelock[i], answers.redis[i]
      if request[3] == "FILTERBY" and type(ours) == "table" then table.sort(ours) table.sort(theirs) end
      assert.same({ request, theirs }, { request, ours })
    end
    assert.same(answers.redis.stats, answers.tidelock.stats)
  end)

  it("are in streams and journals as clients called them", function()
    local renaming = "save ''\nrename-command SET put\nrename-command SADD ''\n"
    local a = servers:configured("tidelock", renaming .. "appendonly yes\nappendfsync always\n")
    local b = servers:configured("redis",
      renaming .. ("replicaof 127.0.0.1 %d\nrepl-diskless-sync-delay 0\n"):format(a.port))
    local c = servers:configured("tidelock", renaming .. ("replicaof 127.0.0.1 %d\n"):format(b.port))
    assert.equal("OK", a:call("put", "k", "v"))
    for _, server in ipairs { b, c } do
      server:in_step_with(server == b and a or b)
      assert.equal("v", server:call("GET", "k"))
    end
    a:kill()
    a.client = nil
    a:launch()
    assert.equal("v", a:call("GET", "k"))
    -- what others wrote under a command's own name is done, too
    local d = servers:start {}
    assert.equal("OK", a:call("REPLICAOF", "127.0.0.1", d.port))
    d:pipeline { { "SET", "own", "1" }, { "SADD", "s", "x" } }
    a:in_step_with(d)
    assert.equal("1", a:call("GET", "own"))
    assert.equal(1, a:call("SCARD", "s"))
  end)

  it("are refused where Redis refuses them", function()
    local wrong = {
      { "nosuch x", "No such command in rename-command" },
      { "GET set", "Target command name already exists" },
      { "config|get x", "No such command in rename-command" },
      { "GET", "wrong number of arguments" },
      { "GET a b", "wrong number of arguments" },
    }
    for _, case in ipairs(wrong) do
      local line = "rename-command " .. case[1]
      local server = servers:spawn { "sh", "-c", ("printf 'port 0\\n%s\\n' > c; exec %s server c"):format(line,
        support.launcher()) }
      server:await_end()
      assert.equal(("tidelock: server: c:2: '%s': %s\n"):format(line, case[2]), server:log())
    end
  end)
end)
