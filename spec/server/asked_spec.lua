-- What is asked of a server seldom, and once in a while by every test suite: both servers are told the same, line by
-- line, and answer the same. Random questions: spec/differential/families/asking.lua.

local replies = require "spec.differential.replies"
local support = require "spec.server.support"

local encode = support.resp.encode

describe("two servers answer the same to", function()
  local servers = support.servers()
  local ours, theirs

  setup(function() ours, theirs = servers:start(), servers:redis() end)
  teardown(function() servers:stop_all() end)

  local function words_of(line)
    local words = {}
    for word in line:gmatch "%S+" do words[#words + 1] = word end
    return words
  end

  -- a conversation of lines on a connection of its own, with both
  local function same(...)
    local one <close> = ours:connect()
    local other <close> = theirs:connect()
    for _, line in ipairs { ... } do
      local answers = {}
      for i, client in ipairs { one, other } do
        client:send(encode(table.unpack(words_of(line))))
        answers[i] = replies.show(replies.read(client))
      end
      assert.equal(answers[2], answers[1], line)
    end
  end

  it("ACL, of the one user there is, with a password and without", function()
    same("ACL WHOAMI", "ACL LIST", "ACL USERS", "ACL GETUSER default", "ACL GETUSER nosuch",
      "ACL DELUSER default", "ACL DELUSER nosuch", "ACL CAT", "ACL CAT nosuch", "ACL LOG", "ACL LOG x",
      "ACL LOAD", "ACL GENPASS 0", "ACL GENPASS x", "ACL SETUSER default on nopass ~* &* +@all",
      "CONFIG SET requirepass secret", "ACL LIST", "ACL GETUSER default", "AUTH wrong", "AUTH secret",
      "AUTH default secret", "AUTH nosuch secret", "ACL SETUSER default resetpass >other", "ACL LIST",
      "AUTH default other", "HELLO 3 AUTH default other", "ACL GETUSER default", "ACL SETUSER default nopass",
      "ACL LIST")
    same("PING", "ACL HELP")
  end)

  it("what there is none of", function()
    same("CLUSTER INFO", "CLUSTER NODES", "CLUSTER NOSUCH", "MODULE LIST", "FUNCTION FLUSH",
      "FUNCTION FLUSH ASYNC", "FUNCTION FLUSH SOON", "FUNCTION LIST", "FUNCTION LIST LIBRARYNAME",
      "FUNCTION KILL", "SCRIPT FLUSH", "SCRIPT FLUSH SOON", "SCRIPT EXISTS a b", "SCRIPT KILL",
      "CLIENT TRACKING OFF", "CLIENT CACHING YES")
  end)

  it("DEBUG", function()
    local lines = { "FLUSHALL", "DEBUG ERROR WHAT", "DEBUG POPULATE 3", "DEBUG POPULATE 3 other 12", "DEBUG POPULATE x",
      "GET key:1", "STRLEN other:2", "GET other:0", "DBSIZE", "DEBUG QUICKLIST-PACKED-THRESHOLD 1b",
      "DEBUG QUICKLIST-PACKED-THRESHOLD x", "DEBUG LISTPACK nosuch", "HSET h a b", "DEBUG LISTPACK h",
      "DEBUG QUICKLIST h", "DEBUG HTSTATS 99", "DEBUG HTSTATS-KEY h", "DEBUG SDSLEN h",
      "DEBUG CHANGE-REPL-ID", "DEBUG REPLYBUFFER RESIZING 1", "DEBUG SLEEP 0", "DEBUG NOSUCH", "DEBUG RELOAD",
      "HGETALL h", "HSET h c d", "DEBUG RELOAD NOSAVE", "HGETALL h" }
    for _, kind in ipairs { "string", "integer", "double", "bignum", "null", "array", "set", "map", "verbatim", "true",
      "false", "nosuch" } do
      lines[#lines + 1] = "DEBUG PROTOCOL " .. kind
      table.insert(lines, 1, "DEBUG PROTOCOL " .. kind)
    end
    table.insert(lines, #lines // 2, "HELLO 2")
    same(table.unpack(lines))
  end)

  it("CONFIG", function()
    same("CONFIG GET replicaof", "CONFIG GET slaveof", "CONFIG SET notify-keyspace-events KEAn",
      "CONFIG GET notify-keyspace-events", "CONFIG SET notify-keyspace-events AKEm",
      "CONFIG GET notify-keyspace-events", "CONFIG SET notify-keyspace-events Knm",
      "CONFIG GET notify-keyspace-events", "CONFIG SET daemonize yes", "CONFIG SET io-threads 2",
      "CONFIG SET repl-diskless-sync no", "CONFIG SET repl-diskless-sync yes",
      "COMMAND INFO nosuch")
    for _, server in ipairs { ours, theirs } do
      assert.equal("OK", server:call("CONFIG", "SET", "port", server.port))
      assert.equal("OK", server:call("CONFIG", "SET", "notify-keyspace-events", ""))
    end
  end)

  -- what a listener hears that heard nothing before and nothing after
  local function heard(server, lines)
    local listener <close> = server:connect()
    local client <close> = server:connect()
    assert.equal("OK", listener:call "MONITOR")
    for _, line in ipairs(lines) do
      client:send(encode(table.unpack(words_of(line))))
      replies.read(client)
    end
    client:call("ECHO", "the end")
    local all = {}
    repeat
      all[#all + 1] = listener:line():gsub("^%+%d+%.%d%d%d%d%d%d %[(%d+) [%d.:]+%]", "%1")
    until all[#all]:find "the end"
    listener:send(encode("GET", "a"))
    all[#all + 1] = listener:line()
    listener:send(encode "RESET")
    all[#all + 1] = listener:line()
    listener:send(encode("GET", "a"))
    all[#all + 1] = replies.read(listener)
    return table.concat(all, "\n")
  end

  it("MONITOR", function()
    local lines = { "FLUSHALL", "SET a \1\"\\\t\255", "get", "MULTI", "GET a", "DEL a", "EXEC", "AUTH default x",
      "HELLO 3 AUTH default x SETNAME me", "CONFIG GET x", "SELECT 3", "BLPOP l 0.01", "EVALUATE x", "SELECT 0" }
    assert.equal(heard(theirs, lines), heard(ours, lines))
  end)

  it("KEYS, which leaves alone what has expired", function()
    for _, server in ipairs { ours, theirs } do
      assert.equal("OK", server:call("DEBUG", "SET-ACTIVE-EXPIRE", "0"))
      assert.equal("OK", server:call "FLUSHALL")
      assert.equal("OK", server:call("SET", "soon", "x", "PX", "1"))
      support.eventually("nothing is shown", function() return #server:call("KEYS", "*") == 0 end)
      assert.equal(1, server:call "DBSIZE")
      assert.equal("OK", server:call("DEBUG", "SET-ACTIVE-EXPIRE", "1"))
    end
  end)
end)
