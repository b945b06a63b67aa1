-- Every kind of reply as a Lua value: from the wire, and from commands executed in process.

local tidelock = require "tidelock"
local fake_server = require "spec.lua.fake_server"

-- what a client returns for each of `answers`, as table.pack has it
local function received(answers)
  local world <close> = tidelock.live {}
  local address = fake_server.start(world, { "+OK\r\n", table.unpack(answers) })
  local client = world:client(address, { timeout = 5000 })
  local results = {}
  for i = 1, #answers do results[i] = table.pack(client:call "X") end
  return results
end

local function value_of(answer)
  local result = received({ answer })[1]
  assert.equal(1, result.n)
  return result[1]
end

describe("a reply from the wire", function()
  it("is true when it is OK, and a string when it is another status", function()
    assert.is_true(value_of "+OK\r\n")
    assert.equal("PONG", value_of "+PONG\r\n")
    assert.equal("", value_of "+\r\n")
  end)

  it("is an integer", function()
    assert.equal(5, value_of ":5\r\n")
    assert.equal("integer", math.type(value_of ":-7\r\n"))
  end)

  it("is a string", function()
    assert.equal("a\r\nb", value_of "$4\r\na\r\nb\r\n")
    assert.equal("", value_of "$0\r\n\r\n")
    assert.equal("text", value_of "=8\r\ntxt:text\r\n")
    assert.equal("123456789012345678901234567890", value_of "(123456789012345678901234567890\r\n")
  end)

  it("is nil when it is null, in each of its forms", function()
    for _, null in ipairs { "$-1\r\n", "*-1\r\n", "_\r\n" } do assert.is_nil(value_of(null)) end
  end)

  it("is a float", function()
    assert.equal(1.5, value_of ",1.5\r\n")
    assert.equal("float", math.type(value_of ",10\r\n"))
    assert.equal(math.huge, value_of ",inf\r\n")
    local nan = value_of ",nan\r\n"
    assert.is_true(nan ~= nan)
  end)

  it("is a boolean", function()
    assert.is_true(value_of "#t\r\n")
    assert.is_false(value_of "#f\r\n")
  end)

  it("is nil, message and code when it is an error", function()
    local results = received { "-WRONGTYPE not that kind\r\n", "-LOADING\r\n", "!11\r\nERR with\r\n.\r\n" }
    assert.same({ nil, "WRONGTYPE not that kind", "WRONGTYPE", n = 3 }, results[1])
    assert.same({ nil, "LOADING", "LOADING", n = 3 }, results[2])
    assert.equal("ERR", results[3][3])
  end)

  it("is a table when it is an array or a set", function()
    assert.same({ 1, "two", 3.5, true }, value_of "*4\r\n:1\r\n$3\r\ntwo\r\n,3.5\r\n#t\r\n")
    assert.same({ "a", "b" }, value_of "~2\r\n+a\r\n+b\r\n")
    assert.same({}, value_of "*0\r\n")
  end)

  it("is a table by key when it is a map", function()
    assert.same({ a = 1, [2] = "two" }, value_of "%2\r\n+a\r\n:1\r\n:2\r\n+two\r\n")
    assert.same({}, value_of "%0\r\n")
    assert.same({ nan = 1 }, value_of "%1\r\n,nan\r\n:1\r\n")
  end)

  it("may be nested", function()
    assert.same({ { 1, {} }, { k = { "v" } }, "end" },
      value_of "*3\r\n*2\r\n:1\r\n*0\r\n%1\r\n+k\r\n~1\r\n+v\r\n+end\r\n")
    assert.same({ { { { { {} } } } } }, value_of(("*1\r\n"):rep(5) .. "*0\r\n"))
  end)

  it("holds tidelock.null and error objects inside aggregates", function()
    local value = value_of "*5\r\n$-1\r\n_\r\n*-1\r\n-ERR no\r\n%1\r\n+k\r\n_\r\n"
    for i = 1, 3 do assert.equal(tidelock.null, value[i]) end
    assert.is_true(tidelock.is_error(value[4]))
    assert.equal("ERR no", value[4].message)
    assert.equal("ERR", value[4].code)
    assert.equal("ERR no", tostring(value[4]))
    assert.same({ k = tidelock.null }, value[5])
  end)

  it("comes without its attributes", function()
    assert.equal(7, value_of "|1\r\n+ttl\r\n:100\r\n:7\r\n")
  end)

  it("is matched with its request among many", function()
    local answers = {}
    for i = 1, 50 do answers[i] = (":%d\r\n"):format(i) end
    local results = received(answers)
    for i = 1, 50 do assert.equal(i, results[i][1]) end
  end)

  it("that is no RESP closes the connection", function()
    assert.same({ nil, "CLOSED the answer is not RESP", "CLOSED", "info", n = 4 }, received({ "nonsense\r\n" })[1])
  end)

  it("that does not come is a failure of which nothing is known", function()
    local world <close> = tidelock.live {}
    local client = world:client(fake_server.start(world, { "+OK\r\n", "", "" }), { timeout = 50 })
    local result = table.pack(client:set("k", "v"))
    assert.same({ "TIMEOUT", "info", n = 4 }, { result[3], result[4], n = result.n })
  end)
end)

describe("tidelock.null", function()
  it("is a value of its own, called null", function()
    assert.equal("null", tostring(tidelock.null))
    assert.equal("userdata", type(tidelock.null))
    assert.is_true(tidelock.null ~= nil)
  end)
end)

describe("a reply of a command in process", function()
  local world, node

  setup(function()
    world = tidelock.sim { seed = 1 }
    node = world:node { name = "n" }
  end)

  teardown(function()
    world:close()
  end)

  it("is of the same kinds", function()
    assert.is_true(node:set("k", "v"))
    assert.equal("PONG", node:ping())
    assert.equal("string", node:type "k")
    assert.equal(1, node:exists "k")
    assert.is_nil(node:get "nothing")
    assert.equal("v", node:get "k")
    assert.same({ "v", tidelock.null }, node:mget("k", "nothing"))
    assert.same({ maxmemory = "0" }, node:call("CONFIG", "GET", "maxmemory"))
    assert.equal("string", type(node:call "INFO"))
    assert.equal("WRONGPASS", (select(3, node:auth("x", "y"))))
  end)

  it("may have errors inside", function()
    node:set("text", "abc")
    node:multi()
    assert.equal("QUEUED", node:set("k", 1))
    assert.equal("QUEUED", node:incr "text")
    assert.equal("QUEUED", node:get "nothing")
    local replies = node:exec()
    assert.equal(3, #replies)
    assert.is_true(replies[1])
    assert.equal("ERR", replies[2].code)
    assert.equal(tidelock.null, replies[3])
  end)

  it("may be large", function()
    local words, keys = {}, {}
    for i = 1, 5000 do
      words[2 * i - 1], words[2 * i] = "large" .. i, ("x"):rep(i % 100)
      keys[i] = "large" .. i
    end
    node:mset(table.unpack(words))
    local values = node:mget(table.unpack(keys))
    for i = 1, 5000 do assert.equal(i % 100, #values[i]) end
  end)
end)
