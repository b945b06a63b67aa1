-- A server takes the configuration that a Redis user has, and does what it asks: files, the background, sockets, who
-- may come in; and says in its log what happens to it, in Redis's format.

local support = require "spec.server.support"

local signal = require "posix.signal"
local socket = require "posix.sys.socket"
local stat = require "posix.sys.stat"
local unistd = require "posix.unistd"

-- What the redis.conf of a distribution sets, but for its directories and port.
local REDIS_CONF = [[
protected-mode yes
tcp-backlog 511
timeout 0
tcp-keepalive 300
loglevel notice
databases 16
always-show-logo no
set-proc-title yes
proc-title-template "{title} {listen-addr} {server-mode}"
save 900 1
save 300 10
stop-writes-on-bgsave-error yes
rdbcompression yes
rdbchecksum yes
dbfilename dump.rdb
rdb-del-sync-files no
replica-serve-stale-data yes
replica-read-only yes
repl-diskless-sync yes
repl-diskless-sync-delay 5
repl-diskless-sync-max-replicas 0
repl-diskless-load disabled
repl-disable-tcp-nodelay no
replica-priority 100
acllog-max-len 128
lazyfree-lazy-eviction no
lazyfree-lazy-expire no
lazyfree-lazy-server-del no
replica-lazy-flush no
lazyfree-lazy-user-del no
lazyfree-lazy-user-flush no
oom-score-adj no
oom-score-adj-values 0 200 800
disable-thp yes
appendonly no
appendfilename "appendonly.aof"
appenddirname "appendonlydir"
appendfsync everysec
no-appendfsync-on-rewrite no
auto-aof-rewrite-percentage 100
auto-aof-rewrite-min-size 64mb
aof-load-truncated yes
aof-use-rdb-preamble yes
aof-timestamp-enabled no
slowlog-log-slower-than 10000
slowlog-max-len 128
latency-monitor-threshold 0
notify-keyspace-events ""
hash-max-listpack-entries 512
hash-max-listpack-value 64
list-max-listpack-size -2
list-compress-depth 0
set-max-intset-entries 512
zset-max-listpack-entries 128
zset-max-listpack-value 64
hll-sparse-max-bytes 3000
stream-node-max-bytes 4096
stream-node-max-entries 100
activerehashing yes
client-output-buffer-limit normal 0 0 0
client-output-buffer-limit replica 256mb 64mb 60
client-output-buffer-limit pubsub 32mb 8mb 60
hz 10
dynamic-hz yes
aof-rewrite-incremental-fsync yes
rdb-save-incremental-fsync yes
jemalloc-bg-thread yes
io-threads 4
io-threads-do-reads yes
propagation-error-behavior ignore
enable-module-command no
enable-protected-configs local
enable-debug-command no
active-defrag-threshold-lower 10
]]

local function read(path)
  local file <close> = io.open(path, "r")
  return file and file:read "a"
end

describe("the configuration of a Redis user", function()
  local servers, directory, started

  before_each(function()
    servers, started = support.servers(), {}
    directory = os.tmpname()
    os.remove(directory)
    assert(os.execute("mkdir " .. directory))
  end)

  after_each(function()
    servers:stop_all()
    for _, pid in ipairs(started) do signal.kill(pid, signal.SIGKILL) end
    os.execute("rm -rf " .. directory)
  end)

  local function file_with(text)
    local file <close> = assert(io.open(directory .. "/redis.conf", "w"))
    file:write(text)
    return directory .. "/redis.conf"
  end

  local function eventually_read(path, pattern)
    return support.eventually(pattern, function() return (read(path) or ""):match(pattern), read(path) end)
  end

  -- a server that goes into the background by itself: its process id
  local function daemon(text)
    local output, status = support.run { support.launcher(), "server", file_with(text) }
    assert.same({ "", 0 }, { output, status })
    local pid = tonumber(eventually_read(directory .. "/redis.pid", "^(%d+)\n$"))
    started[#started + 1] = pid
    eventually_read(directory .. "/redis.log", "eady to accept connections")
    return pid
  end

  local function gone(pid)
    support.eventually("it has ended", function() return signal.kill(pid, 0) == nil end)
  end

  it("starts as it is, and is done: in the background, with a pid file and a log", function()
    local lines = { "bind 127.0.0.1 -::1 -203.0.113.9", "port 0", "daemonize yes",
      "pidfile " .. directory .. "/redis.pid", "logfile " .. directory .. "/redis.log", "dir " .. directory }
    local pid = daemon(REDIS_CONF .. table.concat(lines, "\n"))
    local session = select(4, read(("/proc/%d/stat"):format(pid)):match "%) (%a) (%d+) (%d+) (%d+)")
    assert.equal(pid, tonumber(session)) -- a session of its own
    assert.equal("/dev/null", unistd.readlink(("/proc/%d/fd/1"):format(pid)))

    local log = read(directory .. "/redis.log")
    local port = log:match(("\n%d:M [^\n]* # Running mode=standalone, port=(%%d+), PID: %d\n"):format(pid, pid))
    for line in log:gmatch "[^\n]+" do
      assert.matches("^%d+:[CM] %d%d %a%a%a %d%d%d%d %d%d:%d%d:%d%d%.%d%d%d [.%-*#] %S", line)
    end
    for _, host in ipairs { "127.0.0.1", "::1" } do
      local output = support.run { "redis-cli", "-h", host, "-p", port, "CONFIG", "GET", "save" }
      if host == "127.0.0.1" or read "/proc/net/if_inet6" ~= "" then assert.equal("save\n900 1 300 10\n", output) end
    end
    assert.matches("^ERR DEBUG command not allowed", (support.run { "redis-cli", "-p", port, "DEBUG", "JMAP" }))
    signal.kill(pid, signal.SIGTERM)
    gone(pid)
    assert.is_nil(stat.stat(directory .. "/redis.pid"))
    assert.matches("# Received SIGTERM scheduling shutdown[^\n]*\n.*Saving the final RDB snapshot before exiting.\n"
      .. ".*DB saved on disk\n.*Removing the pid file.\n[^\n]*now ready to exit, bye bye...\n$",
      read(directory .. "/redis.log"))
  end)

  it("is tried before the process goes into the background", function()
    local config = file_with "daemonize yes\nport 0\nmaxmemory x\n"
    local output, status = support.run { support.launcher(), "server", config }
    assert.equal(1, status)
    assert.equal(("tidelock: server: %s/redis.conf:3: 'maxmemory x': argument must be a memory value\n")
      :format(directory), output)
  end)

  it("may ask for a UNIX socket, and for nothing else", function()
    local path = directory .. "/tide.sock"
    local pid = daemon(([[
dir %s
daemonize yes
pidfile redis.pid
logfile redis.log
port 0
unixsocket tide.sock
unixsocketperm 700
]]):format(directory))
    assert.matches("now ready to accept connections at tide.sock\n$", read(directory .. "/redis.log"))
    local found = stat.stat(path)
    assert.equal(448, found.st_mode & 511) -- 0700
    local function cli(...) return (support.run { "redis-cli", "-s", path, ... }) end
    assert.equal("OK\n", cli("SET", "a", "1"))
    assert.matches(" addr=tide.sock:0 laddr=tide.sock:0 .* flags=U ", cli("CLIENT", "LIST"))
    assert.matches("\ntcp_port:0\r\n", cli("INFO", "server"))
    -- what is for local clients is for them
    assert.equal("OK\n", cli("DEBUG", "SET-ACTIVE-EXPIRE", "1"))
    cli("SHUTDOWN", "NOSAVE")
    gone(pid)
    assert.is_nil(stat.stat(path))
  end)

  it("may protect parameters: the names of files", function()
    local closed = servers:start()
    assert.matches("can't set protected config", select(2, closed:call("CONFIG", "SET", "dbfilename", "x.rdb")))
    local open = servers:start { "--enable-protected-configs", "local" }
    assert.equal("OK", open:call("CONFIG", "SET", "dbfilename", "x.rdb"))
    assert.equal("OK", open:call "SAVE")
    assert.is_table(stat.stat(open.directory .. "/x.rdb"))
  end)

  it("tells systemd when it is ready, and when it goes", function()
    local address = { family = socket.AF_UNIX, path = directory .. "/notify" }
    local fd = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM, 0)
    assert(socket.bind(fd, address))
    require("posix.stdlib").setenv("NOTIFY_SOCKET", address.path)
    finally(function()
      require("posix.stdlib").setenv("NOTIFY_SOCKET", nil)
      unistd.close(fd)
    end)
    local server = servers:start { "--supervised", "systemd" }
    assert.equal("READY=1", socket.recv(fd, 100))
    server:stop()
    assert.equal("STOPPING=1", socket.recv(fd, 100))
  end)
end)

describe("the log of a server", function()
  local servers

  before_each(function() servers = support.servers() end)
  after_each(function() servers:stop_all() end)

  local function says(server, pattern)
    support.eventually(pattern, function() return server:log():find(pattern), server:log() end)
  end

  it("tells of replicas, snapshots and rewrites", function()
    local primary = servers:start { "--appendonly", "yes" }
    local replica = servers:start { replicaof = primary }
    replica:in_step_with(primary)
    says(primary, "%* Replica 127.0.0.1:%d+ asks for synchronization\n.*%* Full resync requested by replica 127")
    says(primary, "%* Synchronization with replica 127.0.0.1:%d+ succeeded\n")
    says(replica, ":S [^\n]*%* Connecting to MASTER 127.0.0.1:" .. primary.port .. "\n")
    says(replica, ":S [^\n]*%* MASTER <%-> REPLICA sync: Finished with success")
    assert.equal(1, primary:call("CLIENT", "KILL", "TYPE", "replica"))
    says(primary, "# Connection with replica 127.0.0.1:%d+ lost.\n")
    says(replica, ":S [^\n]*# Connection with master lost.\n")
    says(primary, "%* Partial resynchronization request from 127.0.0.1:%d+ accepted.")
    says(replica, "%* Successful partial resynchronization with master.\n")
    assert.equal("OK", replica:call("REPLICAOF", "NO", "ONE"))
    says(replica, ":M [^\n]*%* MASTER MODE enabled")
    assert.equal("Background saving started", primary:call "BGSAVE")
    says(primary, "%* Background saving started[^\n]*\n.*%* Background saving terminated with success\n")
    local before = #primary:log()
    support.eventually("a rewrite begins", function() return primary:call "BGREWRITEAOF" end)
    support.eventually("it is told", function()
      return primary:log():find("Background AOF rewrite finished successfully\n", before, true)
    end)
    primary:terminate()
    primary:await_end()
    primary:restart()
    says(primary, "%* DB loaded from append only file: %d+%.%d+ seconds\n")
  end)

  it("leaves out what loglevel says, and can be moved away", function()
    local server = servers:start { "--logfile", "log" } -- where the specs look, too
    local path = server.directory .. "/log"
    assert.equal("OK", server:call("DEBUG", "LOG", "one"))
    support.eventually("it is told", function() return read(path):find "# DEBUG LOG: one\n" end)
    assert(os.rename(path, path .. ".1"))
    assert.equal("OK", server:call("CONFIG", "SET", "loglevel", "warning"))
    assert.equal("OK", server:call("SAVE"))
    assert.equal("OK", server:call("DEBUG", "LOG", "two\nlines"))
    support.eventually("it is told", function() return read(path) end)
    assert.matches("^%d+:M [^\n]* # DEBUG LOG: two.lines\n$", read(path))
  end)
end)
