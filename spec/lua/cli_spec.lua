-- The command line, through the launcher: what a shell sees of it.

local signal = require "posix.signal"
local tidelock = require "tidelock"

local TIDELOCK = os.getenv "TIDELOCK" or "build/tidelock"

-- output (both streams) and exit status
local function run(arguments)
  local pipe = assert(io.popen(("%s %s 2>&1; echo $?"):format(TIDELOCK, arguments)))
  local output = pipe:read "a"
  pipe:close()
  local text, status = output:match "^(.-)(%d+)\n$"
  return text, tonumber(status)
end

local function with_file(text, body)
  local path = os.tmpname()
  local file = assert(io.open(path, "w"))
  file:write(text)
  file:close()
  local results = table.pack(pcall(body, path))
  os.remove(path)
  if not results[1] then error(results[2], 0) end
  return table.unpack(results, 2, results.n)
end

-- the port and the process id that a server tells as it starts, and its last line then
local function read_start(pipe)
  local line, pid, port
  repeat
    line = assert(pipe:read "l")
    pid = pid or line:match "PID: (%d+)$"
    port = line:match "Ready to accept connections on port (%d+)$"
  until port
  return port, pid, line
end

-- a server on a free port: its start line, port, pid, and a function that reads the rest until its end
local function start(arguments)
  local pipe = assert(io.popen(("%s server --port 0 %s 2>&1; echo \"status $?\""):format(TIDELOCK, arguments or "")))
  local port, pid, line = read_start(pipe)
  return {
    line = line, port = tonumber(port), pid = tonumber(pid),
    stop = function(with) -- false: it stops by itself
      if with ~= false then signal.kill(tonumber(pid), with or signal.SIGTERM) end
      local rest = pipe:read "a"
      pipe:close()
      return rest:match "status %d+\n$"
    end,
  }
end

describe("tidelock", function()
  it("tells its version", function()
    assert.same({ "tidelock " .. tidelock.version .. "\n", 0 }, { run "--version" })
  end)

  it("helps", function()
    local text, status = run "--help"
    assert.equal(0, status)
    for _, command in ipairs { "server", "run", "backup", "restore", "check" } do
      assert.matches("\n   " .. command .. " ", text, 1, true)
    end
    text, status = run "server --help"
    assert.equal(0, status)
    assert.matches("%-%-replicaof", text)
    text, status = run ""
    assert.equal(1, status)
    assert.matches("Usage: tidelock", text)
  end)

  it("complains about what it does not know", function()
    local text, status = run "nosuch"
    assert.equal(1, status)
    assert.matches("tidelock: unknown command 'nosuch'", text)
  end)
end)

describe("tidelock run", function()
  it("gives a script its arguments and the module", function()
    with_file('print(arg[0] ~= nil, arg[1], #arg, select("#", ...), require("tidelock").version)', function(path)
      assert.same({ "true\t--a\t3\t3\t" .. tidelock.version .. "\n", 0 }, { run("run " .. path .. " --a 'b c' -h") })
    end)
  end)

  it("shows where a script failed", function()
    with_file("local function culprit() error 'broken' end\nculprit()\n", function(path)
      local text, status = run("run " .. path)
      assert.equal(1, status)
      assert.matches("^tidelock: .-:1: broken\nstack traceback:\n.*culprit", text)
    end)
    local text, status = run "run /nonexistent.lua"
    assert.equal(1, status)
    assert.matches("^tidelock: .*nonexistent.lua", text)
    text, status = run "run"
    assert.equal(1, status)
    assert.matches("missing argument 'script'", text)
  end)
end)

describe("tidelock server", function()
  it("says where it listens, serves, and stops cleanly on SIGTERM and SIGINT", function()
    for _, with in ipairs { signal.SIGTERM, signal.SIGINT } do
      local server = start()
      assert.matches("^" .. server.pid .. ":M .* %* Ready to accept connections on port %d+$", server.line)
      local world <close> = tidelock.live {}
      local client = world:client("127.0.0.1:" .. server.port, { timeout = 5000 })
      assert.is_true(client:set("foo", "bar"))
      assert.equal("bar", client:get "foo")
      assert.equal("status 0\n", server.stop(with))
    end
  end)

  it("follows another server", function()
    local primary = start "--name a"
    local replica = start("--name b --slaveof 127.0.0.1 " .. primary.port)
    local world <close> = tidelock.live {}
    local client = world:client("127.0.0.1:" .. primary.port, { timeout = 10000 })
    local reader = world:client("127.0.0.1:" .. replica.port, { timeout = 10000 })
    assert.is_true(client:set("foo", "bar"))
    assert.equal(1, client:wait(1, 10000))
    assert.equal("bar", reader:get "foo")
    assert.equal("READONLY", (select(3, reader:set("foo", "x"))))
    assert.equal("status 0\n", replica.stop())
    assert.equal("status 0\n", primary.stop())
  end)

  it("stops at SHUTDOWN", function()
    local server = start()
    local world <close> = tidelock.live {}
    local client = world:client("127.0.0.1:" .. server.port, { timeout = 10000 })
    assert.equal("CLOSED", (select(3, client:shutdown "NOSAVE")))
    assert.equal("status 0\n", server.stop(false))
  end)

  it("takes parameters from the command line and a file", function()
    with_file("maxmemory 10mb\nrepl-timeout 9\n", function(path)
      local pipe = assert(io.popen(("%s server %s --port 0 --repl-timeout 8"):format(TIDELOCK, path)))
      local port, pid = read_start(pipe)
      local world <close> = tidelock.live {}
      local client = world:client("127.0.0.1:" .. port, { timeout = 10000 })
      assert.same({ maxmemory = "10485760" }, client:config("GET", "maxmemory"))
      assert.same({ ["repl-timeout"] = "8" }, client:config("GET", "repl-timeout"))
      signal.kill(tonumber(pid), signal.SIGTERM)
      pipe:close()
    end)
  end)

  local wrong = {
    { "--nosuch 5", "tidelock: server: command line: 'nosuch \"5\"': unknown option\n" },
    { "--port x", "tidelock: server: command line: 'port \"x\"': argument couldn't be parsed into an integer\n" },
    { "--port 70000",
      "tidelock: server: command line: 'port \"70000\"': argument must be between 0 and 65535 inclusive\n" },
    { "--port 0 --maxmemory much",
      "tidelock: server: command line: 'maxmemory \"much\"': argument must be a memory value\n" },
    { "--port", "tidelock: server: command line: 'port': wrong number of arguments\n" },
    { "--port 0 --bind nowhere", "tidelock: server: 'nowhere' is not an address to listen at\n" },
    { "--port 0 --replicaof here",
      "tidelock: server: command line: 'replicaof \"here\"': wrong number of arguments\n" },
    { "/nonexistent.conf", "tidelock: server: /nonexistent.conf: No such file or directory\n" },
  }
  for _, case in ipairs(wrong) do
    it("refuses " .. case[1], function()
      assert.same({ case[2], 1 }, { run("server " .. case[1]) })
    end)
  end

  it("refuses a port that is taken, in Redis's words", function()
    local server = start()
    local text, status = run("server --port " .. server.port)
    server.stop()
    assert.equal(1, status)
    local why = ("Could not create server TCP listening socket *:%d: bind: Address already in use"):format(server.port)
    assert.equal("tidelock: server: " .. why, text:match "tidelock: [^\n]*")
    local log = text:gsub("tidelock: [^\n]*\n", ""):gsub("%d+:M [^#]*", "")
    assert.equal(("# Warning: %s\n# Failed listening on port %d (TCP), aborting.\n"):format(why, server.port), log)
  end)
end)
