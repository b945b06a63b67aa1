-- Memory per key: by how much the process grows (RSS) when keys of 10 bytes with values of 32 bytes come in.

local measure = require "bench.measure"
local servers = require "bench.servers"

local SETTLE_MS = 300

return function(context)
  local path = context:requests_file("k%09d", 32)
  local function side(name)
    return function()
      local world <close>, node = servers.start(name)
      local before = measure.rss(node.pid)
      servers.fill(node, path, context.keys)
      world:sleep(SETTLE_MS)
      return { per_key = (measure.rss(node.pid) - before) / context.keys }
    end
  end
  local got = measure.alternate(math.min(context.rounds, 3), { ours = side "ours", rival = side "rival" })
  context.table:add {
    what = ("RSS per key, 10 + 32 bytes, %d keys"):format(context.keys), unit = "B", comparison = got.per_key,
    target = 0.5, digits = 1,
  }
end
