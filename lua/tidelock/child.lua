-- Child processes of a script, and what they leave on disk. However the script ends, also by SIGKILL, they end with it:
-- a *keeper*, a shell that does nothing but read a pipe from the script, sees the pipe end, kills those that are left
-- and removes their directory.

local fcntl = require "posix.fcntl"
local signal = require "posix.signal"
local socket = require "posix.sys.socket"
local stat = require "posix.sys.stat"
local stdlib = require "posix.stdlib"
local unistd = require "posix.unistd"
local wait = require "posix.sys.wait"

local child = {}

-- $1: the directory
local KEEPER = [[
trap '' INT TERM HUP
pids=
while read -r what pid; do
  case $what in
  started) pids="$pids $pid" ;;
  ended) rest=; for p in $pids; do [ "$p" = "$pid" ] || rest="$rest $p"; done; pids=$rest ;;
  esac
done
[ -z "$pids" ] || kill -9 $pids
rm -rf -- "$1"
]]

local CREATED_PRIVATE = 384 -- rw for the owner

-- In the child: becomes the command. Only the three streams stay open, and a signal for the script's terminal is not
-- for its children.
local function become(words, input, output)
  unistd.setpid("p", 0, 0)
  signal.signal(signal.SIGPIPE, signal.SIG_DFL)
  unistd.dup2(input, 0)
  unistd.dup2(output, 1)
  unistd.dup2(output, 2)
  for fd = 3, 255 do unistd.close(fd) end
  local _, problem = unistd.execp(words[1], table.move(words, 2, #words, 1, { [0] = words[1] }))
  unistd.write(2, (problem or "it cannot be executed") .. "\n")
  unistd._exit(127)
end

-- ---- a group of children --------------------------------------------------------------------------------------------

---@class tidelock.Children
---@field directory string of all of them; gone when they are
---@field package keeper integer its process id
---@field package pipe integer
---@field package count integer
local Children = {}
Children.__index = Children

---@return tidelock.Children
function child.group()
  local directory = assert(stdlib.mkdtemp((os.getenv "TMPDIR" or "/tmp") .. "/tidelock-XXXXXX"))
  local from, to = assert(unistd.pipe())
  fcntl.fcntl(to, fcntl.F_SETFD, fcntl.FD_CLOEXEC)
  local keeper = assert(unistd.fork())
  if keeper == 0 then
    local null = fcntl.open("/dev/null", fcntl.O_WRONLY)
    become({ "/bin/sh", "-c", KEEPER, "keeper", directory }, from, null)
  end
  unistd.close(from)
  return setmetatable({ directory = directory, keeper = keeper, pipe = to, count = 0 }, Children)
end

local function tell(children, what, pid)
  unistd.write(children.pipe, ("%s %d\n"):format(what, pid))
end

---A directory for one child.
---@return string
function Children:new_directory()
  self.count = self.count + 1
  local path = ("%s/%d"):format(self.directory, self.count)
  assert(stat.mkdir(path))
  return path
end

---Starts a command in a directory; what it prints goes to the file `output` there.
---@param words string[]
---@param directory string
---@return integer pid
function Children:start(words, directory)
  local pid = assert(unistd.fork())
  if pid ~= 0 then
    tell(self, "started", pid)
    return pid
  end
  unistd.chdir(directory)
  local null = fcntl.open("/dev/null", fcntl.O_RDONLY)
  become(words, null, fcntl.open("output", fcntl.O_WRONLY | fcntl.O_CREAT | fcntl.O_TRUNC, CREATED_PRIVATE))
end

---Whether a child has ended: how and with what status or signal ("exited", 1).
---@param pid integer
---@return string? how, integer? status
function Children:ended(pid)
  local found, how, status = wait.wait(pid, wait.WNOHANG)
  if found ~= pid then return nil end
  tell(self, "ended", pid)
  return how, status
end

---Kills a child, stopped or not.
---@param pid integer
function Children:kill(pid)
  signal.kill(pid, signal.SIGKILL)
  wait.wait(pid)
  tell(self, "ended", pid)
end

---Kills those that are left, removes the directory.
function Children:close()
  if not self.pipe then return end
  unistd.close(self.pipe)
  self.pipe = nil
  wait.wait(self.keeper)
end

-- ---- what else servers need -----------------------------------------------------------------------------------------

---The last lines of what a child printed.
---@param directory string
---@return string
function child.output(directory)
  local file <close> = io.open(directory .. "/output", "rb")
  if not file then return "" end
  file:seek("set", math.max(0, file:seek "end" - 600))
  local lines = {}
  for line in file:read("a"):gmatch "[^\r\n]+" do lines[#lines + 1] = line end
  return table.concat(lines, "\n", math.max(1, #lines - 3))
end

---Whether nobody listens at a port of 127.0.0.1.
---@param port integer
---@return boolean
function child.is_free(port)
  local fd = assert(socket.socket(socket.AF_INET, socket.SOCK_STREAM, 0))
  socket.setsockopt(fd, socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
  local bound = socket.bind(fd, { family = socket.AF_INET, addr = "127.0.0.1", port = port })
  unistd.close(fd)
  return bound ~= nil
end

-- Below those that systems hand out to connections: a server that is down gets its port back.
local PORT_MIN, PORT_MAX = 15000, 32000

---A port nobody listens at just now.
---@return integer
function child.free_port()
  for _ = 1, 1000 do
    local port = math.random(PORT_MIN, PORT_MAX)
    if child.is_free(port) then return port end
  end
  error "no free port found"
end

return child
