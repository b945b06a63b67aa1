-- The command line: `tidelock server`, `run`, `backup`, `restore`, `check`. build/tidelock and LuaRocks' `tidelock`
-- call `main`.
--
-- Each subcommand is a function of its words that returns the exit status; what it prints goes to stdout, what went
-- wrong to stderr, in one line where that is enough.

local argparse = require "argparse"
local backup_cli = require "tidelock.backup_cli"
local errors = require "tidelock.errors"
local tidelock = require "tidelock"

local function complain(format, ...)
  io.stderr:write("tidelock: ", format:format(...), "\n")
  return 1
end

-- ---- run ----------------------------------------------------------------------------------------------------------

-- A script with its arguments in `arg` and `...`, as the lua command runs one.
local function run(words)
  local script = words[1]
  local chunk, problem = loadfile(script)
  if not chunk then return complain("%s", problem) end
  local arguments = table.move(words, 2, #words, 1, { [0] = script })
  _G.arg = arguments -- luacheck: ignore 122
  local ok, result = xpcall(chunk, function(message)
    if errors.is(message) and message.code == "USAGE" then return message.message end
    if type(message) ~= "string" and not getmetatable(message) then return message end
    message = tostring(message)
    -- what comes out of a task brings its own
    return message:find("\nstack traceback:\n", 1, true) and message or debug.traceback(message, 2)
  end, table.unpack(arguments))
  if ok then return 0 end
  return complain("%s", tostring(result))
end

-- ---- the parser -----------------------------------------------------------------------------------------------------

local function make_parser()
  local parser = argparse("tidelock", "A replicated in-memory store that a script can define, watch and break.")
    :add_help(false):require_command(false):command_target "command"
  parser:flag("-h --help", "Show this help and exit.")
  parser:flag("-v --version", "Show the version and exit.")

  local server = parser:command("server", "Serve Redis clients.")
    :add_help(false):handle_options(false)
    :usage "Usage: tidelock server [<config-file>] [--port <port>] [--replicaof <host> <port>] [--<name> <value> ...]"
    :epilog(table.concat({
      "Options, as Redis has them:",
      "   --port <port>               Listen on this port (default: 6379; 0: a free one).",
      "   --bind <address> ...        Listen on these addresses (default: all).",
      "   --replicaof <host> <port>   Follow this primary (also --slaveof).",
      "   --<name> <value> ...        Any parameter of a configuration file.",
      "",
      "<config-file> has lines `name value`, as redis.conf; `-` reads them from stdin.",
      "SIGTERM and SIGINT stop the server cleanly.",
    }, "\n"))
  server:argument("words", "A configuration file and options."):args "*"

  local script = parser:command("run", "Run a script with this module on its path.")
    :add_help(false):handle_options(false)
    :usage "Usage: tidelock run <script> [<argument> ...]"
  script:argument("words", "The script, and what it is given as `arg`."):args "*"
  backup_cli.add(parser)
  return parser, { server = server, run = script }
end

local function wants_help(words)
  return words[1] == "--help" or words[1] == "-h"
end

---Runs the command line.
---@param words string[]
---@return integer status
local function main(words)
  local parser, commands = make_parser()
  local ok, given = parser:pparse(table.move(words, 1, #words, 1, {}))
  if not ok then
    io.stderr:write(parser:get_usage(), "\n\n")
    return complain("%s", given)
  end
  if given.version then
    print("tidelock " .. tidelock.version)
    return 0
  elseif backup_cli[given.command] then
    return backup_cli[given.command](given, complain)
  elseif given.command and wants_help(given.words) then
    print(commands[given.command]:get_help())
    return 0
  elseif given.command == "server" then
    return require("tidelock.server").main(given.words, complain)
  elseif given.command == "run" then
    if #given.words == 0 then
      io.stderr:write(commands.run:get_usage(), "\n\n")
      return complain "missing argument 'script'"
    end
    return run(given.words)
  elseif given.help then
    print(parser:get_help())
    return 0
  end
  io.stderr:write(parser:get_help(), "\n")
  return 1
end

return { main = main }
