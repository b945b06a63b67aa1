-- SET and WAIT 1, one replica attached, everything on loopback: the median round trip a client sees.
--
-- The client is a blocking socket: write, read, no more. "In one": both requests in one segment, the answer is complete
-- with WAIT's reply. "One by one": WAIT is sent when SET's reply is there.

local measure = require "bench.measure"
local servers = require "bench.servers"

local socket = require "posix.sys.socket"
local unistd = require "posix.unistd"

local SET = "*3\r\n$3\r\nSET\r\n$10\r\nk%09d\r\n$32\r\n%032d\r\n"
local WAIT = "*3\r\n$4\r\nWAIT\r\n$1\r\n1\r\n$4\r\n1000\r\n"

local function connect(node)
  local fd = assert(socket.socket(socket.AF_INET, socket.SOCK_STREAM, 0))
  assert(socket.connect(fd, { family = socket.AF_INET, addr = node.host, port = node.port }))
  assert(socket.setsockopt(fd, socket.IPPROTO_TCP, socket.TCP_NODELAY, 1))
  return fd
end

-- sends `request` and reads `reply`, and nothing else
local function exchange(fd, request, reply)
  assert(socket.send(fd, request))
  local got = ""
  while #got < #reply do
    local part = assert(socket.recv(fd, 256))
    if part == "" then error("the server closed the connection", 0) end
    got = got .. part
  end
  if got ~= reply then error(("'%s' expected, got '%s'"):format(reply, got), 0) end
end

local function together(fd, i)
  exchange(fd, SET:format(i, i) .. WAIT, "+OK\r\n:1\r\n")
end

local function one_by_one(fd, i)
  exchange(fd, SET:format(i, i), "+OK\r\n")
  exchange(fd, WAIT, ":1\r\n")
end

-- the median round trip, us
local function round_trip(node, how, count)
  local fd = connect(node)
  local times = {}
  for i = 1, count do
    local began = measure.now()
    how(fd, i)
    times[i] = (measure.now() - began) * 1e6
  end
  unistd.close(fd)
  return { p50 = measure.percentile(times, 0.5), p99 = measure.percentile(times, 0.99) }
end

local function run(context)
  local our_world <close>, our_node = servers.start "ours"
  local rival_world <close>, rival_node = servers.start "rival"
  servers.await_stream(our_world, servers.add_replica(our_world, our_node))
  servers.await_stream(rival_world, servers.add_replica(rival_world, rival_node))
  local function compare(what, how, target)
    local got = measure.alternate(2 * context.rounds + 1, {
      ours = function() return round_trip(our_node, how, context.round_trips) end,
      rival = function() return round_trip(rival_node, how, context.round_trips) end,
    }, true)
    context.table:add { what = what .. ": p50", unit = "us", comparison = got.p50, target = target, digits = 1 }
    context.table:add { what = what .. ": p99", unit = "us", comparison = got.p99, digits = 1 }
  end
  compare("SET + WAIT 1, in one", together, 0.9)
  compare("SET, WAIT 1, one by one", one_by_one, 0.9)
end

return { run = run, round_trip = round_trip, one_by_one = one_by_one }
