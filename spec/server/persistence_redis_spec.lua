-- Files that a real redis-server reads, and those it writes: snapshots and journals of each are checked by Redis's own
-- tools, loaded by the other, and hold the same, key by key.

local support = require "spec.server.support"
local dataset = require "spec.server.dataset"

describe("files:", function()
  local servers = support.servers()

  after_each(function() servers:stop_all() end)

  local function start(kind, given)
    if kind == "redis" then return servers:redis(given) end
    return servers:start(given)
  end

  local function fill(server)
    dataset.write(server, "key", 3000)
    dataset.churn(server, "churned")
    dataset.write_ordered(server, "ordered")
  end

  local function checked(tool, path)
    local output, status = support.run { tool, path }
    assert.equal(0, status, output)
    return output
  end

  local function rewritten(server)
    assert(server:call "BGREWRITEAOF")
    support.eventually("the journal is rewritten", function()
      local info = server:info "persistence"
      return info.aof_rewrite_in_progress == 0 and info.aof_last_bgrewrite_status == "ok"
        and (info.aof_rewrite_scheduled or 0) == 0 and info.aof_base_size > 0, info.aof_last_bgrewrite_status
    end)
  end

  -- ends a server and gives its files to another kind's
  local function hand_over(from, kind)
    assert(from:stop())
    return start(kind, { "--dir", from.directory })
  end

  -- …with a journal, checked while nobody has it: who begins with one of another's writes it anew and removes it
  local function hand_over_journal(from, kind)
    assert(from:stop())
    checked("redis-check-aof", from.directory .. "/appendonlydir/appendonly.aof.manifest")
    return start(kind, { "--appendonly", "yes", "--dir", from.directory })
  end

  for _, kinds in ipairs { { "tidelock", "redis" }, { "redis", "tidelock" }, { "tidelock", "tidelock" } } do
    it(("a snapshot of %s is loaded by %s"):format(table.unpack(kinds)), function()
      local writer = start(kinds[1])
      fill(writer)
      assert.equal("OK", writer:call "SAVE")
      assert.matches("RDB looks OK", checked("redis-check-rdb", writer.directory .. "/dump.rdb"))
      local before = dataset.read(writer)
      local reader = hand_over(writer, kinds[2])
      assert.is_true(dataset.same_as(before, reader) > 3000)
    end)

    it(("a journal of %s, its increments only, is loaded by %s"):format(table.unpack(kinds)), function()
      local writer = start(kinds[1], { "--appendonly", "yes", "--appendfsync", "no" })
      fill(writer)
      local before = dataset.read(writer)
      local reader = hand_over_journal(writer, kinds[2])
      assert.is_true(dataset.same_as(before, reader) > 3000)
    end)

    it(("a rewritten journal of %s is loaded by %s, which writes on and is loaded by %s"):format(kinds[1], kinds[2],
      kinds[1]), function()
      local writer = start(kinds[1], { "--appendonly", "yes", "--appendfsync", "no" })
      fill(writer)
      rewritten(writer)
      dataset.churn(writer, "later")
      dataset.write_ordered(writer, "later")
      local before = dataset.read(writer)
      local reader = hand_over_journal(writer, kinds[2])
      dataset.same_as(before, reader)
      dataset.churn(reader, "other")
      dataset.write(reader, "other", 500)
      local after = dataset.read(reader)
      assert(reader:stop())
      local again = start(kinds[1], { "--appendonly", "yes", "--dir", writer.directory })
      assert.is_true(dataset.same_as(after, again) > 3500)
    end)
  end

  it("a journal that redis-server wrote without a preamble is loaded", function()
    local writer = start("redis", { "--appendonly", "yes", "--aof-use-rdb-preamble", "no" })
    fill(writer)
    rewritten(writer)
    dataset.churn(writer, "later")
    assert(writer:stop())
    writer:restart() -- such a journal leaves out what is pending of entries that are gone
    local before = dataset.read(writer)
    local reader = hand_over_journal(writer, "tidelock")
    assert.is_true(dataset.same_as(before, reader) > 3000)
  end)

  it("a journal with timestamps, killed, is loaded by redis-server", function()
    local writer = start("tidelock",
      { "--appendonly", "yes", "--appendfsync", "always", "--aof-timestamp-enabled", "yes" })
    fill(writer)
    local before = dataset.read(writer)
    writer:kill()
    checked("redis-check-aof", writer.directory .. "/appendonlydir/appendonly.aof.manifest")
    local reader = start("redis", { "--appendonly", "yes", "--dir", writer.directory })
    assert.is_true(dataset.same_as(before, reader) > 3000)
  end)
end)
