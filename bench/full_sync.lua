-- A full synchronisation: from REPLICAOF until an empty replica streams, and the CPU time both servers spent on it.

local measure = require "bench.measure"
local servers = require "bench.servers"

return function(context)
  local our_world <close>, our_node = servers.start "ours"
  local rival_world <close>, rival_node = servers.start "rival"
  local keys = context.sync_keys
  local path = context:requests_file("key:%012d", 32, keys)
  servers.fill(our_node, path, keys)
  servers.fill(rival_node, path, keys)

  local number = 0
  local function side(world, primary)
    return function()
      number = number + 1
      local replica = assert(world:node { name = "replica" .. number })
      local cpu_before = measure.cpu(primary.pid) + measure.cpu(replica.pid)
      local began = measure.now()
      assert(replica:call("REPLICAOF", primary.host, tostring(primary.port)))
      servers.await_stream(world, replica, 1)
      local took = measure.now() - began
      local cpu = measure.cpu(primary.pid) + measure.cpu(replica.pid) - cpu_before
      assert(replica:dbsize() == keys, "the replica has not got every key")
      replica:crash()
      world:await(function() return primary:info("replication").connected_slaves == 0 end)
      return { ms = took * 1e3, cpu_ms = cpu * 1e3 }
    end
  end
  local got = measure.alternate(context.rounds, {
    ours = side(our_world, our_node), rival = side(rival_world, rival_node),
  })
  local what = ("full sync of %dk keys"):format(keys // 1000)
  context.table:add { what = what .. ": time", unit = "ms", comparison = got.ms, target = 0.4, digits = 0 }
  context.table:add {
    what = what .. ": CPU, primary + replica", unit = "ms", comparison = got.cpu_ms, digits = 0,
  }
end
