-- Bytes on a socket, sent to our server and to redis-server: the answers are the same, byte for byte, to the closing of
-- the connection. What one may type into nc, and what no client should send.

local support = require "spec.server.support"

describe("the answer on the wire", function()
  local servers = support.servers()
  local ours, redis

  setup(function()
    ours, redis = servers:start(), servers:redis()
  end)
  teardown(function() servers:stop_all() end)

  -- all that comes back until the server closes
  local function answer(server, bytes)
    local client = server:connect()
    client:send(bytes)
    local rest = client:rest()
    client:close()
    return rest
  end

  -- A request that is right is followed by QUIT; one that is not ends the connection by itself.
  local function same(bytes)
    local theirs = answer(redis, bytes)
    assert.equal(theirs, answer(ours, bytes), ("%q"):format(bytes:sub(1, 200)))
    return theirs
  end

  local function each(name, list)
    it(name, function()
      for _, bytes in ipairs(list) do
        for _, server in ipairs { ours, redis } do server:call "FLUSHALL" end
        same(bytes)
      end
    end)
  end

  each("to inline commands", {
    "PING\r\nQUIT\r\n",
    "PING\nQUIT\n",
    "ping\r\nqUiT\r\n",
    "  PING   hello  \r\nQUIT\r\n",
    "\r\n\r\nPING\r\nQUIT\r\n",
    "SET a \"x y\\n\\x41\\\"\"\r\nGET a\r\nQUIT\r\n",
    "SET a 'x y\\n\\''\r\nGET a\r\nQUIT\r\n",
    "SET a \"\"\r\nSTRLEN a\r\nQUIT\r\n",
    "SET a \"open\r\n",
    "SET a 'open\r\n",
    "SET a \"x\"y\r\n",
    "SET \"a\"\r\nQUIT\r\n",
    "\tPING\r\nQUIT\r\n",
    ("x"):rep(70000),
  })

  each("to requests in RESP", {
    "*1\r\n$4\r\nPING\r\n*1\r\n$4\r\nQUIT\r\n",
    "*0\r\n*-1\r\nPING\r\nQUIT\r\n",
    "*2\r\n$4\r\nECHO\r\n$0\r\n\r\nQUIT\r\n",
    "*3\r\n$3\r\nSET\r\n$2\r\n\r\n\r\n$3\r\na\0b\r\n*2\r\n$3\r\nGET\r\n$2\r\n\r\n\r\nQUIT\r\n",
    "*1\r\n$4\r\nPING\r\nPING\r\n*2\r\n$4\r\nECHO\r\n$2\r\nhi\r\nQUIT\r\n",
  })

  each("to what breaks the protocol", {
    "*a\r\n", "*\r\n", "*1x\r\n", "*2147483648\r\n", "*99999999999999999999\r\n", "*-2\r\nQUIT\r\n", "* 1\r\n",
    "*1\r\n+PING\r\n", "*1\r\nPING\r\n", "*1\r\n\r\n", "*1\r\n$a\r\n", "*1\r\n$-1\r\n", "*1\r\n$\r\n", "*1\r\n$4x\r\n",
    "*1\r\n$536870913\r\n", "*1\r\n$99999999999999999999\r\n", "*2\r\n$4\r\nECHO\r\n:1\r\n",
    "*1\r\n" .. ("1"):rep(70000), "*" .. ("1"):rep(70000), "*1\r\n$" .. ("1"):rep(70000),
    "*1\r\n$4\r\nPING\r\n*x\r\n", "*1\r\n$4\r\nPINGxx*1\r\n$4\r\nPING\r\nQUIT\r\n",
    "SET a 1\r\n*a\r\nSET a 2\r\n",
  })

  each("to commands that are not, and commands that are wrong", {
    "NOSUCH\r\nNOSUCH a b c\r\nQUIT\r\n",
    "NOSUCH " .. ("x"):rep(300) .. " y z\r\nQUIT\r\n",
    ("N"):rep(200) .. " a\r\nQUIT\r\n",
    "GET\r\nGET a b\r\nSET a\r\nSET a b c\r\nSET a 1 EX 0\r\nSET a 1 EX x\r\nSET a 1 EX 1 PX 1\r\nQUIT\r\n",
    "CONFIG\r\nCONFIG NOSUCH\r\nCONFIG GET\r\nOBJECT NOSUCH a\r\nQUIT\r\n",
    "SELECT 16\r\nSELECT -1\r\nSELECT x\r\nSELECT 3\r\nQUIT\r\n",
    "AUTH x\r\nAUTH default x\r\nAUTH nobody x\r\nAUTH a b c\r\nQUIT\r\n",
    "HELLO 4\r\nHELLO x\r\nHELLO 1\r\nHELLO 2 NOSUCH\r\nHELLO 3 SETNAME\r\nHELLO 2 AUTH default\r\nQUIT\r\n",
    "WAIT 0\r\nWAIT x 1\r\nWAIT 0 x\r\nWAIT 0 -1\r\nWAIT 0 1\r\nWAIT 1 1\r\nWAIT -1 0\r\nQUIT\r\n",
    "REPLICAOF localhost x\r\nREPLICAOF localhost 70000\r\nREPLICAOF NO ONE\r\nQUIT\r\n",
    "REPLCONF listening-port\r\nREPLCONF listening-port x\r\nREPLCONF nosuch 1\r\nQUIT\r\n",
    "PING a b\r\nECHO\r\nQUIT a\r\n",
    "CLIENT NOSUCH\r\nCLIENT SETNAME\r\nCLIENT SETNAME \"a b\"\r\nCLIENT GETNAME\r\nCLIENT SETNAME x\r\n"
      .. "CLIENT GETNAME\r\nCLIENT KILL ID x\r\nCLIENT KILL 1.2.3.4:5\r\nCLIENT KILL ID 999999\r\nCLIENT REPLY x\r\n"
      .. "CLIENT NO-EVICT x\r\nCLIENT UNBLOCK 999999\r\nQUIT\r\n",
    "CLIENT REPLY SKIP\r\nPING\r\nECHO a\r\nCLIENT REPLY OFF\r\nPING\r\nCLIENT REPLY ON\r\nQUIT\r\n",
  })

  each("to transactions", {
    "MULTI\r\nSET a 1\r\nGET a\r\nEXEC\r\nQUIT\r\n",
    "EXEC\r\nDISCARD\r\nMULTI\r\nMULTI\r\nWATCH a\r\nEXEC\r\nQUIT\r\n",
    "MULTI\r\nNOSUCH\r\nSET a 1\r\nEXEC\r\nGET a\r\nQUIT\r\n",
    "MULTI\r\nSET a\r\nEXEC\r\nQUIT\r\n",
    "MULTI\r\nSET a x\r\nINCR a\r\nSET b 1\r\nEXEC\r\nGET b\r\nQUIT\r\n",
    "MULTI\r\nSET a 1\r\nDISCARD\r\nGET a\r\nQUIT\r\n",
    "WATCH a\r\nSET a 1\r\nMULTI\r\nSET a 2\r\nEXEC\r\nGET a\r\nQUIT\r\n",
    "WATCH a\r\nSET a 1\r\nUNWATCH\r\nMULTI\r\nSET a 2\r\nEXEC\r\nQUIT\r\n",
    "MULTI\r\nWAIT 1 0\r\nSELECT 1\r\nSET a 1\r\nEXEC\r\nGET a\r\nQUIT\r\n",
    "MULTI\r\nPING\r\nRESET\r\nEXEC\r\nQUIT\r\n",
    "MULTI\r\nPSYNC ? -1\r\nEXEC\r\nQUIT\r\n",
    "MULTI\r\nEXEC\r\nMULTI\r\nQUIT\r\n",
  })

  -- HELLO's own reply names the connection; only what follows can be compared
  it("in RESP3, after HELLO", function()
    local bytes = "GET none\r\nMGET none none\r\nCONFIG GET maxmemory\r\nSET a 1.5\r\nINCRBYFLOAT a 1\r\n"
      .. "SET k v GET\r\nMULTI\r\nGET none\r\nEXEC\r\nWATCH a\r\nSET a 1\r\nMULTI\r\nGET a\r\nEXEC\r\n"
      .. "LCS a k IDX\r\nQUIT\r\n"
    local answers = {}
    for i, server in ipairs { ours, redis } do
      server:call "FLUSHALL"
      local client = server:connect()
      local hello = client:call("HELLO", 3)
      assert.same({ "redis", 3, "standalone", "master", {} },
        { hello.server, hello.proto, hello.mode, hello.role, hello.modules })
      client:send(bytes)
      answers[i] = client:rest()
      client:close()
    end
    assert.equal(answers[2], answers[1])
  end)

  it("however the bytes are cut", function()
    local bytes = "*3\r\n$3\r\nSET\r\n$1\r\na\r\n$5\r\nb\r\nc\n\r\nGET a\r\n*2\r\n$3\r\nGET\r\n$1\r\na\r\nQUIT\r\n"
    local whole = same(bytes)
    for cut = 1, #bytes - 1 do
      local client = ours:connect()
      client:send(bytes:sub(1, cut))
      client:send(bytes:sub(cut + 1))
      assert.equal(whole, client:rest(), cut)
      client:close()
    end
    local client = ours:connect()
    for i = 1, #bytes do client:send(bytes:sub(i, i)) end
    assert.equal(whole, client:rest())
    client:close()
  end)

  it("before a password is given", function()
    for _, server in ipairs { ours, redis } do
      assert.equal("OK", server:call("CONFIG", "SET", "requirepass", "secret"))
    end
    finally(function()
      for _, server in ipairs { ours, redis } do
        server:call("AUTH", "secret")
        server:call("CONFIG", "SET", "requirepass", "")
      end
    end)
    for _, bytes in ipairs {
      "GET a\r\nPING\r\nMULTI\r\nEXEC\r\nNOSUCH\r\nGET\r\nRESET\r\nGET a\r\nQUIT\r\n",
      "AUTH wrong\r\nGET a\r\nAUTH secret\r\nGET a\r\nQUIT\r\n",
      "AUTH default secret\r\nGET a\r\nAUTH default wrong\r\nGET a\r\nQUIT\r\n",
      "HELLO 2\r\nHELLO 2 AUTH default wrong\r\nQUIT\r\n",
      "*11\r\n", "*10\r\n$16385\r\n", "*1\r\n$16384\r\n" .. ("x"):rep(16384) .. "\r\nQUIT\r\n",
      "REPLICAOF NO ONE\r\nPSYNC ? -1\r\nSYNC\r\nREPLCONF capa eof\r\nQUIT\r\n",
    } do same(bytes) end
  end)
end)
