-- tidelock run bench/inside/pinger.lua PORT PID [KEYS]: a PING each millisecond on a connection of its own, until its
-- standard input ends; then how long the answers took, and how much CPU time the server (of that PID) took meanwhile. A
-- first line says that it has begun. With KEYS it is not a PING, but a SET of a key drawn from so many.
--
-- A PING that cannot be sent because the one before has no answer yet is sent late, and counted from when it was due: a
-- pause of a second is a thousand slow answers, not one.
--
-- The CPU time is what the server does to whoever waits, of its own accord or for others, and not what the machine does
-- to the server; threads of its own that work beside it count too. Linux adds up what a thread has used when it
-- sleeps and with each tick: of a server that does not sleep it may be a tick too much, 4 ms at 250 Hz.

local measure = require "bench.measure"

local poll = require "posix.poll"
local socket = require "posix.sys.socket"
local ptime = require "posix.time"

local INTERVAL_S, LOOK_EVERY = 0.001, 50
local PROCESS_CLOCK = 2 -- Linux: the CPU clock of a process is its id's complement, shifted by three bits, and 2

local fd = assert(socket.socket(socket.AF_INET, socket.SOCK_STREAM, 0))
assert(socket.connect(fd, { family = socket.AF_INET, addr = "127.0.0.1", port = math.tointeger(tonumber(arg[1])) }))
assert(socket.setsockopt(fd, socket.IPPROTO_TCP, socket.TCP_NODELAY, 1))

local clock = ~assert(math.tointeger(tonumber(arg[2]))) << 3 | PROCESS_CLOCK
local keys, value = math.tointeger(tonumber(arg[3])), ("x"):rep(32)

local function server_cpu()
  local used = assert(ptime.clock_gettime(clock))
  return used.tv_sec + used.tv_nsec * 1e-9
end

local function ping()
  local request = keys and ("SET key:%012d %s\r\n"):format(math.random(0, keys - 1), value) or "PING\r\n"
  assert(socket.send(fd, request))
  local got = ""
  repeat got = got .. assert(socket.recv(fd, 64)) until got:find "\n"
  assert(got == (keys and "+OK\r\n" or "+PONG\r\n"), got)
end

collectgarbage "generational"
ping()
print "ready"
io.stdout:flush()
local times, cpu_times, due = {}, {}, measure.now()
while #times % LOOK_EVERY ~= 0 or poll.rpoll(0, 0) == 0 do
  due = due + INTERVAL_S
  local ahead = due - measure.now()
  if ahead > 0 then ptime.nanosleep { tv_sec = 0, tv_nsec = math.floor(ahead * 1e9) } end
  -- the sleep's own lateness is the machine's
  local from = ahead > 0 and measure.now() or due
  local cpu = server_cpu()
  ping()
  times[#times + 1] = (measure.now() - from) * 1e3
  cpu_times[#times] = (server_cpu() - cpu) * 1e3
end
print(("p50_ms %.3f"):format(measure.percentile(times, 0.5)))
print(("p99_ms %.3f"):format(measure.percentile(times, 0.99)))
print(("p999_ms %.3f"):format(measure.percentile(times, 0.999)))
print(("worst_ms %.3f"):format(times[#times]))
print(("cpu_p999_ms %.3f"):format(measure.percentile(cpu_times, 0.999)))
print(("count %d"):format(#times))
