-- Servers for the specs: real processes, ours and redis-server, started, stopped and asked.
--
--   local servers = support.servers()
--   after_each(function() servers:stop_all() end)
--   local primary = servers:start()
--   local replica = servers:start { replicaof = primary, "--repl-timeout", 5 }
--   local real = servers:redis { replicaof = primary }
--
-- Nothing here sleeps to let something happen: `support.eventually` asks again until a deadline. A server of ours that
-- is stopped must end with status 0 within its deadline; under a sanitizer that also says it leaked nothing. Should the
-- run itself be killed, the servers go with it (PDEATHSIG).

local resp = require "spec.server.resp"

local fcntl = require "posix.fcntl"
local poll = require "posix.poll"
local signal = require "posix.signal"
local socket = require "posix.sys.socket"
local time = require "posix.time"
local unistd = require "posix.unistd"
local wait = require "posix.sys.wait"

local support = { resp = resp }

local START_MS, STOP_MS, EVENTUALLY_MS = 20000, 10000, 20000

-- ---- time -----------------------------------------------------------------------------------------------------------

---Milliseconds on a clock that only goes forward.
function support.now_ms()
  local now = time.clock_gettime(time.CLOCK_MONOTONIC)
  return now.tv_sec * 1000 + now.tv_nsec / 1e6
end

---Asks until the answer is true; returns it. Raises with the last answer when the time is up.
---@param what string what is waited for, for the message
---@param ask fun(): any, any an answer, and what to say of a false one
---@param timeout_ms? number
function support.eventually(what, ask, timeout_ms)
  local deadline = support.now_ms() + (timeout_ms or EVENTUALLY_MS)
  while true do
    local answer, why = ask()
    if answer then return answer end
    if support.now_ms() > deadline then error(("not in time: %s (%s)"):format(what, tostring(why or answer)), 2) end
    poll.poll({}, 2)
  end
end

-- ---- commands -------------------------------------------------------------------------------------------------------

---A word for the shell.
local function quote(word)
  return "'" .. tostring(word):gsub("'", "'\\''") .. "'"
end

---Runs a command to its end, killed after 60 s; what it printed (both streams) and its exit status.
---@param words any[] the command; `stdin`: what it reads
---@return string output, integer status
function support.run(words)
  local parts = {}
  for i, word in ipairs(words) do parts[i] = quote(word) end
  local input = "/dev/null"
  if words.stdin then
    input = os.tmpname()
    local file <close> = assert(io.open(input, "wb"))
    file:write(words.stdin)
  end
  local pipe = io.popen(("timeout -k 1 60 %s 2>&1 < %s"):format(table.concat(parts, " "), input), "r")
  local output = pipe:read "a"
  local _, _, status = pipe:close()
  if words.stdin then os.remove(input) end
  return output, status
end

---Raises at the first line in which two texts differ.
function support.same_lines(expected, told)
  local rest = expected:gmatch "[^\n]*"
  for line in told:gmatch "[^\n]*" do
    local other = rest()
    if line ~= other then error(("expected: %s\ntold:     %s"):format(other, line), 2) end
  end
  local other = rest()
  if other then error(("expected: %s\ntold nothing more"):format(other), 2) end
end

---A path of the repository, wherever the specs are run from.
function support.path(name)
  local here = debug.getinfo(1, "S").source:match "^@(.*)spec/server/support.lua$"
  return (here == "" and "." or here) .. "/" .. name
end

---Compiles spec/server/NAME.c, unless that is done; the program.
function support.program(name, ...)
  local source, program = support.path("spec/server/" .. name .. ".c"), support.path("build/spec/" .. name)
  local _, newer = support.run { "test", program, "-nt", source }
  if newer ~= 0 then
    support.run { "mkdir", "-p", support.path "build/spec" }
    -- under a name of its own: several runs may build it at once
    local mine = ("%s.%d"):format(program, unistd.getpid())
    local output, status = support.run { "cc", "-std=c11", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra", "-Werror",
      "-o", mine, source, ... }
    assert(status == 0, output)
    assert(os.rename(mine, program))
  end
  return program
end

-- ---- processes ------------------------------------------------------------------------------------------------------

-- Starts a command in a directory with its output in the file `log` there; its process id.
local function spawn(words, directory)
  local arguments = { [0] = "setpriv", "--pdeathsig", "KILL", "--" }
  for _, word in ipairs(words) do arguments[#arguments + 1] = tostring(word) end
  local pid = assert(unistd.fork())
  if pid ~= 0 then return pid end
  signal.signal(signal.SIGPIPE, signal.SIG_DFL)
  unistd.chdir(directory)
  local null = fcntl.open("/dev/null", fcntl.O_RDONLY)
  local log = fcntl.open("log", fcntl.O_WRONLY | fcntl.O_CREAT | fcntl.O_APPEND, 420)
  unistd.dup2(null, 0)
  unistd.dup2(log, 1)
  unistd.dup2(log, 2)
  for fd = 3, 255 do unistd.close(fd) end
  unistd.execp(arguments[0], arguments)
  unistd._exit(127)
end

-- A port nobody listens on just now.
local function free_port()
  local fd = assert(socket.socket(socket.AF_INET, socket.SOCK_STREAM, 0))
  assert(socket.bind(fd, { family = socket.AF_INET, addr = "127.0.0.1", port = 0 }))
  local port = assert(socket.getsockname(fd)).port
  unistd.close(fd)
  return port
end

-- ---- one server -----------------------------------------------------------------------------------------------------

local Server = {}
Server.__index = Server

---What the server printed.
function Server:log()
  local file <close> = io.open(self.directory .. "/log", "r")
  return file and file:read "a" or ""
end

---Whether the process has ended: how ("exited", "killed") and with what status or signal.
function Server:ended()
  if not self.pid then return self.how, self.status end
  local pid, how, status = wait.wait(self.pid, wait.WNOHANG)
  if pid ~= self.pid then return nil end
  self.pid, self.how, self.status = nil, how, status
  return how, status
end

---Waits until the process has ended.
function Server:await_end(timeout_ms)
  support.eventually(self.kind .. " ends", function() return self:ended() end, timeout_ms or STOP_MS)
  return self.how, self.status
end

-- The port it listens on: ours says so itself, being told to find one.
local function port_of(server)
  if server.port ~= 0 then return server.port end
  return tonumber(server:log():match "Ready to accept connections on port (%d+)")
end

---Starts the process, again perhaps, and waits until it answers.
function Server:launch()
  self.pid, self.how, self.status, self.terminated = spawn(self.words, self.directory), nil, nil, false
  support.eventually(self.kind .. " answers", function()
    local how, status = self:ended()
    if how then error(("%s ended at once (%s %s): %s"):format(self.kind, how, status, self:log()), 0) end
    local port = port_of(self)
    local client = port and resp.connect(port)
    if not client then return nil, self:log() end
    self.port = port
    local answered, message = client:call "PING"
    client:close()
    return answered or message:find "^NOAUTH", message
  end, START_MS)
  return self
end

---Starts it again at the port it had.
function Server:restart()
  assert(not self.pid, "it is running")
  for i, word in ipairs(self.words) do
    if word == "--port" then self.words[i + 1] = self.port end
  end
  self.client = nil
  return self:launch()
end

function Server:signal(number)
  assert(self.pid, "it is not running")
  assert(signal.kill(self.pid, number))
end

---SIGKILL.
function Server:kill()
  self:signal(signal.SIGKILL)
  self:await_end()
end

-- Its state in /proc: a stopped process is in state T.
local function state_of(pid)
  local file <close> = assert(io.open(("/proc/%d/stat"):format(pid)))
  return file:read("a"):match "%) (%a)"
end

---SIGSTOP, in force when this returns.
function Server:freeze()
  self:signal(signal.SIGSTOP)
  support.eventually("stopped", function() return state_of(self.pid) == "T" end)
end

function Server:thaw()
  self:signal(signal.SIGCONT)
end

---Asks it to end in order, frozen or not; once, because it is on its way out then.
function Server:terminate()
  if not self.pid or self:ended() or self.terminated then return end
  self.terminated = true
  self:thaw()
  self:signal(signal.SIGTERM)
end

---Ends it in order; nil and why where it did not end as it should.
function Server:stop()
  self:terminate()
  if not self.pid then return true end
  local in_time = pcall(self.await_end, self)
  if not in_time then
    self:kill()
    return nil, ("%s did not end within %d ms after SIGTERM: %s"):format(self.kind, STOP_MS, self:log())
  elseif self.kind == "tidelock" and (self.how ~= "exited" or self.status ~= 0) then
    return nil, ("tidelock %s %s: %s"):format(self.how, self.status, self:log())
  end
  return true
end

-- ---- asking it ------------------------------------------------------------------------------------------------------

---A new connection.
function Server:connect(timeout_s)
  return assert(resp.connect(self.port, timeout_s))
end

-- the connection that `call` and its like share
local function client_of(server)
  if not server.client then server.client = server:connect() end
  return server.client
end

function Server:call(...)
  return client_of(self):call(...)
end

function Server:pipeline(commands)
  return client_of(self):pipeline(commands)
end

---redis-cli with these arguments; what it printed and its status.
function Server:cli(arguments)
  local words = { "redis-cli", "-p", self.port, stdin = arguments.stdin }
  for _, word in ipairs(arguments) do words[#words + 1] = word end
  return support.run(words)
end

---The fields of INFO; numbers as numbers.
function Server:info(section)
  local fields = {}
  for name, value in assert(self:call("INFO", section or "everything")):gmatch "([%w_]+):([^\r\n]*)" do
    fields[name] = tonumber(value) or value
  end
  return fields
end

function Server:follow(primary)
  return assert(self:call("REPLICAOF", "127.0.0.1", primary.port))
end

---Waits until it is in step with `primary`, at whatever offset that is now.
function Server:in_step_with(primary)
  support.eventually(("%s in step with %s"):format(self.kind, primary.kind), function()
    local there, here = primary:info "replication", self:info "replication"
    local same = here.master_link_status == "up" and here.master_replid == there.master_replid
      and here.slave_repl_offset == there.master_repl_offset
    return same, ("%s %s:%s here, %s:%s there"):format(here.master_link_status, here.master_replid,
      here.slave_repl_offset, there.master_replid, there.master_repl_offset)
  end)
end

-- ---- a group of servers ---------------------------------------------------------------------------------------------

local Servers = {}
Servers.__index = Servers

function support.servers()
  return setmetatable({ list = {} }, Servers)
end

local function add(servers, kind, words, port, given)
  local directory = os.tmpname()
  os.remove(directory)
  assert(os.execute("mkdir " .. quote(directory)))
  for _, word in ipairs(given) do words[#words + 1] = tostring(word) end
  if given.replicaof then
    table.move({ "--replicaof", "127.0.0.1", tostring(given.replicaof.port) }, 1, 3, #words + 1, words)
  end
  local server = setmetatable({ kind = kind, words = words, port = port, directory = directory }, Server)
  servers.list[#servers.list + 1] = server
  return server
end

---The launcher of the build that is tested.
function support.launcher()
  return os.getenv "TIDELOCK" or support.path "build/tidelock"
end

---Starts a server of ours, which saves nothing unless told to: further words of its command line, `replicaof`: another
---server, `port`: not any.
function Servers:start(given)
  given = given or {}
  local port = given.port or 0
  local words = { support.launcher(), "server", "--port", port, "--save", "" }
  return add(self, "tidelock", words, port, given):launch()
end

---Starts a command that is expected to end by itself: server with `log`, `await_end`.
function Servers:spawn(words)
  local server = add(self, "command", words, 0, {})
  server.pid = spawn(words, server.directory)
  return server
end

---Starts a redis-server.
function Servers:redis(given)
  local port = free_port()
  return add(self, "redis", { "redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "",
    "--appendonly", "no", "--repl-diskless-sync-delay", 0, "--enable-debug-command", "local" }, port,
    given or {}):launch()
end

---Starts a server of ours (kind "tidelock") or Redis's ("redis") with nothing but a configuration file: a port, and
---these lines.
---@return table server, string path of the file
function Servers:configured(kind, lines)
  local port = free_port()
  local words = kind == "redis" and { "redis-server", "redis.conf" } or { support.launcher(), "server", "redis.conf" }
  local server = add(self, kind, words, port, {})
  local path = server.directory .. "/redis.conf"
  local file <close> = assert(io.open(path, "w"))
  file:write("port ", port, "\n", lines)
  file:close()
  return server:launch(), path
end

---Starts a redis-sentinel that watches `primary` under the name "main"; `quorum` of them have to agree that it is down.
function Servers:sentinel(primary, quorum)
  local port = free_port()
  local server = add(self, "sentinel", { "redis-sentinel", "sentinel.conf" }, port, {})
  local file <close> = assert(io.open(server.directory .. "/sentinel.conf", "w"))
  file:write(("port %d\nbind 127.0.0.1\n"):format(port),
    ("sentinel monitor main 127.0.0.1 %d %d\n"):format(primary.port, quorum),
    "sentinel down-after-milliseconds main 1500\nsentinel failover-timeout main 4000\n")
  file:close()
  return server:launch()
end

---Ends all of them and clears up; raises if one did not end as it should.
function Servers:stop_all()
  local problems = {}
  for _, server in ipairs(self.list) do
    if server.client then server.client:close() end
    server:terminate()
  end
  for _, server in ipairs(self.list) do
    local done, message = server:stop()
    if not done then problems[#problems + 1] = message end
  end
  -- not before: another may have the files of one that ended earlier
  for _, server in ipairs(self.list) do os.execute("rm -rf " .. quote(server.directory)) end
  self.list = {}
  assert(#problems == 0, table.concat(problems, "\n"))
end

return support
