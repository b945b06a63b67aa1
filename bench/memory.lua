-- Memory: by how much the process grows (RSS) when keys come in: strings, many small hashes, one large collection of
-- each type.

local measure = require "bench.measure"
local servers = require "bench.servers"

local SETTLE_MS = 300

-- Starts a server, fills it, and says how many bytes each of `count` took.
local function side(name, path, requests, count)
  return function()
    local world <close>, node = servers.start(name)
    local before = measure.rss(node.pid)
    servers.fill(node, path, requests)
    world:sleep(SETTLE_MS)
    return { each = (measure.rss(node.pid) - before) / count }
  end
end

local function compare(context, rounds, what, target, path, requests, count)
  local got = measure.alternate(rounds, {
    ours = side("ours", path, requests, count), rival = side("rival", path, requests, count),
  })
  context.table:add { what = "RSS per " .. what, unit = "B", comparison = got.each, target = target, digits = 1 }
end

local memory = {}

function memory.keys(context)
  local path = context:requests_file("k%09d", 32)
  local keys, rounds = context.keys, math.min(context.rounds, 3)
  compare(context, rounds, ("key, 10 + 32 bytes, %d keys"):format(keys), 0.5, path, keys, keys)
end

-- a number below 2^32 that looks random, the same for both servers
local function scattered(i)
  return i * 2654435761 % 4294967296
end

-- `batch` elements go into one request. Each gives its words for element i.
local COLLECTIONS = {
  {
    what = "hash of 5 small fields", batch = 1,
    head = function(i) return "HSET", ("user:%d"):format(i) end,
    words = function(i)
      return "name", ("user%d"):format(i), "age", tostring(i % 90), "city", "city" .. i % 1000, "score",
        tostring(scattered(i)), "active", "1"
    end,
  },
  {
    what = "element of a sorted set", batch = 100, head = function() return "ZADD", "zset" end,
    words = function(i) return tostring(scattered(i)), ("element:%d"):format(i) end,
  },
  {
    what = "element of a set", batch = 100, head = function() return "SADD", "set" end,
    words = function(i) return ("element:%d"):format(i) end,
  },
  {
    what = "field of a hash", batch = 100, head = function() return "HSET", "hash" end,
    words = function(i) return ("field:%d"):format(i), ("value:%d"):format(scattered(i)) end,
  },
  {
    what = "element of a list", batch = 100, head = function() return "RPUSH", "list" end,
    words = function(i) return ("%08x:%d"):format(scattered(i), i) end,
  },
  {
    what = "entry of a stream, 2 fields", batch = 1, head = function() return "XADD", "stream" end,
    words = function(i)
      return ("%d-%d"):format(1700000000000 + i // 3, i % 3), "sensor", tostring(i % 100), "value",
        tostring(scattered(i))
    end,
  },
}

local function collection_requests(collection, count)
  return function(i)
    local words = { collection.head(i) }
    for n = i * collection.batch, math.min(count, (i + 1) * collection.batch) - 1 do
      for _, word in ipairs { collection.words(n) } do words[#words + 1] = word end
    end
    return words
  end
end

function memory.collections(context)
  for _, collection in ipairs(COLLECTIONS) do
    local count = context.keys
    local requests = math.ceil(count / collection.batch)
    local path <close> = servers.temporary_requests(requests, collection_requests(collection, count))
    compare(context, 1, ("%s, %d of them"):format(collection.what, count), 0.8, path.name, requests, count)
  end
end

return memory
