-- Pub/sub as a script sees it: a client subscribes and receives, in simulated and live worlds.

local tidelock = require "tidelock"
local fake_server = require "spec.lua.fake_server"

for _, kind in ipairs { "sim", "live" } do
  describe("pub/sub in a " .. kind .. " world:", function()
    local world, a, b, client

    before_each(function()
      world = tidelock[kind] {}
      a = world:node { name = "a" }
      b = world:node { name = "b", replicaof = a }
      a:set("k", "v")
      assert.equal(1, a:wait(1, 5000))
      client = world:client(b)
    end)

    after_each(function() world:close() end)

    it("messages published at the primary reach subscribers of the replica", function()
      assert.equal(2, client:subscribe("news", "sport"))
      assert.equal(3, client:psubscribe "n*")
      a:publish("news", "hello")
      a:publish("sport", "2:1")
      assert.same({ "hello", "news" }, { client:receive(5000) })
      assert.same({ "hello", "news", "n*" }, { client:receive(5000) })
      assert.same({ "2:1", "sport" }, { client:receive(5000) })
      assert.same({ nil, "TIMEOUT no message", "TIMEOUT" }, { client:receive(0) })
      assert.equal(1, client:unsubscribe())
      assert.equal(0, client:punsubscribe "n*")
      assert.equal(0, client:unsubscribe "none")
      assert.equal("PONG", client:ping())
    end)

    it("shard channels are counted apart", function()
      assert.equal(1, client:subscribe "c")
      assert.equal(2, client:ssubscribe("s", "t"))
      a:spublish("s", "x")
      assert.same({ "x", "s" }, { client:receive(5000) })
      assert.equal(0, client:sunsubscribe())
      assert.equal(1, client:subscribe "c")
    end)

    it("a task receives what others publish", function()
      local got = {}
      client:subscribe "c"
      local listener = world:go(function()
        for text, channel in client:messages(200) do got[#got + 1] = channel .. "=" .. text end
      end)
      local speaker = world:client(a)
      world:go(function()
        for i = 1, 5 do
          speaker:publish("c", i)
          world:sleep(1)
        end
      end)
      listener:join()
      assert.same({ "c=1", "c=2", "c=3", "c=4", "c=5" }, got)
    end)

    it("a request and a message do not wait for each other", function()
      client:subscribe "c"
      local receiver = world:go(function() return client:receive() end)
      world:sleep(1)
      assert.equal("v", client:get "k")
      a:publish("c", "late")
      assert.equal("late", (receiver:join()))
    end)

    it("subscriptions end with the connection", function()
      client:subscribe "c"
      local receiver = world:go(function() return client:receive() end)
      world:sleep(1)
      b:crash()
      assert.equal("CLOSED", select(3, receiver:join()))
      assert.equal("CLOSED", select(3, client:receive(10)))
      b:restart()
      assert.equal(1, client:subscribe "c")
      assert.equal(1, b:publish("c", "again"))
      assert.equal("again", (client:receive(5000)))
    end)

    it("what was received before the end of the connection can still be had", function()
      client:subscribe "c"
      b:publish("c", "last")
      client:ping()
      b:crash()
      client:ping()
      assert.equal("last", (client:receive(5000)))
      assert.equal("CLOSED", select(3, client:receive(5000)))
    end)

    it("a pipeline may subscribe", function()
      local replies = client:pipeline(function(p)
        p:get "k"
        p:subscribe("x", "y", "z")
        p:ping()
        p:unsubscribe()
        p:ping "end"
      end)
      assert.same({ "v", 3, "PONG", 0, "end" }, replies)
    end)

    it("misuse raises", function()
      assert.has_error(function() client:receive(-1) end)
      assert.has_error(function() client:receive "soon" end)
      assert.equal("ERR", select(3, client:subscribe()))
      assert.matches("isn't allowed", (select(2, a:subscribe "c")))
    end)
  end)
end

describe("a client of a server without RESP3", function()
  it("tells messages from replies all the same", function()
    local world = tidelock.live {}
    local function array(...)
      local words = {}
      for i, word in ipairs { ... } do
        words[i] = type(word) == "number" and (":%d\r\n"):format(word) or ("$%d\r\n%s\r\n"):format(#word, word)
      end
      return ("*%d\r\n"):format(#words) .. table.concat(words)
    end
    local client = world:client(fake_server.start(world, {
      "-ERR unknown command 'HELLO'\r\n",
      array("message", "of", "a list"),
      array("subscribe", "a", 1) .. array("message", "a", "first") .. array("subscribe", "b", 2),
      array("message", "b", "second") .. array("unsubscribe", "a", 1) .. array("unsubscribe", "b", 0),
      array("message", "of", "a list"),
    }))
    assert.same({ "message", "of", "a list" }, client:lrange("l", 0, -1))
    assert.equal(2, client:subscribe("a", "b"))
    assert.equal(0, client:unsubscribe())
    assert.same({ "message", "of", "a list" }, client:lrange("l", 0, -1))
    assert.same({ "first", "a" }, { client:receive(0) })
    assert.same({ "second", "b" }, { client:receive(0) })
    assert.equal("TIMEOUT", select(3, client:receive(0)))
    world:close()
  end)
end)
