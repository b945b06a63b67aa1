-- A server that says what it is told: for what a client makes of replies no command of ours gives. It lives in a task
-- of a live world.

local socket = require "posix.sys.socket"
local poll = require "posix.poll"
local unistd = require "posix.unistd"

local fake_server = {}

local function readable(fd)
  return poll.rpoll(fd, 0) == 1
end

-- one connection: each request is answered by the next of `answers`, as it is; the first is the client's HELLO
local function serve(world, fd, answers)
  local answered, pending = 0, ""
  while answered < #answers do
    if readable(fd) then
      local bytes = unistd.read(fd, 65536)
      if not bytes or bytes == "" then break end
      pending = pending .. bytes
      -- a request begins with its number of words
      while pending:find "%*%d+\r\n" do
        local words = tonumber(pending:match "%*(%d+)\r\n")
        local rest = pending:match "%*%d+\r\n(.*)"
        for _ = 1, words do
          local size, after = rest:match "^%$(%d+)\r\n()"
          rest = size and #rest >= after + size + 1 and rest:sub(after + size + 2) or nil
          if not rest then break end
        end
        if not rest then break end
        pending = rest
        answered = answered + 1
        socket.send(fd, answers[answered] or "")
      end
    end
    world:sleep(0.2)
  end
  unistd.close(fd)
end

---Listens at a free port and serves one connection; returns the address.
---@param world tidelock.World
---@param answers string[]
---@return string
function fake_server.start(world, answers)
  local fd = assert(socket.socket(socket.AF_INET, socket.SOCK_STREAM, 0))
  assert(socket.bind(fd, { family = socket.AF_INET, addr = "127.0.0.1", port = 0 }))
  assert(socket.listen(fd, 8))
  local port = assert(socket.getsockname(fd)).port
  world:go(function()
    while not readable(fd) do world:sleep(0.2) end
    local connection = assert(socket.accept(fd))
    unistd.close(fd)
    serve(world, connection, answers)
  end)
  return "127.0.0.1:" .. port
end

return fake_server
