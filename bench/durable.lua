-- What waiting for replicas costs: the same pipelined SETs at one primary with one replica attached, answered at once
-- (rival) or when the replica has applied them (ours): by the node's rule, ANY 1. And beside the round trips of SET
-- and WAIT 1, one after the other, which is what a client does where there is nothing else.

local measure = require "bench.measure"
local report = require "bench.report"
local servers = require "bench.servers"
local wait = require "bench.wait"

local CLIENTS, VALUE_SIZE = 50, 32

return function(context)
  local world <close>, node = servers.start "ours"
  local replica = servers.add_replica(world, node, "b")
  servers.await_stream(world, replica)
  local function side(rule, clients, pipeline, requests)
    return function()
      assert(node:sync(rule))
      servers.await_level(world, node, replica)
      return servers.drive(node, {
        test = "set", requests = requests, keys = context.keys, clients = clients, pipeline = pipeline,
        value_size = VALUE_SIZE,
      })
    end
  end
  for _, pipeline in ipairs { 16, 128 } do
    local got = measure.alternate(context.rounds, {
      ours = side("ANY 1 (b)", CLIENTS, pipeline, context.requests),
      rival = side(false, CLIENTS, pipeline, context.requests),
    }, true)
    context.table:add {
      what = ("SET, ANY 1 beside async, pipeline %d: throughput"):format(pipeline), unit = "k/s",
      comparison = report.scaled(got.per_second, 1e-3), digits = 0, target = 0.8, at_least = true,
    }
    context.table:add {
      what = ("SET, ANY 1 beside async, pipeline %d: CPU of the primary"):format(pipeline), unit = "us",
      comparison = got.cpu_us, digits = 3,
    }
  end
  -- one client each: its pipeline against its round trips
  local function round_trips()
    assert(node:sync(false))
    return { per_second = 1e6 / wait.round_trip(node, wait.one_by_one, context.round_trips).p50 }
  end
  local pipelined = side("ANY 1 (b)", 1, 128, context.requests // 4)
  local got = measure.alternate(context.rounds, {
    ours = function() return { per_second = pipelined().per_second } end, rival = round_trips,
  }, true)
  context.table:add {
    what = "SET, one client: ANY 1 pipelined beside SET, WAIT 1 one by one", unit = "/s", comparison = got.per_second,
    digits = 0, target = 10, at_least = true,
  }
end
