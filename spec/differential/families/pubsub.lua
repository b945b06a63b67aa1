-- Channels, patterns and shard channels, in RESP2, where who listens may do little else, and in RESP3; and what
-- keyspace notifications say of commands of all types. Every command is sent by itself, and with its reply goes what
-- both connections are told on account of it. Notifications are heard in RESP2, of what is done in RESP3: redis-server
-- tells who does it in the middle of a reply.

local POOLS = {}
for _, name in ipairs { "strings", "hashes", "lists", "sets", "zsets", "streams", "keys", "bits" } do
  POOLS[#POOLS + 1] = require("spec.differential.families." .. name)
end

local CHANNELS = { "news", "news.art", "", "a*b", "n\0ws", "x" }
local PATTERNS = { "news*", "n?ws", "a\\*b", "[nx]*", "", "[^_]*" }
local NOTIFYING = { "*", "__keyspace@0__:*", "__keyevent@*__:*" }

local function channel(d) return d:one_of(CHANNELS) end
local function pattern(d) return d:one_of(PATTERNS) end

local function many(name, make)
  return function(d) return { name, whole = true, table.unpack(d:some(1, 3, make)) } end
end

-- a command of any type, but none that opens a transaction
local function data(d)
  local row = d:one_of(d:one_of(POOLS))
  local command = row[2](d)
  command.how = row[3]
  if command.after then return { "PING", "again" } end
  command.whole = true
  command.on = 2
  return command
end

local CLASSES = { "KEA", "KEA", "KEA", "", "KA", "E$lshzxtgn", "Kg", "AKEn" }

return {
  alone = true,
  { 4, many("SUBSCRIBE", channel) },
  { 4, many("UNSUBSCRIBE", channel) },
  { 2, many("PSUBSCRIBE", pattern) },
  { 2, function(d) return { "PSUBSCRIBE", d:one_of(NOTIFYING), on = 1, whole = true } end },
  { 1, function(d) return { "PUNSUBSCRIBE", d:one_of(NOTIFYING), on = 1, whole = true } end },
  { 2, many("PUNSUBSCRIBE", pattern) },
  { 2, many("SSUBSCRIBE", channel) },
  { 2, many("SUNSUBSCRIBE", channel) },
  { 1, function(d) return { d:one_of { "UNSUBSCRIBE", "PUNSUBSCRIBE", "SUNSUBSCRIBE" } } end, "shape" },
  { 10, function(d) return { "PUBLISH", channel(d), d:value() } end },
  { 4, function(d) return { "SPUBLISH", channel(d), d:value() } end },
  { 1, function(d) return { "PUBSUB", "CHANNELS", d:once_in(2) and pattern(d) or nil } end, "unordered" },
  { 1, function(d) return { "PUBSUB", "SHARDCHANNELS", d:once_in(2) and pattern(d) or nil } end, "unordered" },
  { 1, function(d) return { "PUBSUB", "NUMSUB", table.unpack(d:some(0, 3, channel)) } end },
  { 1, function(d) return { "PUBSUB", "SHARDNUMSUB", table.unpack(d:some(0, 3, channel)) } end },
  { 1, function() return { "PUBSUB", "NUMPAT" } end },
  { 1, function(d) return { "PING", d:once_in(2) and d:value() or nil } end },
  { 1, function(d) return { "CONFIG", "SET", "notify-keyspace-events", d:one_of(CLASSES), whole = true } end },
  { 25, data },
}
