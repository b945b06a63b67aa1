-- `tidelock restore`: of backups and RDB files, and of any moment that a journal has.

local backup_check = require "tidelock.backup_check"
local files = require "spec.files"
local restore = require("tidelock.backup_restore").restore
local support = require "spec.server.support"
local tidelock = require "tidelock"

local lfs = require "lfs"

local directory

local function path(name)
  return directory .. "/" .. name
end

before_each(function()
  directory = files.directory()
end)

after_each(function()
  files.remove(directory)
end)

describe("tidelock restore", function()
  local servers

  before_each(function() servers = support.servers() end)
  after_each(function() servers:stop_all() end)

  local function command(...)
    return support.run { support.launcher(), ... }
  end

  -- what servers of both kinds, with and without a journal, have from a directory
  local function digests(from)
    local seen = {}
    for i, start in ipairs { "start", "start", "redis", "redis" } do
      local copy = path("copy" .. i)
      assert(os.execute(("cp -r '%s' '%s'"):format(from, copy)))
      local words = { "--dir", copy, "--appendonly", i % 2 == 0 and "yes" or "no" }
      if start == "redis" then
        table.move({ "--save", "", "--enable-debug-command", "yes" }, 1, 4, #words + 1, words)
      end
      local server = servers[start](servers, words)
      support.eventually("loaded", function() return server:info("persistence").loading == 0 end)
      seen[i] = server:call("DEBUG", "DIGEST")
      server:stop()
    end
    return seen
  end

  it("puts a backup where servers find it", function()
    local a = servers:start()
    files.fill(a, 100)
    local want = a:call("DEBUG", "DIGEST")
    assert.equal(0, select(2, command("backup", "127.0.0.1:" .. a.port, path "b.rdb")))
    local output, status = command("restore", path "b.rdb", "--dir", path "new")
    assert.equal(0, status, output)
    assert.matches("new: 106 keys, history %x+, offset %d+, digest " .. want:sub(1, 32) .. "\n$", output)
    local seen = digests(path "new")
    assert.same({ want, want }, { seen[1], seen[2] })
    -- redis-server's own digest is another, but the same for both of them, and not that of nothing
    assert.equal(seen[3], seen[4])
    assert.not_equal(("0"):rep(40), seen[3])
    assert.equal(0, select(2, command("check", path "new", path "new/dump.rdb")))
  end)

  it("puts what a redis-server has back as it was", function()
    local r = servers:redis { "--repl-diskless-sync-delay", 0, "--enable-debug-command", "yes", "--save", "" }
    files.fill(r, 100)
    assert.equal("lib", r:call("FUNCTION", "LOAD",
      "#!lua name=lib\nredis.register_function('f', function() return 1 end)"))
    local want = r:call("DEBUG", "DIGEST")
    assert.equal(0, select(2, command("backup", "127.0.0.1:" .. r.port, path "b.rdb")))
    assert.equal(0, select(2, command("restore", path "b.rdb", "--dir", path "new")))
    local again = servers:redis { "--dir", path "new", "--enable-debug-command", "yes", "--save", "" }
    assert.equal(want, again:call("DEBUG", "DIGEST"))
    assert.equal(1, again:call("FCALL", "f", 0))
    assert(os.execute(("cp '%s' '%s'"):format(path "new/dump.rdb", path "plain.rdb")))
    assert.equal("rdb", backup_check.check(path "plain.rdb").kind)
    local done = assert(restore { source = path "plain.rdb", directory = path "again" })
    assert.equal(backup_check.check(path "b.rdb").digest, done.digest)
  end)

  it("refuses what is damaged, and a directory that is not empty", function()
    local world <close> = tidelock.sim { seed = 31 }
    local a = world:node { name = "a" }
    files.fill(a, 10)
    assert(a:backup(path "b.rdb"))
    local text = files.read(path "b.rdb")
    files.write(path "d.rdb", text:sub(1, 99) .. string.char(text:byte(100) ~ 1) .. text:sub(101))
    local done, message = restore { source = path "d.rdb", directory = path "new" }
    assert.is_nil(done)
    assert.matches("d.rdb: damaged: 1 of 1 blocks damaged", message)
    assert.is_nil(lfs.attributes(path "new"))
    local output, status = command("restore", path "b.rdb", "--dir", directory)
    assert.equal(1, status)
    assert.matches("it is not empty", output)
    assert(lfs.mkdir(path "old"))
    files.write(path "old/dump.rdb", "precious")
    files.write(path "old/other", "unrelated")
    assert(restore { source = path "b.rdb", directory = path "old", force = true })
    assert.equal("precious", files.read(path "old/dump.rdb.replaced-1"))
    assert.equal("unrelated", files.read(path "old/other"))
    assert.equal(a:digest(), backup_check.check(path "old/dump.rdb").digest)
    output, status = command("restore", path "b.rdb", "--dir", path "x", "--to-offset", "5")
    assert.equal(1, status)
    assert.matches("a point in time needs a journal", output)
    output, status = command("restore", path "b.rdb", "--dir", path "x", "--to-time", "soon")
    assert.equal(1, status)
    assert.matches("not 'soon'", output)
    output, status = command("restore", path "none", "--dir", path "x")
    assert.equal(1, status)
    assert.matches("none: there is no such file", output)
  end)
end)

-- ---- a moment of a journal ----------------------------------------------------------------------------------------

-- Random writes: single ones, transactions, ones that expire, in several databases. After each: offset and digest.
local function write(world, node, marks, count)
  local function random(n) return world:random(1, n) end
  local function mark() marks[#marks + 1] = { offset = node:state().offset, digest = node:digest() } end
  for _ = 1, count do
    local key, kind = "k" .. random(40), random(9)
    node:call("SELECT", random(3) - 1)
    if kind <= 3 then
      node:call("SET", "s" .. key, ("v"):rep(random(60)))
    elseif kind == 4 then
      node:call("SET", "p" .. key, "v", "PX", 3600000 + random(1000))
    elseif kind == 5 then
      node:call("RPUSH", "l" .. key, random(1000), "x")
    elseif kind == 6 then
      node:call("SPOP", "t" .. key)
      mark()
      node:call("SADD", "t" .. key, random(100), random(100))
    elseif kind == 7 then
      node:call("DEL", "s" .. key, "l" .. key)
    else
      node:call("MULTI")
      for _ = 1, random(4) do node:call("INCR", "n" .. random(10)) end
      node:call("XADD", "x" .. key, "*", "f", random(9))
      node:call("EXEC")
    end
    mark()
  end
end

describe("tidelock restore to an offset", function()
  local world, node, marks

  local function start(config)
    world = tidelock.live {}
    lfs.mkdir(path "src")
    node = assert(world:node { name = "a", dir = path "src", appendonly = "yes", appendfsync = "always",
      config = config })
    marks = {}
  end

  after_each(function() world:close() end)

  local function rewrite()
    assert(node:bgrewriteaof())
    assert(world:await(function()
      local info = node:info "persistence"
      return info.aof_rewrite_in_progress == 0 and info.aof_rewrite_scheduled == 0
    end, 60000))
  end

  -- the last mark at or before an offset
  local function mark_at(offset)
    local best
    for _, mark in ipairs(marks) do
      if mark.offset <= offset then best = mark end
    end
    return best
  end

  local function restores(offset, given)
    given = given or { source = path "src" }
    given.directory, given.to_offset, given.force = path "out", offset, true
    local done, message = restore(given)
    assert(done, message)
    return done
  end

  it("hits every offset exactly, and never the inside of a transaction", function()
    start()
    write(world, node, marks, 30)
    rewrite()
    node:call("SET", "mark", "1")
    marks = { { offset = node:state().offset, digest = node:digest() } }
    write(world, node, marks, 150)
    local first, last = marks[1].offset, marks[#marks].offset
    local within = 0
    for i = 1, 80 do
      local offset = i <= 20 and marks[world:random(1, #marks)].offset or world:random(first, last)
      local want, done = mark_at(offset), restores(offset)
      -- a SELECT that stands alone before a write is an offset too: the data are those of the write before it
      assert.is_true(done.offset >= want.offset and done.offset <= offset)
      assert.equal(want.digest, done.digest)
      assert.equal(want.digest, backup_check.check(path "out/dump.rdb").digest)
      if done.offset < offset then
        within = within + 1
        assert.equal(("offset %d is within a command or a transaction: restored to %d, before it"):format(offset,
          done.offset), done.notes[1])
      end
    end
    assert.is_true(within > 20)
  end)

  it("goes on from a backup, also when the journal's own base is gone", function()
    start()
    write(world, node, marks, 40)
    local backup = assert(node:backup(path "b.rdb"))
    marks = { { offset = backup.offset, digest = node:digest() } }
    write(world, node, marks, 60)
    node:call("BGREWRITEAOF")
    local base = path "src/appendonlydir/appendonly.aof.1.base.rdb"
    assert(node:ping())
    node:crash()
    os.remove(base)
    for _ = 1, 15 do
      local offset = world:random(backup.offset, marks[#marks].offset)
      local want = mark_at(offset)
      local done, message = restore { source = path "b.rdb", journal = path "src", directory = path "out", force = true,
        to_offset = offset }
      -- the rewrite may have been done, and then the journal begins later
      if done then
        assert.equal(want.digest, done.digest)
      else
        assert.matches("does not go on from offset " .. backup.offset, message)
      end
    end
    local done, message = restore { source = path "b.rdb", journal = path "src", directory = path "out", force = true,
      to_offset = backup.offset - 1 }
    assert.is_nil(done)
    assert.is_string(message)
  end)

  it("says which offsets there are when it is none of them", function()
    start()
    write(world, node, marks, 20)
    rewrite()
    write(world, node, marks, 20)
    local first = backup_check.check(path "src").first_offset
    local last = marks[#marks].offset
    for _, offset in ipairs { 0, first - 1, last + 1, last + 100000 } do
      local done, message, code = restore { source = path "src", directory = path "out", to_offset = offset }
      assert.is_nil(done)
      assert.equal(("ERR offset %d is outside of what the files hold: %d to %d"):format(offset, first, last), message)
      assert.equal("ERR", code)
    end
    assert.equal(marks[#marks].digest, restores(last).digest)
    assert.equal(first, restores(first).offset)
    assert.is_nil(lfs.attributes(path "src/appendonlydir.replaced-1"))
  end)

  it("before damage needs nothing of what is damaged; and a torn tail is left out", function()
    start()
    write(world, node, marks, 60)
    node:crash()
    local increment = path "src/appendonlydir/appendonly.aof.1.incr.aof"
    local text = files.read(increment)
    files.write(increment, text:sub(1, -3))
    local done = assert(restore { source = path "src", directory = path "out" })
    assert.matches("a torn tail of %d+ bytes is left out", done.notes[1])
    assert.equal(mark_at(done.offset).digest, done.digest)
    -- of a command: a comment that no longer begins as ours do is somebody else's, and nothing is lost with it
    local at = assert(text:find("\r\n*", #text * 3 // 4, true)) + 2
    files.write(increment, text:sub(1, at - 1) .. string.char(text:byte(at) ~ 1) .. text:sub(at + 1))
    local message
    done, message = restore { source = path "src", directory = path "out", force = true }
    assert.is_nil(done)
    assert.matches("incr%.aof: at offset %d+", message)
    local mark = marks[10]
    assert.equal(mark.digest, restores(mark.offset).digest)
    -- nothing has been changed by looking
    assert.equal(#text, lfs.attributes(increment, "size"))
  end)

  it("from a backup needs a journal that goes on from it", function()
    start()
    write(world, node, marks, 10)
    assert(node:backup(path "b.rdb"))
    write(world, node, marks, 10)
    assert(restore { source = path "src", directory = path "base" }) -- a journal of a base and nothing more
    local other <close> = tidelock.sim { seed = 33 }
    local stranger = other:node { name = "s", appendonly = "yes" }
    stranger:set("k", "v")
    other:sleep(2000)
    assert(lfs.mkdir(path "stranger"))
    for name in pairs(stranger:files()) do
      local file = name:match "^appendonlydir/(.*)"
      if file then files.write(path("stranger/" .. file), stranger:file(name)) end
    end
    for _, journal in ipairs { "base", "stranger" } do
      local done, message = restore { source = path "b.rdb", journal = path(journal), directory = path "out" }
      assert.is_nil(done)
      assert.matches("does not go on from offset", message)
    end
    local done = assert(restore { source = path "b.rdb", journal = path "src", directory = path "out" })
    assert.equal(node:digest(), done.digest)
  end)

  it("of a time, as the journal's times say", function()
    start { ["aof-timestamp-enabled"] = "yes" }
    local digests = {}
    for round = 1, 3 do
      node:set("round", round)
      local offset = node:state().offset
      assert(world:await(function() return node:info("persistence").aof_fsynced_offset >= offset end, 60000))
      local second = math.tointeger(world:wall() // 1000)
      digests[second] = node:digest()
      assert(world:await(function() return world:wall() // 1000 > second end, 60000))
    end
    local report = backup_check.check(path "src")
    assert.is_true(report.first_time < report.last_time)
    for second, digest in pairs(digests) do
      local done, message = restore { source = path "src", directory = path "out", to_time = second, force = true }
      assert(done, message)
      assert.equal(digest, done.digest)
    end
    local done, message = restore { source = path "src", directory = path "out", to_time = report.first_time - 1,
      force = true }
    assert.is_nil(done)
    assert.matches("is before what the journal holds: its times begin at ", message)
    done = assert(restore { source = path "src", directory = path "out", to_time = report.last_time + 1000,
      force = true })
    assert.equal(node:digest(), done.digest)
    assert.matches("nothing in the journal is later than ", done.notes[1])
  end)

  it("of a time needs times", function()
    start()
    write(world, node, marks, 5)
    local done, message = restore { source = path "src", directory = path "out", to_time = 1700000000 }
    assert.is_nil(done)
    assert.matches("has no times in it", message)
  end)
end)

-- A journal that has been through crashes: torn tails, several histories, rewrites.
describe("tidelock restore to an offset, after crashes", function()
  local function put(node, path_of)
    for name in pairs(node:files()) do
      if name:find "^appendonlydir/" then files.write(path_of(name), node:file(name)) end
    end
  end

  local function run(seed)
    local world <close> = tidelock.sim { seed = seed }
    world:disks { lose = 0.5, tear = 0.3 }
    local policy = ({ "always", "everysec", "no" })[seed % 3 + 1]
    local node = world:node { name = "a", appendonly = "yes", appendfsync = policy }
    local marks = {}
    local backup
    for round = 1, 4 do
      write(world, node, marks, 25)
      if round == 2 then backup = assert(node:backup(path "b.rdb")) end
      if round == seed % 2 + 1 then node:call "BGREWRITEAOF" end
      world:sleep(world:random(0, 1500))
      if round < 4 then
        node:crash(world:random(2) == 1 and "process" or "power")
        node:restart()
        assert(world:await(function() return node:ping() end))
      end
      -- what was lost is no part of the journal
      local offset = node:state().offset
      while marks[#marks] and marks[#marks].offset > offset do table.remove(marks) end
      marks[#marks + 1] = { offset = offset, digest = node:digest() }
    end
    world:sleep(3000)
    os.execute(("rm -rf '%s'; mkdir -p '%s'"):format(path "src", path "src/appendonlydir"))
    put(node, function(name) return path("src/" .. name) end)
    local report = backup_check.check(path "src")
    assert(report.good, report.problem)
    assert.equal(node:digest(), report.digest)
    local restored = 0
    local function restores(offset, given)
      local want
      for _, mark in ipairs(marks) do
        if mark.offset <= offset then want = mark end
      end
      given.directory, given.to_offset, given.force = path "out", offset, true
      local done, message = restore(given)
      if want and done then
        assert.equal(want.digest, done.digest)
        assert.is_true(done.offset <= offset and done.offset >= want.offset)
        restored = restored + 1
      elseif not given.journal then
        error(message)
      else
        assert.is_truthy(message:find "does not go on from" or message:find "is outside of what", message)
      end
    end
    for _ = 1, 8 do
      local offset = world:random(math.max(report.first_offset, marks[1].offset), report.offset)
      restores(offset, { source = path "src" })
      restores(offset, { source = path "b.rdb", journal = path "src" })
    end
    assert.is_true(restored >= 8)
    return backup.offset >= report.first_offset
  end

  it("hits it all the same", function()
    local within = 0
    for seed = 1, 6 do within = within + (run(seed) and 1 or 0) end
    assert.is_true(within > 0) -- backups that a journal goes on from
  end)
end)
