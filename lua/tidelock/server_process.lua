-- What `tidelock server` is among the processes of a machine: in the background or not, its pid file, what it tells the
-- one who supervises it.

local fcntl = require "posix.fcntl"
local signal = require "posix.signal"
local socket = require "posix.sys.socket"
local unistd = require "posix.unistd"

local server_process = {}

---Goes on as a child in a session of its own, without a terminal; who called is gone. Before anything has a thread or
---a descriptor that matters.
---@return true|nil, string? message
function server_process.daemonize()
  local pid, message = unistd.fork()
  if not pid then return nil, message end
  if pid ~= 0 then unistd._exit(0) end
  unistd.setpid "s"
  local null = fcntl.open("/dev/null", fcntl.O_RDWR)
  if not null then return true end
  for fd = 0, 2 do unistd.dup2(null, fd) end
  if null > 2 then unistd.close(null) end
  return true
end

---@return true|nil, string? message
function server_process.write_pid(path)
  local file, message = io.open(path, "w")
  if not file then return nil, message end
  file:write(unistd.getpid(), "\n")
  file:close()
  return true
end

-- systemd's protocol: a datagram to a socket that it names in the environment; @ is the abstract name space.
local function tell_systemd(text)
  local path = os.getenv "NOTIFY_SOCKET"
  if not path or not path:find "^[/@]." then return false end
  local fd = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM, 0)
  if not fd then return false end
  local sent = socket.sendto(fd, text, { family = socket.AF_UNIX, path = path:gsub("^@", "\0") })
  unistd.close(fd)
  return sent ~= nil
end

---Who supervises this process, of what `supervised` allows: "systemd", "upstart" or false.
---@param supervised string "no", "systemd", "upstart" or "auto"
---@return string|false
function server_process.supervisor(supervised)
  supervised = supervised:lower()
  if supervised == "no" then return false end
  if supervised ~= "upstart" and os.getenv "NOTIFY_SOCKET" then return "systemd" end
  if supervised ~= "systemd" and os.getenv "UPSTART_JOB" then return "upstart" end
  return false
end

---Says to the supervisor how it goes; to nobody where there is none.
---@param supervisor string|false
---@param text "READY=1"|"STOPPING=1"
function server_process.tell(supervisor, text)
  if supervisor == "systemd" then return tell_systemd(text) end
  if supervisor == "upstart" and text == "READY=1" then
    return signal.kill(unistd.getpid(), signal.SIGSTOP) == 0
  end
  return false
end

return server_process
