-- Our server beside redis-server, the store beside a Lua table, and what the simulator costs.
--
--   make bench                                        everything (some minutes)
--   make bench BENCH_FLAGS="--quick"                  everything, smaller (about 20 s)
--   make bench BENCH_FLAGS="--only wait --rounds 9"   one row
--
-- bench/README.md says what each row means.

local directory = arg[0]:match "^(.*)/[^/]*$" or "."
package.path = directory .. "/../?.lua;" .. package.path

local argparse = require "argparse"
local signal = require "posix.signal"
local inside = require "bench.inside"
local machine = require "bench.machine"
local memory = require "bench.memory"
local report = require "bench.report"
local servers = require "bench.servers"
local traffic = require "bench.traffic"

local ROWS = {
  { name = "traffic", run = traffic.alone },
  { name = "replicated", run = traffic.replicated },
  { name = "commands", run = require "bench.commands" },
  { name = "memory", run = memory.keys },
  { name = "collections", run = memory.collections },
  { name = "pauses", run = require "bench.pauses" },
  { name = "snapshot", run = require "bench.snapshot" },
  { name = "sync", run = require "bench.full_sync" },
  { name = "wait", run = require("bench.wait").run },
  { name = "durable", run = require "bench.durable" },
  { name = "store", run = inside.store },
  { name = "trials", run = inside.trials },
  { name = "nodes", run = inside.nodes },
}

local FULL = {
  rounds = 5, keys = 1000000, requests = 1000000, command_requests = 500000, table_keys = 10000000,
  snapshot_keys = 2000000, sync_keys = 500000, round_trips = 2000, trials = 200, real_trials = 2, nodes = 10000,
}
local QUICK = {
  rounds = 1, keys = 100000, requests = 200000, command_requests = 100000, table_keys = 1000000,
  snapshot_keys = 500000, sync_keys = 100000, round_trips = 500, trials = 50, real_trials = 1, nodes = 2000,
}

local function read_options()
  local names = {}
  for i, row in ipairs(ROWS) do names[i] = row.name end
  local parser = argparse("bench/run.lua", "Measures tidelock beside redis-server and a plain Lua table.")
  parser:flag("--quick", "Fewer keys and one round: to see that it works.")
  parser:option("--only", "Only these rows."):choices(names):count "*"
  parser:option("--rounds", "Rounds of each comparison."):convert(math.tointeger)
  parser:option("--keys", "Keys there are in traffic, memory and store."):convert(math.tointeger)
  return parser:parse(arg)
end

-- What a row is given: its sizes, the table it adds to, files of requests that are made once.
local function make_context(given)
  local context = setmetatable({}, { __index = given.quick and QUICK or FULL })
  context.rounds, context.keys = given.rounds, given.keys
  context.directory = directory
  context.tidelock = os.getenv "TIDELOCK" or "tidelock"
  context.table = report.new()
  local files = {}
  function context:requests_file(key_format, value_size, keys)
    keys = keys or self.keys
    local name = ("%s %d %d"):format(key_format, value_size, keys)
    if not files[name] then
      files[name] = os.tmpname() -- noted first, so that it is removed whatever happens
      servers.write_requests(files[name], keys, key_format, value_size)
    end
    return files[name]
  end
  return setmetatable({}, {
    __index = context,
    __close = function()
      for _, path in pairs(files) do os.remove(path) end
    end,
  })
end

local function chosen(names)
  if #names == 0 then return ROWS end
  local wanted, rows = {}, {}
  for _, name in ipairs(names) do wanted[name] = true end
  for _, row in ipairs(ROWS) do
    if wanted[row.name] then rows[#rows + 1] = row end
  end
  return rows
end

-- An interruption is an error: worlds are closed on its way out, and with them their processes. A signal's handler
-- cannot raise, so it has the next instruction do so.
local function interrupt()
  debug.sethook(function()
    debug.sethook()
    error("interrupted", 0)
  end, "", 1)
end

for _, number in ipairs { signal.SIGINT, signal.SIGTERM, signal.SIGHUP } do signal.signal(number, interrupt) end

io.stdout:setvbuf "line"
local given = read_options()
local context <close> = make_context(given)
print(machine.describe(context) .. "\n")
for _, row in ipairs(chosen(given.only)) do
  io.stderr:write(row.name, "\n")
  row.run(context)
end
print("\n" .. context.table:text())
