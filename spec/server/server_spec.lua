-- The command line: `tidelock server` from its options to its end, `tidelock run`, and the limits a server is given.

local support = require "spec.server.support"

local signal = require "posix.signal"

describe("tidelock", function()
  local servers = support.servers()

  after_each(function() servers:stop_all() end)

  -- a file with this text, removed after the test
  local function file_with(text)
    local name = os.tmpname()
    local file <close> = assert(io.open(name, "wb"))
    file:write(text)
    finally(function() os.remove(name) end)
    return name
  end

  -- runs the command line to its end
  local function tidelock(...)
    return support.run { support.launcher(), ... }
  end

  -- a command line that must fail with one line that says why
  local function refused(pattern, ...)
    local output, status = tidelock(...)
    assert.equal(1, status, output)
    assert.matches(pattern, output)
    assert.equal(1, select(2, output:gsub("\n", "")), output)
    assert.is_nil(output:find("traceback", 1, true), output)
  end

  describe("server", function()
    it("finds a free port when told 0, and says which", function()
      local one, other = servers:start(), servers:start()
      assert.not_equal(one.port, other.port)
      assert.matches(("\n%d:M [^\n]* # Running mode=standalone, port=%d, PID: %d\n"):format(one.pid, one.port, one.pid),
        one:log())
      assert.matches(("\n%d:M %%d%%d %%a%%a%%a %%d+ [%%d:]+%%.%%d%%d%%d %%* Ready to accept connections on port %d\n$")
        :format(one.pid, one.port), one:log())
      assert.equal(one.port, one:info("server").tcp_port)
      assert.same({ "port", tostring(one.port) }, one:call("CONFIG", "GET", "port"))
      assert.equal(one.pid, one:info("server").process_id)
      local cpu = one:info "cpu"
      assert.is_true(cpu.used_cpu_user + cpu.used_cpu_sys >= cpu.used_cpu_user_main_thread and cpu.used_cpu_sys >= 0)
      assert.is_true(one:info("memory").used_memory_rss > 100000)
    end)

    it("reads a configuration file, and the command line after it", function()
      local config = file_with(table.concat({
        "# a comment", "", "port 0", "  maxclients   123 ", "requirepass \"se\\x63ret\"", "timeout 77",
        "client-output-buffer-limit replica 1mb 512kb 10", "slave-priority 7", "repl-backlog-size 2mb",
        "cluster-enabled no", "cluster-config-file nodes.conf", "cluster-node-timeout 30000",
      }, "\n"))
      local server = servers:spawn { support.launcher(), "server", config, "--timeout", 55, "--bind", "127.0.0.1" }
      support.eventually("it says its port", function()
        server.port = tonumber(server:log():match "on port (%d+)")
        return server.port, server:log()
      end)
      assert.matches("NOAUTH", select(2, server:call("PING")))
      assert.equal("OK", server:call("AUTH", "secret"))
      for name, value in pairs { maxclients = "123", timeout = "55", ["replica-priority"] = "7",
        ["repl-backlog-size"] = "2097152", ["cluster-node-timeout"] = "30000" } do
        assert.same({ name, value }, server:call("CONFIG", "GET", name))
      end
      assert.matches("slave 1048576 524288 10", server:call("CONFIG", "GET", "client-output-buffer-limit")[2])
    end)

    it("says which Redis it serves as, to tools that ask before they start it", function()
      for _, flag in ipairs { "--version", "-v" } do
        local output, status = support.run { support.launcher(), "server", flag }
        assert.matches("^Redis server v=7%.0%.%d+ sha=%x+:%d malloc=%S+ bits=64 build=tidelock%-%S+\n$", output)
        assert.equal(0, status)
      end
    end)

    it("takes a configuration from stdin", function()
      local output, status = support.run { support.launcher(), "server", "-", stdin = "port 0\nnosuch 1\n" }
      assert.equal(1, status)
      assert.matches("%-:2: 'nosuch 1': unknown option\n$", output)
    end)

    it("says what it cannot do, and ends with 1", function()
      refused("'nosuch \"1\"': unknown option", "server", "--port", 0, "--nosuch", "1")
      refused("command line: 'port \"x\"': argument couldn't be parsed into an integer", "server", "--port", "x")
      refused("'port \"70000\"'.*", "server", "--port", 70000)
      refused("'port': wrong number of arguments", "server", "--port")
      refused("'maxclients \"many\"': .*", "server", "--port", 0, "--maxclients", "many")
      refused("'replica%-read%-only \"perhaps\"': .*yes.*no", "server", "--port", 0, "--replica-read-only", "perhaps")
      refused("'replicaof \"there\" \"x\"': Invalid master port", "server", "--port", 0, "--replicaof", "there", "x")
      refused("nosuch.conf: No such file", "server", "/nosuch.conf")
      local config = file_with "port 0\nmaxclients 5 \"open\n"
      refused(":2: unbalanced quotes", "server", config)
      config = file_with "port 0\n\nmaxclients many\n"
      refused(":3: 'maxclients many': argument couldn't be parsed into an integer", "server", config)
      refused(":1: 'cluster%-enabled yes': this server supports only 'no'", "server", file_with "cluster-enabled yes\n")
      refused(":1: 'rename%-command NOSUCH .*': No such command in rename%-command", "server",
        file_with 'rename-command NOSUCH ""\n')
      refused(":1: 'loadmodule /x.so': there are no modules here", "server", file_with "loadmodule /x.so\n")
      refused(":1: 'port': wrong number of arguments", "server", file_with "port\n")
      refused("'stray': wrong number of arguments", "server", file_with "port 0\n", "stray")
    end)

    it("says that a port is taken, or an address is not ours", function()
      local server = servers:start()
      for why, words in pairs {
        [("*:%d: bind: Address already in use"):format(server.port)] = { "--port", server.port },
        ["203.0.113.1:0: bind: Cannot assign requested address"] = { "--port", 0, "--bind", "203.0.113.1" },
      } do
        local output, status = tidelock("server", table.unpack(words))
        assert.equal(1, status)
        why = "Could not create server TCP listening socket " .. why
        assert.equal(("M # Warning: %s\nM # Failed listening on port %d (TCP), aborting.\ntidelock: server: %s\n")
          :format(why, words[2], why), (output:gsub("%d+:M [^#]*", "M ")))
      end
      assert.equal("PONG", server:call "PING")
    end)

    for name, number in pairs { SIGTERM = signal.SIGTERM, SIGINT = signal.SIGINT } do
      it("ends in order at " .. name, function()
        local server = servers:start()
        local replica = servers:start { replicaof = server }
        replica:in_step_with(server)
        local idle, waiting = server:connect(), server:connect()
        assert.equal("PONG", idle:call "PING")
        -- what was answered is in step, what waits is let go
        assert.equal("OK", waiting:call("SET", "a", 1))
        assert.equal(1, waiting:call("WAIT", 1, 5000))
        waiting:send(support.resp.encode("WAIT", 5, 0))
        server:signal(number)
        assert.same({ "exited", 0 }, { server:await_end() })
        assert.equal("", idle:rest())
        assert.equal("", waiting:rest())
        idle:close()
        waiting:close()
        assert.is_nil((support.resp.connect(server.port)))
        assert.equal("1", replica:call("GET", "a"))
        -- its port is free at once
        server:restart()
        assert.equal(0, server:call "DBSIZE")
      end)
    end

    it("ends by SHUTDOWN", function()
      for _, command in ipairs { { "SHUTDOWN", "NOSAVE" }, { "SHUTDOWN" }, { "SHUTDOWN", "NOSAVE", "NOW", "FORCE" } } do
        local server = servers:start()
        local client = server:connect()
        client:send(support.resp.encode(table.unpack(command)))
        assert.equal("", client:rest())
        client:close()
        assert.same({ "exited", 0 }, { server:await_end() })
      end
      local server = servers:start()
      assert.equal("", (server:cli { "SHUTDOWN", "NOSAVE" }))
      assert.same({ "exited", 0 }, { server:await_end() })
    end)

    it("follows a primary that is not there yet", function()
      local primary = servers:start()
      primary:stop()
      local replica = servers:start { replicaof = primary }
      assert.equal("down", replica:info("replication").master_link_status)
      primary:restart()
      primary:call("SET", "a", 1)
      replica:in_step_with(primary)
      assert.equal("1", replica:call("GET", "a"))
    end)

    it("says once why it does not follow a primary, and what a start has cut off", function()
      local primary = servers:start()
      local replica = servers:start { replicaof = primary, "--appendonly", "yes", "--repl-retry-max-ms", 50 }
      primary:call("SET", "a", 1)
      replica:in_step_with(primary)
      primary:signal(signal.SIGKILL)
      primary:await_end()
      primary:restart() -- without its data
      local told = " # replication: the primary has lost its data: 0 keys at offset %d+, here 1 at %d+ [^\n]*\n"
      support.eventually("it says so", function() return replica:log():find(told), replica:log() end)
      support.eventually("it has asked again", function()
        return replica:info("stats").repl_full_syncs_refused > 3
      end)
      assert.equal(1, select(2, replica:log():gsub(told, "")))
      replica:signal(signal.SIGKILL)
      replica:await_end()
      local journal = io.popen(("ls '%s'/appendonlydir/*.incr.aof"):format(replica.directory))
      local file <close> = assert(io.open(journal:read "l", "ab"))
      journal:close()
      file:write "#TL:F 100 "
      file:flush()
      replica:restart()
      support.eventually("it says so", function()
        return replica:log():find " # the end of the journal was cut off: [^\n]*incr.aof: at offset", replica:log()
      end)
    end)

    it("serves as many databases as it is told", function()
      local server = servers:start { "--databases", 3 }
      assert.equal("OK", server:call("SELECT", 2))
      assert.matches("out of range", select(2, server:call("SELECT", 3)))
    end)
  end)

  describe("limits of a server:", function()
    it("maxclients", function()
      local server = servers:start { "--maxclients", 3 }
      local clients = {}
      for i = 1, 3 do
        clients[i] = server:connect()
        -- the one that asked whether the server is up may not be gone yet
        support.eventually("a place", function()
          if clients[i]:call "PING" == "PONG" then return true end
          clients[i]:close()
          clients[i] = server:connect()
        end)
      end
      local surplus = server:connect()
      assert.equal("-ERR max number of clients reached\r\n", surplus:rest())
      surplus:close()
      clients[1]:close()
      support.eventually("a place is free", function()
        local client = server:connect()
        local reply = client:call "PING"
        client:close()
        return reply == "PONG"
      end)
      assert.is_true(tonumber(clients[2]:call("INFO", "stats"):match "rejected_connections:(%d+)") >= 1)
      for i = 2, 3 do clients[i]:close() end
    end)

    it("requirepass", function()
      local server = servers:start { "--requirepass", "secret" }
      assert.matches("^NOAUTH", select(2, server:call("GET", "a")))
      assert.matches("^WRONGPASS", select(2, server:call("AUTH", "wrong")))
      assert.equal("OK", server:call("AUTH", "secret"))
      assert.equal("OK", server:call("SET", "a", 1))
      assert.equal("1\n", (server:cli { "-a", "secret", "--no-auth-warning", "GET", "a" }))
      local client = server:connect()
      assert.equal(3, client:call("HELLO", 3, "AUTH", "default", "secret").proto)
      client:close()
    end)

    it("timeout: who says nothing is let go, who waits is not", function()
      local server = servers:start { "--timeout", 1 }
      local replica = servers:start { replicaof = server }
      replica:in_step_with(server)
      local idle, waiting = server:connect(), server:connect()
      waiting:send(support.resp.encode("WAIT", 2, 2500))
      local begin = support.now_ms()
      assert.equal("", idle:rest())
      local took_ms = support.now_ms() - begin
      assert.is_true(took_ms >= 900, took_ms)
      assert.equal(1, waiting:receive())
      idle:close()
      waiting:close()
      local client = server:connect()
      assert.matches("connected_slaves:1", client:call("INFO", "replication"))
      client:close()
    end)

    it("repl-timeout: a primary that has stopped is given up, and found again", function()
      local primary = servers:start { "--repl-ping-replica-period", 1 }
      local replica = servers:start { replicaof = primary, "--repl-timeout", 2 }
      replica:in_step_with(primary)
      primary:freeze()
      support.eventually("it is given up", function()
        return replica:info("replication").master_link_status == "down"
      end)
      primary:thaw()
      replica:in_step_with(primary)
      assert.equal(1, primary:info("stats").sync_partial_ok)
    end)

    it("client-query-buffer-limit and proto-max-bulk-len", function()
      local server = servers:start { "--client-query-buffer-limit", "1mb", "--proto-max-bulk-len", "1mb" }
      local client = server:connect()
      client:send("*2\r\n$4\r\nECHO\r\n$1048577\r\n")
      assert.equal("-ERR Protocol error: invalid bulk length\r\n", client:rest())
      client:close()
      client = server:connect()
      pcall(client.send, client, "*3\r\n" .. ("$900000\r\n" .. ("x"):rep(900000) .. "\r\n"):rep(2))
      assert.equal("", client:rest())
      client:close()
      assert.equal("PONG", server:call "PING")
    end)
  end)

  describe("run", function()
    it("runs a script with its arguments", function()
      local script = file_with [[
        local tidelock = require "tidelock"
        local s = tidelock.store()
        s:set("foo", arg[1])
        print(s:get "foo", select("#", ...), arg[0], arg[2])
      ]]
      local output, status = tidelock("run", script, "bar", "--port")
      assert.equal(("bar\t2\t%s\t--port\n"):format(script), output)
      assert.equal(0, status)
    end)

    it("says what is wrong with a script, and where", function()
      refused("nosuch.lua", "run", "/nosuch.lua")
      refused(":2: .*'then' expected", "run", file_with "local a\nif a do end\n")
      local output, status = tidelock("run", file_with "\nerror 'on purpose'\n")
      assert.equal(1, status)
      assert.matches("^tidelock: .*:2: on purpose\nstack traceback:\n", output)
    end)

    it("leaves the exit status to the script", function()
      local _, status = tidelock("run", file_with "os.exit(7)\n")
      assert.equal(7, status)
    end)
  end)

  it("says what it is and how it is used", function()
    local output, status = tidelock "--version"
    assert.matches("^tidelock %d+%.%d+%.%d+\n$", output)
    assert.equal(0, status)
    for _, words in ipairs { { "--help" }, { "server", "--help" }, { "run", "--help" } } do
      output, status = tidelock(table.unpack(words))
      assert.matches("^Usage: tidelock", output)
      assert.equal(0, status)
    end
    output, status = tidelock "nosuch"
    assert.matches("nosuch", output)
    assert.equal(1, status)
  end)
end)
