-- Programs that were written for Redis, used unchanged: redis-cli, redis-benchmark, a C program on hiredis, a Python
-- one on redis-py; many connections, large and binary values.

local support = require "spec.server.support"

describe("with a server", function()
  local servers = support.servers()
  local server

  -- one server for all: programs clear up what they need cleared
  setup(function() server = servers:start() end)
  teardown(function() servers:stop_all() end)
  before_each(function() assert.equal("OK", server:call "FLUSHALL") end)

  local function cli(arguments)
    local output, status = server:cli(arguments)
    assert.equal(0, status, output)
    return output
  end

  describe("redis-cli", function()
    it("sends a command and shows the reply", function()
      assert.equal("OK\n", cli { "SET", "foo", "bar" })
      assert.equal("bar\n", cli { "GET", "foo" })
      assert.equal("ERR unknown command 'NOSUCH', with args beginning with: 'a' \n\n", (cli { "NOSUCH", "a" }))
    end)

    it("reads commands from stdin, transactions among them", function()
      local output = cli { stdin = "MULTI\nSET a 1\nINCR a\nGET a\nEXEC\nGET a\nSELECT 2\nGET a\n" }
      assert.equal("OK\nQUEUED\nQUEUED\nQUEUED\nOK\n2\n2\n2\nOK\n\n", output)
    end)

    it("speaks RESP3", function()
      assert.equal("1# \"maxmemory\" => \"0\"\n", cli { "-3", "--no-raw", "CONFIG", "GET", "maxmemory" })
      assert.equal("(nil)\n", cli { "-3", "--no-raw", "GET", "none" })
      assert.matches("role:master", cli { "-3", "INFO", "replication" })
    end)

    it("repeats, with a pause in between", function()
      assert.equal("1\n2\n3\n", cli { "-r", 3, "-i", 0.01, "INCR", "n" })
    end)

    it("loads with --pipe, and counts what was refused", function()
      local commands = {}
      for i = 1, 20000 do commands[i] = support.resp.encode("SET", "pipe:" .. i, i) end
      local output = cli { "--pipe", stdin = table.concat(commands) }
      assert.matches("errors: 0, replies: 20000", output)
      assert.equal(20000, server:call "DBSIZE")
      commands = { support.resp.encode("SET", "a", "x"), support.resp.encode("INCR", "a"), support.resp.encode "PING" }
      output = server:cli { "--pipe", stdin = table.concat(commands) }
      assert.matches("errors: 1, replies: 3", output)
    end)

    it("finds all keys with --scan", function()
      local commands, expected = {}, {}
      for i = 1, 3000 do
        commands[i] = { "SET", "scan:" .. i, i }
        expected["scan:" .. i] = true
      end
      server:pipeline(commands)
      server:call("SET", "other", 1)
      local found = {}
      for key in cli({ "--scan", "--pattern", "scan:*" }):gmatch "[^\n]+" do found[key] = true end
      assert.same(expected, found)
    end)

    it("takes a snapshot with --rdb that redis-check-rdb accepts", function()
      local commands = {}
      for i = 1, 1000 do commands[i] = { "SET", "rdb:" .. i, ("x"):rep(i % 50), "PX", 1000000 } end
      server:pipeline(commands)
      local file = os.tmpname()
      finally(function() os.remove(file) end)
      cli { "--rdb", file }
      local output, status = support.run { "redis-check-rdb", file }
      assert.equal(0, status, output)
      assert.matches("1000 keys read", output)
      assert.matches("1000 expires", output)
    end)

    it("takes one with --functions-rdb that has no keys", function()
      local file = os.tmpname()
      finally(function() os.remove(file) end)
      server:call("SET", "k", "v")
      cli { "--functions-rdb", file }
      local output, status = support.run { "redis-check-rdb", file }
      assert.equal(0, status, output)
      assert.matches("RDB looks OK", output)
      assert.matches(" 0 keys read", output)
    end)

    it("asks what it needs for its help", function()
      assert.is_true(tonumber(cli { "COMMAND", "COUNT" }) > 50)
      assert.matches("key", cli { "COMMAND", "DOCS", "get" })
    end)
  end)

  it("redis-benchmark runs without an error", function()
    local output, status = support.run { "redis-benchmark", "-p", server.port, "-t", "set,get,incr,mset", "-P", 16,
      "-n", 20000, "-q" }
    assert.equal(0, status, output)
    for _, name in ipairs { "SET", "GET", "INCR", "MSET %(10 keys%)" } do
      assert.matches(name .. ": [%d.]+ requests per second", output)
    end
    assert.is_nil(output:lower():find("error", 1, true), output)
    assert.equal(0, server:info("clients").blocked_clients)
  end)

  it("redis-benchmark runs with many clients, random keys and large values", function()
    local output, status = support.run { "redis-benchmark", "-p", server.port, "-t", "set,get", "-c", 200, "-r", 10000,
      "-d", 4000, "-n", 10000, "-q" }
    assert.equal(0, status, output)
    assert.is_nil(output:lower():find("error", 1, true), output)
  end)

  it("a C program on hiredis is served", function()
    local output, status = support.run { support.program("hiredis_client", "-lhiredis"), server.port }
    assert.equal("ok\n", output)
    assert.equal(0, status)
  end)

  it("a C program on hiredis's asynchronous interface is served", function()
    local program = support.program("hiredis_async", "-Wno-unused-parameter", "-Wno-unused-function", "-lhiredis",
      "-luv")
    local output, status = support.run { program, server.port }
    assert.equal("ok\n", output)
    assert.equal(0, status)
  end)

  it("a Python program on redis-py is served", function()
    local output, status = support.run { "/usr/bin/python3", support.path "spec/server/redis_py_client.py",
      server.port }
    assert.equal("ok\n", output)
    assert.equal(0, status)
  end)

  it("several hundred connections are served at once", function()
    local COUNT = 500
    local clients, sum = {}, 0
    finally(function()
      for _, client in ipairs(clients) do client:close() end
    end)
    for i = 1, COUNT do clients[i] = server:connect() end
    for i, client in ipairs(clients) do client:send(support.resp.encode("INCRBY", "n", i)) end
    local seen = {}
    for _, client in ipairs(clients) do
      local n = client:receive()
      assert.is_nil(seen[n])
      seen[n] = true
    end
    for i = 1, COUNT do sum = sum + i end
    assert.equal(tostring(sum), server:call("GET", "n"))
    assert.is_true(server:info("clients").connected_clients > COUNT)
    for _, client in ipairs(clients) do client:close() end
    support.eventually("they are gone", function() return server:info("clients").connected_clients == 1 end)
  end)

  it("a client that hangs up in the middle of anything costs nobody else", function()
    local before = server:info("stats").total_connections_received
    local starts = { "*3\r\n$3\r\nSET\r\n$1", "*1\r\n$4\r\nPI", "SET a", support.resp.encode("WAIT", 1, 0),
      support.resp.encode "MULTI" .. support.resp.encode("SET", "a", 1), ("PING\r\n"):rep(1000) }
    for _, bytes in ipairs(starts) do
      local client = server:connect()
      client:send(bytes)
      client:close()
    end
    support.eventually("they came and went", function()
      return server:info("stats").total_connections_received == before + #starts
        and server:info("clients").connected_clients == 1
    end)
    assert.equal(0, server:call("EXISTS", "a"))
    assert.equal(0, server:info("clients").blocked_clients)
  end)

  it("a client that does not read what it asked for is seen by what is held for it", function()
    server:call("SET", "big", ("x"):rep(1000000))
    local client = server:connect()
    finally(function() client:close() end)
    client:send(support.resp.encode("CLIENT", "SETNAME", "slow") .. support.resp.encode("GET", "big"):rep(20))
    support.eventually("its replies pile up", function()
      local line = server:call("CLIENT", "LIST"):match "[^\n]* name=slow [^\n]*"
      if not line then return false end
      local obl, oll, omem = line:match " obl=(%d+) oll=(%d+) omem=(%d+) "
      return obl == "16384" and tonumber(omem) > 1000000 and tonumber(oll) == math.ceil(tonumber(omem) / 16384)
    end)
  end)

  it("values of 10 MB go in and come out", function()
    local block = {}
    for i = 0, 255 do block[#block + 1] = string.char(i) end
    local value = table.concat(block):rep(10 * 4096)
    assert.equal("OK", server:call("SET", "big", value))
    assert.is_true(server:call("GET", "big") == value)
    assert.equal(#value + 3, server:call("APPEND", "big", "end"))
    assert.equal("\254\255end", server:call("GETRANGE", "big", -5, -1))
    -- several in one pipeline: nobody reads before all is sent
    local client = server:connect()
    local get = support.resp.encode("GET", "big")
    client:send(get:rep(3) .. support.resp.encode "PING")
    assert.equal("OK", server:call("SET", "other", 1))
    for _ = 1, 3 do assert.equal(#value + 3, #client:receive()) end
    assert.equal("PONG", client:receive())
    client:close()
  end)

  it("keys and values may be any bytes", function()
    local all = {}
    for i = 0, 255 do all[#all + 1] = string.char(i) end
    local bytes = table.concat(all)
    local keys = { "", "\0", "\r\n", "a\0b", "$3\r\nfoo\r\n", bytes, bytes:reverse() }
    for i, key in ipairs(keys) do assert.equal("OK", server:call("SET", key, key .. i)) end
    for i, key in ipairs(keys) do assert.equal(key .. i, server:call("GET", key)) end
    local found = server:call("KEYS", "*")
    table.sort(found)
    table.sort(keys)
    assert.same(keys, found)
  end)

  it("a slow reader does not hold up the others, and gets everything", function()
    server:call("SET", "large", ("x"):rep(1 << 20))
    local slow = server:connect()
    slow:send(support.resp.encode("GET", "large"):rep(30))
    for _ = 1, 100 do assert.equal("PONG", server:call "PING") end
    for _ = 1, 30 do assert.equal(1 << 20, #slow:receive()) end
    slow:close()
  end)
end)
