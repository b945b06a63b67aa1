-- Commands that wait for keys, in scenes of several connections: who is served, with what, in which order, and what
-- ends the waiting. Each scene is played on redis-server too, and what the connections are told must be the same.

local scene = require "spec.server.scene"
local support = require "spec.server.support"

describe("connections that wait for keys:", function()
  local servers, ours, theirs

  setup(function()
    servers = support.servers()
    ours, theirs = servers:start(), servers:redis()
  end)
  teardown(function() servers:stop_all() end)

  local function played(name, steps)
    it(name, function() assert.same(scene.play(theirs, steps), scene.play(ours, steps)) end)
  end

  -- ---- lists --------------------------------------------------------------------------------------------------------

  played("who came first is served first", { "a: BLPOP l 0", "b: BRPOP l 0", "c: BLPOP l 0", "d: RPUSH l 1 2 3 4",
    "d: LRANGE l 0 -1" })
  played("fewer elements than clients", { "a: BLPOP l 0", "b: BLPOP l 0", "c: BLPOP l 0", "d: LPUSH l 1 2",
    "d: LPUSH l 3" })
  played("what is there is taken at once", { "d: RPUSH l 1 2", "a: BLPOP l 0", "a: BRPOP l 0", "a! BLPOP l 0.01" })
  played("several keys: the first that has something", { "d: RPUSH m 1", "a: BLPOP l m n 0", "a: BLPOP l m n 0",
    "d: MULTI ; RPUSH n 3 ; RPUSH m 2 ; RPUSH l 1 ; EXEC", "b: BRPOP n m l 0", "b: BRPOP n m l 0" })
  played("the same key twice", { "a: BLPOP l l 0", "d: RPUSH l 1 2", "d: LLEN l" })
  played("a transaction counts as one change", { "a: BLPOP l 0", "d: MULTI ; RPUSH l 1 ; DEL l ; EXEC",
    "d: MULTI ; RPUSH l 1 ; DEL l ; SADD l x ; EXEC", "d: DEL l",
    "d: MULTI ; RPUSH l 1 ; LPUSH l 2 ; LPUSH l 3 ; EXEC" })
  played("a transaction that pops before they are served", { "a: BLPOP l 0", "d: MULTI ; RPUSH l 1 ; LPOP l ; EXEC",
    "d: RPUSH l 2" })
  played("other types do not serve", { "a: BLPOP k 0", "b: BZPOPMIN k 0", "d: SADD k x", "d: DEL k", "d: ZADD k 1 x",
    "d: RPUSH k 1" })
  played("a key that is made in other ways", { "a: BLPOP l 0", "d: RPUSH m 1 2", "d: RENAME m l", "a: BLPOP k 0",
    "d: COPY l k", "a: BLPOP j 0", "d: RPUSH z 3 1 2", "d: SORT z STORE j", "a: BLPOP i 0", "d: SELECT 1 ; RPUSH i 1",
    "d: SWAPDB 0 1", "a: BLPOP h 0", "d: SELECT 1 ; RPUSH h 9 ; MOVE h 0" })
  played("BLMPOP", { "a: BLMPOP 0 2 l m LEFT COUNT 2", "b: BLMPOP 0 1 l RIGHT", "d: RPUSH l 1 2 3 4",
    "d: LRANGE l 0 -1",
    "a! BLMPOP 0.01 1 n LEFT", "a: HELLO 3 ; CLIENT GETNAME", "a! BLMPOP 0.01 1 n LEFT" })
  played("BLMOVE and BRPOPLPUSH", { "a: BLMOVE l m LEFT RIGHT 0", "b: BRPOPLPUSH l m 0", "d: RPUSH l 1 2",
    "d: LRANGE m 0 -1", "a! BLMOVE l m LEFT LEFT 0.01", "a! BRPOPLPUSH l m 0.01" })
  played("a chain of BLMOVE", { "a: BLMOVE l m LEFT LEFT 0", "b: BLMOVE m n LEFT LEFT 0", "c: BLPOP n 0",
    "d: RPUSH l 1",
    "d: EXISTS l m n" })
  played("a circle of BLMOVE", { "a: BLMOVE l m LEFT LEFT 0", "b: BLMOVE m l LEFT LEFT 0", "d: RPUSH l 1",
    "d: LRANGE l 0 -1 ; LRANGE m 0 -1" })
  played("BLMOVE onto itself", { "a: BLMOVE l l LEFT RIGHT 0", "d: RPUSH l 1 2", "d: LRANGE l 0 -1" })
  played("BLMOVE to a key of another type", { "d: SET m x", "a: BLMOVE l m LEFT LEFT 0", "b: BLPOP l 0",
    "d: RPUSH l 1 2",
    "d: LRANGE l 0 -1" })
  played("what waits goes on in its place", { "a: BLMOVE l m LEFT LEFT 0 ; BLPOP l 0", "b: BLPOP l 0",
    "d: RPUSH l 1 2 3" })
  played("requests behind one that waits", { "a: BLPOP l 0 ; SET k v ; GET k", "d: GET k", "d: RPUSH l 1",
    "d: GET k" })

  -- ---- sorted sets --------------------------------------------------------------------------------------------------

  played("BZPOPMIN and BZPOPMAX", { "a: BZPOPMIN z y 0", "b: BZPOPMAX z 0", "c: BZPOPMIN z 0",
    "d: ZADD z 1 a 2 b 3.5 c",
    "d: ZRANGE z 0 -1", "a! BZPOPMIN z 0.01", "a: HELLO 3 ; CLIENT GETNAME", "a: BZPOPMIN z 0",
    "d: ZINCRBY z 1.25 q" })
  played("BZMPOP", { "a: BZMPOP 0 2 y z MAX COUNT 2", "b: BZMPOP 0 1 z MIN", "d: ZADD z 1 a 2 b 3 c",
    "a! BZMPOP 0.01 1 z MIN",
    "a: BZMPOP 0 1 z MIN COUNT 10", "d: MULTI ; ZADD z 1 a ; ZADD z 2 b ; EXEC" })
  played("sorted sets that are made in other ways", { "a: BZPOPMIN z 0", "d: ZADD y 1 a 2 b", "d: ZUNIONSTORE z 1 y",
    "a: BZPOPMIN x 0", "d: ZRANGESTORE x y 1 1" })

  -- ---- streams ------------------------------------------------------------------------------------------------------

  played("XREAD: all who wait are told", { "a: XREAD BLOCK 0 STREAMS x $", "b: XREAD COUNT 1 BLOCK 0 STREAMS y x 0 $",
    "d: MULTI ; XADD x 1-1 f v ; XADD x 1-2 f v ; XADD y 1-1 f v ; EXEC", "d: XADD x 1-3 f v" })
  played("XREAD: $ is what it was", { "d: XADD x 1-1 f v", "a: XREAD BLOCK 0 STREAMS x y $ $", "d: DEL x",
    "d: XADD x 1-1 f v", "d: SET y 1", "d: DEL y", "d: XADD x 1-2 f v" })
  played("XREAD: entries that came and went", { "a: XREAD BLOCK 0 STREAMS x $", "d: XADD x MAXLEN 0 2-0 a b",
    "a: XREAD BLOCK 0 STREAMS x $", "d: MULTI ; XADD x 3-0 a b ; XDEL x 3-0 ; EXEC" })
  played("XREAD: IDs ahead, and a key named twice", { "d: XADD x 1-1 f v", "a: XREAD BLOCK 0 STREAMS x x 9-0 1-1",
    "d: XADD x 2-0 f v", "d: XADD x 9-1 f v" })
  played("XREAD: in RESP3, and in vain", { "a: HELLO 3 ; CLIENT GETNAME", "a: XREAD BLOCK 0 STREAMS x $",
    "d: XADD x 1-1 f v",
    "a! XREAD BLOCK 1 STREAMS x $", "b! XREAD BLOCK 1 STREAMS x $",
    "b: XREAD BLOCK 9223372036854775807 STREAMS x 5-0",
    "d: XADD x 5-1 f v" })
  played("XREAD: streams that come under the name", { "a: XREAD BLOCK 0 STREAMS x 0", "d: XADD y 1-1 f v",
    "d: RENAME y x",
    "a: XREAD BLOCK 0 STREAMS x $", "d: XADD y 2-1 f v", "d: COPY y x REPLACE" })
  played("XREADGROUP: each entry to one of them", { "d: XGROUP CREATE x g $ MKSTREAM",
    "a: XREADGROUP GROUP g alice BLOCK 0 STREAMS x >", "b: XREADGROUP GROUP g bob NOACK BLOCK 0 STREAMS x >",
    "c: XREAD BLOCK 0 STREAMS x $", "d: XADD x 1-1 f v", "d: XADD x 1-2 f v", "d: XPENDING x g" })
  played("XREADGROUP: what is pending never waits", { "d: XGROUP CREATE x g $ MKSTREAM",
    "a: XREADGROUP GROUP g alice BLOCK 0 STREAMS x 0", "a: XREADGROUP GROUP g alice BLOCK 0 STREAMS x x > 0" })
  played("XREADGROUP: several streams", { "d: XGROUP CREATE x g $ MKSTREAM", "d: XGROUP CREATE y g $ MKSTREAM",
    "a: XREADGROUP GROUP g alice BLOCK 0 STREAMS x y > >", "d: XADD y 1-1 f v", "d: XINFO CONSUMERS x g",
    "d: XPENDING y g" })
  played("XREADGROUP: entries that came and went", { "d: XGROUP CREATE x g $ MKSTREAM",
    "a: XREADGROUP GROUP g alice BLOCK 0 STREAMS x >", "d: MULTI ; XADD x 2-0 f v ; XDEL x 2-0 ; EXEC",
    "d: XPENDING x g" })
  played("XREADGROUP: the group is moved back", { "d: XGROUP CREATE x g $ MKSTREAM", "d: XADD x 1-1 f v",
    "a: XREADGROUP GROUP g alice STREAMS x >", "a: XREADGROUP GROUP g alice BLOCK 0 STREAMS x >",
    "d: XGROUP SETID x g 0",
    "d: XADD x 1-2 f v" })
  for _, ending in ipairs { "XGROUP DESTROY x g", "DEL x", "UNLINK x", "SET x 1", "RENAME x y", "PEXPIRE x -1",
    "FLUSHALL",
    "FLUSHDB", "SWAPDB 0 1", "MOVE x 1", "MULTI ; DEL x ; XADD x 1-1 f v ; EXEC",
    "MULTI ; DEL x ; SADD x 1 ; EXEC" } do
    played("XREADGROUP is told of " .. ending, { "d: XGROUP CREATE x g $ MKSTREAM",
    "a: XREADGROUP GROUP g alice BLOCK 0 STREAMS x >", "b: XREAD BLOCK 0 STREAMS x $", "d: " .. ending })
  end

  -- ---- what ends the waiting --------------------------------------------------------------------------------------

  played("CLIENT UNBLOCK", { "a: BLPOP l 0", "d: CLIENT UNBLOCK @a", "a: BLPOP l 0", "d: CLIENT UNBLOCK @a TIMEOUT",
    "a: BZMPOP 0 1 l MIN", "d: CLIENT UNBLOCK @a ERROR", "d: CLIENT UNBLOCK @a", "a: XREAD BLOCK 0 STREAMS x $",
    "d: CLIENT UNBLOCK @a error", "d: CLIENT UNBLOCK @a never", "a: BLMOVE l m LEFT LEFT 0", "d: CLIENT UNBLOCK @a",
    "d: RPUSH l 1", "d: LRANGE l 0 -1" })
  played("nobody waits inside MULTI", { "a: MULTI ; BLPOP l 0 ; BRPOP l 0 ; BLMOVE l m LEFT LEFT 0 ; "
    .. "BRPOPLPUSH l m 0 ; BLMPOP 0 1 l LEFT ; BZPOPMIN z 0 ; BZPOPMAX z 0 ; BZMPOP 0 1 z MIN ; "
    .. "XREAD BLOCK 0 STREAMS x $ ; EXEC",
    "d: XGROUP CREATE x g $ MKSTREAM", "a: MULTI ; XREADGROUP GROUP g alice BLOCK 0 STREAMS x > ; EXEC" })
  for _, timeout in ipairs { "-1", "abc", '""', "nan", "inf", "-inf", "1e400", "9223372036854775807", "-0.0001",
    "0x1", "1s" } do
    played("a time-out of " .. timeout, { "d: RPUSH l 1 2 3 4 5 6 7 8 9", "d: ZADD z 1 a 2 b 3 c 4 d",
    "a: BLPOP l " .. timeout, "a: BRPOP l " .. timeout, "a: BLMOVE l m LEFT LEFT " .. timeout,
    "a: BRPOPLPUSH l m " .. timeout, "a: BLMPOP " .. timeout .. " 1 l LEFT", "a: BZPOPMIN z " .. timeout,
    "a: BZPOPMAX z " .. timeout, "a: BZMPOP " .. timeout .. " 1 z MIN", "d: XADD x 1-1 f v",
    "a: XREAD BLOCK " .. timeout .. " STREAMS x 0" })
  end
  played("wrong types and arguments are told at once", { "d: SET k 1", "a: BLPOP k 0", "a: BLPOP l k 0",
    "a: BZPOPMIN k 0",
    "a: BLMOVE k l LEFT LEFT 0", "a: BLMOVE l m UP LEFT 0", "a: BLMPOP 0 0 l LEFT", "a: BLMPOP 0 1 l LEFT COUNT 0",
    "a: BZMPOP 0 2 z MIN", "a: XREAD BLOCK 0 STREAMS k $", "a: XREAD BLOCK 0 STREAMS x",
    "a: XREAD BLOCK 0 STREAMS x >",
    "a: XREADGROUP GROUP g c BLOCK 0 STREAMS x >" })

  it("they are counted once", function()
    local wanted = { blpop = "1,0", brpop = "1,0", blmove = "1,1", bzpopmin = "1,1" }
    for _, server in ipairs { ours, theirs } do
      scene.play(server, { "d: CONFIG RESETSTAT", "a: BLPOP l 0", "d: RPUSH l 1", "a! BRPOP l 0.01",
        "a: BLMOVE l k LEFT LEFT 0", "d: SET k 1", "d: RPUSH l 1", "a: BZPOPMIN z 0", "d: CLIENT UNBLOCK @a ERROR" })
      local counted = {}
      for name, calls, failed in server:call("INFO", "commandstats")
        :gmatch "cmdstat_(b%w+):calls=(%d+),.-failed_calls=(%d+)" do
        counted[name] = calls .. "," .. failed
      end
      assert.same(wanted, counted)
    end
  end)
end)
