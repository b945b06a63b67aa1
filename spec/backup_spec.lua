-- Backups: node:backup in every world, `tidelock backup` of our servers and Redis's, `tidelock check` of files as they
-- were written and as they have become since.

local check = require("tidelock.backup_check").check
local fake_server = require "spec.lua.fake_server"
local files = require "spec.files"
local remote = require "tidelock.remote"
local support = require "spec.server.support"
local tidelock = require "tidelock"

local lfs = require "lfs"

local directory

local function path(name)
  return directory .. "/" .. name
end

-- text that does not pack
local function noise(world, size)
  local words = {}
  for i = 1, size // 6 do words[i] = string.pack("<I6", world:random(0, (1 << 48) - 1)) end
  return table.concat(words)
end

before_each(function()
  directory = files.directory()
end)

after_each(function()
  files.remove(directory)
end)

describe("node:backup", function()
  local WORLDS = {
    sim = function() return tidelock.sim { seed = 21 } end,
    live = function() return tidelock.live {} end,
  }
  for name, make in pairs(WORLDS) do
    it("is of one moment, and restores to the same digest: " .. name, function()
      local world <close> = make()
      local a = assert(world:node { name = "a" })
      files.fill(a, 3000)
      local want, state = a:digest(), a:state()
      local seen = {}
      local function progress(done, total) seen[#seen + 1] = done / total end
      local made = assert(a:backup(path "b.rdb", { progress = progress }))
      assert.same({ "b.rdb" }, files.names(directory))
      assert.equal(state.replid, made.replid)
      assert.equal(state.offset, made.offset)
      assert.equal(3006, made.keys)
      assert.equal(lfs.attributes(path "b.rdb", "size"), made.bytes)
      assert.equal(1, seen[#seen])
      local report = check(path "b.rdb")
      assert.is_true(report.good)
      assert.equal("backup", report.kind)
      assert.equal(want, report.digest)
      assert.equal(state.replid, report.replid)
      assert.equal(state.offset, report.offset)
      assert.same({ { db = 0, keys = 3006, expires = 1,
        types = { string = 3001, list = 1, set = 1, zset = 1, hash = 1, stream = 1 } } }, report.databases)
    end)
  end

  it("is of the moment it was asked for, whatever is written meanwhile", function()
    local world <close> = tidelock.sim { seed = 22 }
    local a = world:node { name = "a" }
    for i = 1, 2000 do a:set("key:" .. i, noise(world, 300)) end
    local want, offset, writes = a:digest(), a:state().offset, 0
    local over = false
    local made
    world:go(function()
      made = assert(a:backup(path "b.rdb"))
      over = true
    end)
    world:go(function()
      while not over do
        writes = writes + 1
        a:set("key:" .. writes * 7 % 3000, "changed")
        world:sleep(0)
      end
    end)
    world:run()
    assert.is_true(writes > 3)
    assert.equal(offset, made.offset)
    assert.not_equal(want, a:digest())
    assert.equal(want, check(path "b.rdb").digest)
  end)

  it("waits for a snapshot that is under way, and lets one begin that waits for it", function()
    local world <close> = tidelock.sim { seed = 23 }
    local a = world:node { name = "a" }
    for i = 1, 2000 do a:set("key:" .. i, noise(world, 300)) end
    world:disks { sync_latency = 50 }
    assert(a:bgsave())
    world:sleep(1)
    assert(a:backup(path "b.rdb"))
    assert.is_true(check(path "b.rdb").good)
    local saved = a:info("persistence").rdb_saves
    assert(a:backup(path "c.rdb", { progress = function(done)
      if done < 2000 and saved then assert(a:bgsave()) end
      saved = false
    end }))
    assert.is_truthy(world:await(function() return a:info("persistence").rdb_saves == 2 end))
  end)

  it("that fails leaves nothing, and what was there stays", function()
    local world <close> = tidelock.sim { seed = 24 }
    local a = world:node { name = "a" }
    for i = 1, 2000 do a:set("key:" .. i, noise(world, 300)) end
    files.write(path "b.rdb", "precious")
    local done, message, code
    world:go(function()
      done, message, code = a:backup(path "b.rdb", { progress = function() a:crash() end })
    end)
    world:run()
    assert.is_nil(done)
    assert.equal("CLOSED", code)
    assert.matches("down", message)
    assert.same({ "b.rdb" }, files.names(directory))
    assert.equal("precious", files.read(path "b.rdb"))
    a:restart()
    world:await(function() return a:ping() end)
    done, message = a:backup(path "none/b.rdb")
    assert.is_nil(done)
    assert.matches("No such file", message)
    local function broken() error("no more", 0) end
    assert.has_error(function() a:backup(path "e.rdb", { progress = broken }) end, "no more")
    assert.same({ "b.rdb" }, files.names(directory))
    assert(a:backup(path "b.rdb"))
    assert.has_error(function() a:backup() end, "backup: path: string expected, got nil")
    assert.has_error(function() a:backup("x", { when = 1 }) end, "backup: unknown option 'when'")
  end)

  it("of a replica whose data is replaced meanwhile is given up", function()
    local world <close> = tidelock.sim { seed = 25 }
    local a, b = world:node { name = "a" }, world:node { name = "b" }
    files.fill(a, 10)
    for i = 1, 2000 do b:set("key:" .. i, noise(world, 300)) end
    local done, message
    world:go(function()
      done, message = b:backup(path "b.rdb", { progress = function()
        if b:is_primary() then b:replicaof(a) end
        world:sleep(500)
      end })
    end)
    world:run()
    assert.is_nil(done)
    assert.matches("replaced", message)
    assert.same({}, files.names(directory))
  end)

  -- what a server that breaks off, or is none, makes of a backup
  it("of a server that does not do as it should fails, and leaves nothing", function()
    local GONE = "closed the connection"
    local id = ("a"):rep(40)
    local full = ("+FULLRESYNC %s 7\r\n"):format(id)
    local empty = "REDIS0010\xff" .. ("\0"):rep(8)
    local mark = ("m"):rep(40)
    local cases = {
      { {}, GONE },
      { { "+OK\r\n" }, GONE },
      { { "-ERR what\r\n", "-ERR what\r\n" }, GONE },
      { { "+OK\r\n", "+OK\r\n" }, GONE },
      { { "HTTP/1.1 400 no\r\n", "x\r\n", "x\r\n" }, "to PSYNC it says" },
      { { "-NOAUTH log in\r\n" }, "NOAUTH 127.0.0.1:" },
      { { "+OK\r\n", "+OK\r\n", "-ERR unknown command 'PSYNC'\r\n" }, "unknown command 'PSYNC'" },
      { { "+OK\r\n", "+OK\r\n", full }, GONE },
      { { "+OK\r\n", "+OK\r\n", full .. "nonsense\r\n" }, "data should follow, but it says 'nonsense'" },
      { { "+OK\r\n", "+OK\r\n", full .. "\n\n$18\r\n" .. empty:sub(1, 10) }, GONE },
      { { "+OK\r\n", "+OK\r\n", full .. "$12\r\n" .. empty:sub(1, 12) }, "end before their end mark" },
      { { "+OK\r\n", "+OK\r\n", full .. "$18\r\n" .. empty:sub(1, -2) .. "x" }, "checksum is not theirs" },
      { { "+OK\r\n", "+OK\r\n", full .. "$EOF:" .. mark .. "\r\n" .. empty .. mark:sub(2) }, GONE },
      { { "+OK\r\n", "-ERR capa\r\n", full .. "$EOF:" .. mark .. "\r\n" .. empty .. mark } },
      { { "+OK\r\n", "+OK\r\n", full .. "\n$18\r\n" .. empty .. "*1\r\n$4\r\nPING\r\n" } },
    }
    for i, case in ipairs(cases) do
      local world <close> = tidelock.live {}
      local port = math.tointeger(fake_server.start(world, case[1]):match ":(%d+)$")
      local node = setmetatable({ host = "127.0.0.1", port = port, world = world, control = {} },
        { __index = remote.Node })
      local made, message = node:backup(path "b.rdb", { timeout = 20000 })
      if case[2] then
        assert.is_nil(made, i)
        message = message:gsub("Connection reset by peer", GONE):gsub("Broken pipe", GONE)
        assert.matches(case[2], message, 1, true)
        assert.same({}, files.names(directory))
      else
        assert(made, message)
        assert.same({ id, 7 }, { made.replid, made.offset })
        assert.is_true(check(path "b.rdb").good)
        os.remove(path "b.rdb")
      end
    end
  end)

  it("of a process is what its replica would get", function()
    local world <close> = tidelock.processes {}
    local a = assert(world:node { name = "a" })
    files.fill(a, 500)
    local made = assert(a:backup(path "b.rdb"))
    local report = check(path "b.rdb")
    assert.is_true(report.good)
    assert.equal(506, report.keys)
    assert.equal(made.replid, report.replid)
    assert.equal(a:digest():sub(1, 32), report.digest)
  end)
end)

describe("tidelock backup", function()
  local servers

  before_each(function() servers = support.servers() end)
  after_each(function() servers:stop_all() end)

  local function tidelock_command(...)
    return support.run { support.launcher(), ... }
  end

  it("of our server", function()
    local a = servers:start()
    files.fill(a, 200)
    local output, status = tidelock_command("backup", "127.0.0.1:" .. a.port, path "b.rdb", "--progress")
    assert.equal(0, status)
    assert.matches("backup .- B, ", output)
    assert.matches("b%.rdb: %d+ bytes, history %x+, offset %d+, verified\n$", output)
    assert.same({ "b.rdb" }, files.names(directory))
    output, status = tidelock_command("check", path "b.rdb")
    assert.equal(0, status)
    assert.matches("digest " .. a:call("DEBUG", "DIGEST"):sub(1, 32), output)
    assert.matches("db0: 206 keys %(hash 1, list 1, set 1, stream 1, string 201, zset 1%), 1 expire\n", output)
  end)

  it("of a redis-server, with a payload of known and of unknown size, and with a password", function()
    for _, diskless in ipairs { "yes", "no" } do
      local r = servers:redis { "--repl-diskless-sync", diskless, "--repl-diskless-sync-delay", 0,
        "--enable-debug-command", "yes", "--save", "" }
      files.fill(r, 200)
      local want = r:call("DEBUG", "DIGEST")
      r:call("CONFIG", "SET", "requirepass", "secret")
      local output, status = tidelock_command("backup", "127.0.0.1:" .. r.port, path "r.rdb")
      assert.equal(1, status)
      assert.matches("NOAUTH", output)
      assert.same({}, files.names(directory))
      output, status = tidelock_command("backup", "127.0.0.1:" .. r.port, path "r.rdb", "--password", "secret")
      assert.equal(0, status, output)
      assert.is_true(check(path "r.rdb").good)
      -- and redis-server has the same from it
      assert(os.rename(path "r.rdb", path "dump.rdb"))
      local again = servers:redis { "--dir", directory, "--enable-debug-command", "yes", "--save", "" }
      assert.equal(want, again:call("DEBUG", "DIGEST"))
      again:stop()
      os.remove(path "dump.rdb")
    end
  end)

  it("says what goes wrong, and leaves nothing", function()
    local function fails(pattern, ...)
      local output, status = tidelock_command("backup", ...)
      assert.equal(1, status)
      assert.matches(pattern, output)
      assert.same({}, files.names(directory))
    end
    fails("Connection refused", "127.0.0.1:1", path "b.rdb")
    fails("HOST:PORT expected, got '127.0.0.1'", "127.0.0.1", path "b.rdb")
    local a = servers:start()
    fails("No such file", "127.0.0.1:" .. a.port, path "none/b.rdb")
    local replica = servers:start { replicaof = a }
    a:freeze()
    replica:call("REPLICAOF", "127.0.0.1", "1")
    fails("NOMASTERLINK", "127.0.0.1:" .. replica.port, path "b.rdb")
    fails("nothing came for 50 ms", "127.0.0.1:" .. a.port, path "b.rdb", "--timeout", "50")
    a:thaw()
  end)
end)

describe("tidelock check", function()
  -- Every byte of a small one, each changed in several ways.
  it("finds any byte that has changed", function()
    local world <close> = tidelock.sim { seed = 26 }
    local a = world:node { name = "a" }
    files.fill(a, 2)
    assert(a:backup(path "b.rdb"))
    local text = files.read(path "b.rdb")
    local missed = {}
    for at = 1, #text do
      local was = text:byte(at)
      for _, now in ipairs { was ~ 1, was ~ 0x80, was ~ 0xff, 0 } do
        if now ~= was then
          files.write(path "d.rdb", text:sub(1, at - 1) .. string.char(now) .. text:sub(at + 1))
          local report = check(path "d.rdb")
          if report.good or not report.problem then missed[#missed + 1] = at end
        end
      end
    end
    assert.same({}, missed)
  end)

  it("finds them in a larger one, by seed, and says where", function()
    local world <close> = tidelock.sim { seed = 27 }
    local a = world:node { name = "a" }
    for i = 1, 3000 do a:set("key:" .. i, noise(world, 300)) end
    assert(a:backup(path "b.rdb"))
    local text = files.read(path "b.rdb")
    assert.is_true(#text > 10 * 65536)
    for _ = 1, 60 do
      local at = world:random(1, #text)
      local byte = text:byte(at) ~ world:random(1, 255)
      files.write(path "d.rdb", text:sub(1, at - 1) .. string.char(byte) .. text:sub(at + 1))
      local report = check(path "d.rdb")
      assert.is_false(report.good)
      local from, to = report.problem:match "bytes (%d+) to (%d+)"
      assert.is_true(at - 1 >= tonumber(from) and at - 1 < tonumber(to), report.problem)
    end
  end)

  it("finds a file that was cut, or added to", function()
    local world <close> = tidelock.sim { seed = 28 }
    local a = world:node { name = "a" }
    files.fill(a, 2)
    assert(a:backup(path "b.rdb"))
    local text = files.read(path "b.rdb")
    for size = 28, #text - 1 do
      files.write(path "d.rdb", text:sub(1, size))
      assert.is_false(check(path "d.rdb").good)
    end
    for extra = 1, 200 do
      files.write(path "d.rdb", text .. ("x"):rep(extra))
      assert.is_false(check(path "d.rdb").good)
    end
  end)

  it("knows RDB files and journals", function()
    local world <close> = tidelock.live {}
    local a = assert(world:node { name = "a", dir = directory, appendonly = "yes", appendfsync = "always" })
    files.fill(a, 100)
    assert(a:call "SAVE")
    local digest, offset = a:digest(), a:state().offset
    local report = check(path "dump.rdb")
    assert.same({ "rdb", true, true, digest, offset },
      { report.kind, report.good, report.checksum, report.digest, report.offset })
    for _, name in ipairs { "", "/appendonlydir", "/appendonlydir/appendonly.aof.manifest" } do
      report = check(directory .. name)
      assert.same({ "journal", true, digest, offset, 106 },
        { report.kind, report.good, report.digest, report.offset, report.keys })
    end
    local dump = files.read(path "dump.rdb")
    files.write(path "d.rdb", dump .. "x")
    assert.equal("1 bytes behind the end of the RDB data, from offset " .. #dump .. " on", check(path "d.rdb").problem)
    files.write(path "d.rdb", dump:sub(1, -9) .. ("\0"):rep(8))
    assert.is_false(check(path "d.rdb").checksum)
    files.write(path "d.rdb", "something else")
    assert.equal("neither a backup, nor an RDB file, nor a journal", check(path "d.rdb").problem)
    local increment = path "appendonlydir/appendonly.aof.1.incr.aof"
    local text = files.read(increment)
    a:crash()
    files.write(increment, text:sub(1, -5))
    assert.matches("a torn tail of %d+ bytes: appendonly%.aof%.1%.incr%.aof: at offset %d+", check(directory).problem)
    local at = #text // 2
    files.write(increment, text:sub(1, at - 1) .. string.char(text:byte(at) ~ 1) .. text:sub(at + 1))
    assert.matches("/appendonly%.aof%.1%.incr%.aof: at offset %d+", check(directory).problem)
  end)

  it("ends with a status for scripts", function()
    files.write(path "x", "something else")
    local output, status = support.run { support.launcher(), "check", path "x" }
    assert.equal(1, status)
    assert.matches("damaged: neither", output)
    output, status = support.run { support.launcher(), "check", path "none" }
    assert.equal(1, status)
    assert.matches("tidelock: check: .*none: there is no such file", output)
  end)
end)
