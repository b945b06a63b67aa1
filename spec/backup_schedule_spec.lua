-- `tidelock backup HOST:PORT DIR`: again and again, the last so many kept. Nothing here waits for time to pass: periods
-- are short, and what has happened is asked for until a deadline.

local backup_check = require "tidelock.backup_check"
local backup_schedule = require "tidelock.backup_schedule"
local files = require "spec.files"
local support = require "spec.server.support"

local lfs = require "lfs"
local signal = require "posix.signal"

local directory, servers

local function path(name)
  return directory .. "/" .. name
end

before_each(function()
  servers = support.servers()
  directory = os.tmpname()
  os.remove(directory)
end)

after_each(function()
  servers:stop_all()
  files.remove(directory)
end)

local function address(server)
  return "127.0.0.1:" .. server.port
end

local function backups(server)
  return backup_schedule.list(directory, { host = "127.0.0.1", port = server.port })
end

local function count(text, words)
  return select(2, text:gsub(words:gsub("%p", "%%%0"), ""))
end

-- Waits until a command has said something so many times; a disk that others use takes its time.
local function says(command, words, times)
  support.eventually(words, function()
    local log = command:log()
    return count(log, words) >= times, log
  end, 60000)
end

describe("tidelock backup into a directory", function()
  it("has the time in the name, and makes the directory", function()
    local a = servers:start()
    local output, status = support.run { support.launcher(), "backup", address(a), directory, "--keep", 3 }
    assert.equal(0, status, output)
    assert.same(backups(a), files.names(directory))
    assert.matches("^127%.0%.0%.1%-%d+%-%d+T%d+%.%d%d%dZ%.rdb$", files.names(directory)[1])
    assert.is_true(backup_check.check(path(files.names(directory)[1])).good)
  end)

  it("keeps the newest, and what is not its own", function()
    local a = servers:start()
    assert(lfs.mkdir(directory))
    local old = ("127.0.0.1-%d-20200101T000000.000Z.rdb"):format(a.port)
    local others = { "127.0.0.1-1-20200101T000000.000Z.rdb", "dump.rdb", old .. ".bak", "x" .. old }
    for _, name in ipairs { old, table.unpack(others) } do files.write(path(name), "something") end
    local output, status =
      support.run { support.launcher(), "backup", address(a), directory, "--every", "20ms", "--keep", 3, "--count", 5 }
    assert.equal(0, status, output)
    assert.matches("removed " .. old:gsub("%p", "%%%0"), output)
    local kept = backups(a)
    assert.equal(3, #kept)
    for _, name in ipairs(kept) do assert.is_true(backup_check.check(path(name)).good) end
    for _, name in ipairs(others) do assert.is_truthy(lfs.attributes(path(name)), name) end
    assert.equal(3 + #others, #files.names(directory))
    assert.equal(5, select(2, output:gsub("verified", "")))
  end)

  it("goes on after one that failed, and removes nothing before there is a good one", function()
    local a = servers:start()
    local command = servers:spawn { support.launcher(), "backup", address(a), directory, "--every", "30ms",
      "--keep", "2" }
    says(command, "verified", 3)
    a:kill()
    says(command, "again in 0.03 s", 2)
    local kept = backups(a)
    assert.equal(2, #kept)
    assert.same(kept, files.names(directory))
    local made = count(command:log(), "verified")
    a:restart()
    says(command, "verified", made + 1)
    signal.kill(command.pid, signal.SIGTERM)
    assert.same({ "exited", 0 }, { command:await_end() })
    assert.equal(2, #backups(a))
    assert.same(backups(a), files.names(directory))
  end)

  it("is stopped while a server says nothing", function()
    local a = servers:start()
    a:freeze()
    local command = servers:spawn { support.launcher(), "backup", address(a), directory, "--every", "1h" }
    support.eventually("it has begun", function() return lfs.attributes(directory) end)
    signal.kill(command.pid, signal.SIGTERM)
    assert.same({ "exited", 0 }, { command:await_end() })
    assert.same({}, files.names(directory))
    a:thaw()
  end)

  it("clears up what somebody who was killed has left", function()
    local a = servers:start()
    assert(lfs.mkdir(directory))
    local stamp = "20200101T000000.000Z.rdb"
    local left = (".127.0.0.1-%d-%s.999999999-1.part"):format(a.port, stamp)
    local another = (".127.0.0.1-1-%s.999999999-1.part"):format(stamp)
    files.write(path(left), "half")
    files.write(path(another), "half")
    assert.equal(0, select(2, support.run { support.launcher(), "backup", address(a), directory }))
    assert.is_nil(lfs.attributes(path(left)))
    assert.is_truthy(lfs.attributes(path(another)))
  end)

  it("says what it does not understand", function()
    for _, case in ipairs {
      { "--every", "often", "a time as 1h" }, { "--every", "0s", "a time as 1h" }, { "--keep", "0", "at least 1" },
      { "--count", "x", "at least 1" },
    } do
      local output, status = support.run { support.launcher(), "backup", "127.0.0.1:1", directory, case[1], case[2] }
      assert.equal(1, status)
      assert.matches(case[3], output, 1, true)
    end
    files.write(directory, "a file")
    local output, status = support.run { support.launcher(), "backup", "127.0.0.1:1", directory, "--keep", 3 }
    assert.equal(1, status)
    assert.matches("want a directory", output)
  end)
end)
