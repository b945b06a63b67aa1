-- Programs whose output says what a server told them, run against a server of ours and a redis-server: redis-py's flows
-- (redis_py_flows.py) and redis-cli's modes. Both servers are told the same and tell the same. (Node's: node_spec.lua.)

local support = require "spec.server.support"

describe("two servers tell the same", function()
  local servers = support.servers()
  local ours, theirs

  setup(function() ours, theirs = servers:start(), servers:redis() end)
  teardown(function() servers:stop_all() end)

  it("a Python program on redis-py", function()
    local function transcript(server)
      local output = support.run { "/usr/bin/python3", support.path "spec/server/redis_py_flows.py", server.port }
      assert.matches("\nok\n$", output)
      return output
    end
    support.same_lines(transcript(theirs), transcript(ours))
  end)

  describe("redis-cli:", function()
    -- both servers hold the same
    setup(function()
      local commands = { { "FLUSHALL" }, { "SET", "text", ("x"):rep(5000) }, { "SET", "number", 5 } }
      local function add(...) commands[#commands + 1] = { ... } end
      for i = 1, 300 do
        add("RPUSH", "list", i)
        add("SADD", "set", "m" .. i)
        add("ZADD", "zset", i, "m" .. i)
        add("HSET", "hash", "f" .. i, i)
        add("XADD", "stream", i .. "-1", "f", i)
        add("SET", "small:" .. i, i)
      end
      for _, server in ipairs { ours, theirs } do server:pipeline(commands) end
    end)

    -- what it prints, at both; `pick` leaves out what is not the server's to say
    local function same(arguments, pick)
      pick = pick or function(output) return output end
      local output, status = ours:cli(arguments)
      local expected, expected_status = theirs:cli(arguments)
      assert.equal(expected_status, status)
      support.same_lines(pick(expected), pick(output))
      return output
    end

    -- the lines that match, sorted: SCAN's order is each server's own
    local function lines(...)
      local patterns = { ... }
      return function(output)
        local found = {}
        for line in output:gmatch "[^\n]+" do
          for _, pattern in ipairs(patterns) do
            if line:find(pattern) then found[#found + 1] = line break end
          end
        end
        assert.is_true(#found > 0, output)
        table.sort(found)
        return table.concat(found, "\n")
      end
    end

    it("--bigkeys", function()
      local output = same({ "--bigkeys" }, lines("^Sampled", "^Biggest", "^Total", "^%d+ %a+ with"))
      assert.matches("Biggest +stream found '\"stream\"' has 300 entries", output)
    end)

    it("--memkeys finds the same largest keys", function()
      local function keys(output)
        local found = {}
        for kind, key in output:gmatch "Biggest +(%a+) found '\"(.-)\"' has %d+ bytes" do
          found[#found + 1] = kind .. " " .. key
        end
        table.sort(found)
        return table.concat(found, "\n")
      end
      assert.matches("zset zset", keys(same({ "--memkeys" }, keys)))
      assert.matches("hash hash", keys(same({ "--memkeys-samples", 0 }, keys)))
    end)

    it("--hotkeys, where a policy counts accesses", function()
      same({ "--hotkeys" }, lines "^Error")
      for _, server in ipairs { ours, theirs } do
        server:call("CONFIG", "SET", "maxmemory-policy", "allkeys-lfu")
        for _ = 1, 400 do server:call("GET", "text") end
      end
      local function hottest(output) return output:match "hot key found with counter: %d+%s+keyname: (%S+)" end
      assert.matches("text", hottest(same({ "--hotkeys" }, hottest)))
      for _, server in ipairs { ours, theirs } do server:call("CONFIG", "SET", "maxmemory-policy", "noeviction") end
    end)

    it("--scan, with a pattern and a type", function()
      same({ "--scan" }, lines "")
      same({ "--scan", "--pattern", "small:1*" }, lines "")
      same({ "--scan", "--count", 7, "--quoted-pattern", "\"s\\x74*\"" }, lines "")
    end)

    it("--latency, once", function()
      for _, format in ipairs { "--raw", "--csv" } do
        local output, status = ours:cli { "--latency", format, "-i", 0.05 }
        assert.equal(0, status)
        assert.matches("^%d+[ ,]%d+[ ,][%d.]+[ ,]%d+", output)
      end
    end)

    it("shows replies in each of its formats", function()
      local commands = "HGETALL h\nMGET number none\nZRANGE z 0 -1 WITHSCORES\nSMEMBERS one\nGET bytes\nINCR text\n"
        .. "XRANGE stream 1 1\nOBJECT HELP\nLPOS list 3\nCLIENT GETNAME\nCONFIG GET databases\n"
      for _, server in ipairs { ours, theirs } do
        server:pipeline { { "HSET", "h", "f", "v" }, { "ZADD", "z", 1.5, "a", "inf", "b" }, { "SADD", "one", "m" },
          { "SET", "bytes", "\0\n\"\255" } }
      end
      for _, format in ipairs { "--raw", "--no-raw", "--csv", "--json" } do
        for _, protocol in ipairs { "-2", "-3" } do
          if format ~= "--json" or protocol == "-3" then same { protocol, format, stdin = commands } end
        end
      end
    end)

    it("takes arguments from stdin, in quotes, and a database", function()
      same { "-x", "SET", "from stdin", stdin = "a\0b\n" }
      same { "-X", "tag", "MSET", "k1", "v1", "k2", "tag", stdin = "tagged" }
      same { "--quoted-input", "SET", "\"q\\x00\"", "\"\\r\\n\"" }
      same { "-n", 3, "SET", "in 3", 1 }
      same { "-n", 3, "--raw", "KEYS", "*" }
      same { "-n", 99, "PING" }
      same { "-e", "INCR", "text" }
      assert.same({ "a\0b\n", "tagged", "\r\n" }, (ours:call("MGET", "from stdin", "k2", "q\0")))
    end)

    it("goes through transactions and reads pushes", function()
      same { "-3", "--no-raw",
        stdin = "MULTI\nINCR n\nLPUSH n 1\nEXEC\nMULTI\nNOSUCH\nEXEC\nWATCH n\nDISCARD\nRESET\n" }
    end)
  end)
end)
