-- tidelock.store: commands as methods, what they take and answer, time, databases.

local tidelock = require "tidelock"

describe("a store", function()
  local store, now

  before_each(function()
    now = 1700000000000
    store = tidelock.store { clock = function() return now end }
  end)

  after_each(function()
    store:close()
  end)

  it("sets and gets", function()
    assert.is_true(store:set("foo", "bar"))
    assert.equal("bar", store:get "foo")
    assert.equal("bar", store:call("GET", "foo"))
    assert.equal("bar", store:call("get", "foo"))
  end)

  it("answers nil for what is not there", function()
    assert.is_nil(store:get "foo")
    assert.equal(1, select("#", store:get "foo"))
  end)

  it("keeps bytes as they are", function()
    local bytes = "\0\r\n\255" .. ("x"):rep(100000) .. "\0"
    store:set(bytes, bytes)
    assert.equal(bytes, store:get(bytes))
    store:set("", "")
    assert.equal("", store:get "")
  end)

  it("takes numbers and booleans as words", function()
    local function stored(value)
      store:set("k", value)
      return store:get "k"
    end
    assert.equal("42", stored(42))
    assert.equal("-9223372036854775808", stored(math.mininteger))
    assert.equal("0.1", stored(0.1))
    assert.equal("3", stored(3.0))
    assert.equal("1e+300", stored(1e300))
    assert.equal("inf", stored(math.huge))
    assert.equal("1", stored(true))
    assert.equal("0", stored(false))
    store:set(17, "seventeen")
    assert.equal("seventeen", store:get "17")
  end)

  it("leaves the script's numbers numbers", function()
    local key = 17
    store:set(key, key)
    assert.equal("integer", math.type(key))
  end)

  it("takes many words", function()
    local words, keys = {}, {}
    for i = 1, 500 do
      words[2 * i - 1], words[2 * i] = "key" .. i, i
      keys[i] = "key" .. i
    end
    assert.is_true(store:mset(table.unpack(words)))
    assert.equal("500", store:mget(table.unpack(keys))[500])
    assert.equal(500, store:dbsize())
  end)

  it("answers integers, floats as text where Redis does, and arrays", function()
    assert.equal(1, store:incr "n")
    assert.equal("integer", math.type(store:incr "n"))
    assert.equal("2.5", store:incrbyfloat("n", 0.5))
    assert.same({ "2.5", tidelock.null }, store:mget("n", "nothing"))
    assert.same({}, store:keys "x*")
  end)

  it("answers errors as nil, message, code", function()
    store:set("k", "text")
    assert.same({ nil, "ERR value is not an integer or out of range", "ERR" }, { store:incr "k" })
    assert.same({ nil, "ERR wrong number of arguments for 'get' command", "ERR" }, { store:get() })
    local value, message, code = store:call("NOSUCH", "x")
    assert.is_nil(value)
    assert.matches("^ERR unknown command 'NOSUCH'", message)
    assert.equal("ERR", code)
  end)

  it("knows containers of commands", function()
    store:set("k", 1)
    assert.equal("int", store:object("ENCODING", "k"))
    assert.equal("int", store:call("OBJECT", "encoding", "k"))
    assert.matches("unknown subcommand", (select(2, store:object "nosuch")))
  end)

  it("has no method for what is no command", function()
    assert.is_nil(store.nosuch)
    assert.is_nil(store.GET)
    assert.is_nil(store[1])
  end)

  it("lets keys expire by its clock", function()
    store:set("foo", "bar", "PX", 1500)
    assert.equal(1500, store:pttl "foo")
    now = now + 1500
    assert.equal("bar", store:get "foo") -- still, as in Redis
    now = now + 1
    assert.is_nil(store:get "foo")
    assert.equal(-2, store:pttl "foo")
  end)

  it("removes what has expired bit by bit, whoever asks for what", function()
    for i = 1, 100 do store:set("k" .. i, i, "PX", 10) end
    now = now + 11
    for _ = 1, 30 do store:get "nothing" end
    assert.equal(0, store:dbsize())
  end)

  it("has databases", function()
    assert.is_true(store:select(3))
    store:set("k", "in 3")
    assert.is_true(store:select(0))
    assert.is_nil(store:get "k")
    assert.equal("ERR", (select(3, store:select(16))))
    local small = tidelock.store { databases = 1 }
    assert.equal("ERR DB index is out of range", (select(2, small:select(1))))
  end)

  it("does not wait where a command would block: it answers as inside MULTI", function()
    assert.is_nil(store:blpop("list", 0))
    assert.is_nil(store:xread("BLOCK", 0, "STREAMS", "x", "$"))
    store:rpush("list", "here")
    assert.same({ "list", "here" }, store:blpop("list", 0))
  end)

  it("has a digest of its content", function()
    local other = tidelock.store()
    store:mset("a", 1, "b", 2)
    other:mset("b", 2, "a", 1)
    assert.matches("^%x+$", store:digest())
    assert.equal(32, #store:digest())
    assert.equal(store:digest(), other:digest())
    other:set("a", 2)
    assert.not_equal(store:digest(), other:digest())
  end)

  it("counts its memory, and gives it back", function()
    local empty = store:used_memory()
    for i = 1, 10000 do store:set("key" .. i, ("x"):rep(100)) end
    assert.is_true(store:used_memory() > empty + 1000000)
    store:flushall()
    for _ = 1, 2000 do store:get "nothing" end
    assert.is_true(store:used_memory() < empty + 200000)
  end)

  it("lets the least used keys go when there is a limit", function()
    local full = tidelock.store { clock = function() return now end }
    for i = 1, 1000 do full:set("k" .. i, ("x"):rep(100)) end
    local options = { clock = function() return now end, maxmemory = full:used_memory(), seed = 1,
      maxmemory_policy = "allkeys-lru", maxmemory_samples = 10 }
    full:close()
    local limited <close> = tidelock.store(options)
    for i = 1, 900 do limited:set("k" .. i, ("x"):rep(100)) end
    now = now + 60000
    for i = 1, 300 do limited:get("k" .. i) end
    for i = 1, 500 do assert.is_true(limited:set("n" .. i, ("x"):rep(100))) end
    local kept = 0
    for i = 1, 300 do kept = kept + limited:exists("k" .. i) end
    assert.is_true(kept > 290, kept)
    assert.is_true(limited:used_memory() < options.maxmemory + 1000)
  end)

  it("refuses what takes memory when nothing may go", function()
    local limited <close> = tidelock.store { maxmemory = 1 }
    local ok, message, code = limited:set("k", "v")
    assert.is_nil(ok)
    assert.equal("OOM", code)
    assert.equal("OOM command not allowed when used memory > 'maxmemory'.", message)
    assert.is_nil(limited:get "k")
  end)

  it("says which of its options is wrong, and where", function()
    for wrong, options in pairs {
      ["databases: 0 is not between 1 and 65536"] = { databases = 0 },
      ["maxmemory: much is not a size in bytes"] = { maxmemory = "much" },
      ["maxmemory: -1 is not a size in bytes"] = { maxmemory = -1 },
      ["maxmemory_policy: there is no some"] = { maxmemory_policy = "some" },
      ["maxmemory_samples: 65 is not between 1 and 64"] = { maxmemory_samples = 65 },
    } do
      local good, message = pcall(function()
        local s = tidelock.store(options)
        return s
      end)
      assert.is_false(good)
      assert.matches("store_spec.lua:%d+: store: " .. wrong:gsub("%-", "%%-"), message)
    end
  end)

  it("is one of many", function()
    local stores = {}
    for i = 1, 50 do
      stores[i] = tidelock.store { seed = 1 }
      stores[i]:set("k", i)
    end
    for i = 1, 50 do assert.equal(tostring(i), stores[i]:get "k") end
  end)

  it("goes by the system's clock when it is given none", function()
    local s = tidelock.store()
    s:set("k", "v", "EXAT", os.time() + 100)
    local ttl = s:ttl "k"
    assert.is_true(ttl == 100 or ttl == 99)
  end)

  it("hands an error of the clock to the caller", function()
    local s = tidelock.store { clock = function() return "late" end }
    assert.has_error(function() s:get "k" end, "clock: must return a number of milliseconds")
  end)

  it("answers CLOSED once it is closed", function()
    store:close()
    store:close()
    assert.same({ nil, "CLOSED the store is closed", "CLOSED" }, { store:get "foo" })
    assert.same({ nil, "CLOSED the store is closed", "CLOSED" }, { store:call("SET", "a", 1) })
    assert.same({ nil, "CLOSED the store is closed", "CLOSED" }, { store:digest() })
    assert.same({ nil, "CLOSED the store is closed", "CLOSED" }, { store:select(1) })
    assert.equal("tidelock.Store (closed)", tostring(store))
  end)

  it("is closed at the end of a block that says so", function()
    local kept
    do
      local s <close> = tidelock.store()
      kept = s
      assert.is_true(s:set("a", 1))
    end
    assert.equal("CLOSED", (select(3, kept:get "a")))
  end)
end)
