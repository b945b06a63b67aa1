-- CPU time per SET and per GET, alone and with one replica attached: 50 clients, pipelines of 16, random keys that are
-- all there before it begins.

local measure = require "bench.measure"
local report = require "bench.report"
local servers = require "bench.servers"

local CLIENTS, PIPELINE, VALUE_SIZE = 50, 16, 32

-- One load on both servers, as two rows: CPU time and throughput.
local function compare(context, nodes, test, what, target)
  local function side(node)
    return function()
      return servers.drive(node, {
        test = test, requests = context.requests, keys = context.keys, clients = CLIENTS, pipeline = PIPELINE,
        value_size = VALUE_SIZE,
      })
    end
  end
  local got = measure.alternate(context.rounds, { ours = side(nodes.ours), rival = side(nodes.rival) }, true)
  context.table:add {
    what = ("%s: server CPU per command"):format(what), unit = "us", comparison = got.cpu_us, target = target,
    digits = 3,
  }
  context.table:add {
    what = ("%s: throughput"):format(what), unit = "k/s", comparison = report.scaled(got.per_second, 1e-3), digits = 0,
  }
end

-- Both servers filled, and with `replicated` a replica each; fn(nodes).
local function with_servers(context, replicated, fn)
  local our_world <close>, our_node = servers.start "ours"
  local rival_world <close>, rival_node = servers.start "rival"
  local path = context:requests_file("key:%012d", VALUE_SIZE)
  for world, node in pairs { [our_world] = our_node, [rival_world] = rival_node } do
    servers.fill(node, path, context.keys)
    if replicated then servers.await_stream(world, servers.add_replica(world, node)) end
  end
  fn { ours = our_node, rival = rival_node }
end

local traffic = {}

function traffic.alone(context)
  with_servers(context, false, function(nodes)
    compare(context, nodes, "set", "SET", 0.5)
    compare(context, nodes, "get", "GET", 0.5)
  end)
end

function traffic.replicated(context)
  with_servers(context, true, function(nodes)
    compare(context, nodes, "set", "SET, one replica attached", 0.5)
  end)
end

return traffic
