-- What README.md and docs/ show works as it stands there.
--
--   ```lua   a whole script: run by the launcher; where lines end in `--> words`, these are what it prints, in order
--   ```sh    commands, a line each, comments aside. `make NAME`: there is such a target. `build/tidelock run FILE`:
--            there is such a file. `build/tidelock server ...`: runs until the block ends, at a port of its own.
--            `backup`, `check`, `restore` are run.
--            redis-cli is run; `... --> words`: what it prints
--   ```      a table of the lab's report has the columns that the report has today

local report = require "tidelock.lab.report"
local support = require "spec.server.support"

local dirent = require "posix.dirent"
local unistd = require "posix.unistd"

local function read(path)
  local file <close> = assert(io.open(path))
  return file:read "a"
end

-- The blocks of a page: { language, text, line }
local function blocks_of(path)
  local blocks, block, number = {}, nil, 0
  for line in io.lines(path) do
    number = number + 1
    local language = line:match "^```(.*)$"
    if language and not block then
      block = { language = language, line = number, lines = {} }
    elseif language then
      block.text = table.concat(block.lines, "\n") .. "\n"
      blocks[#blocks + 1], block = block, nil
    elseif block then
      block.lines[#block.lines + 1] = line
    end
  end
  assert.is_nil(block, "a block that does not end")
  return blocks
end

local function assert_file(path)
  assert.is_truthy(unistd.access(support.path(path)), path .. ": there is no such file")
end

local function words(text)
  return (text:gsub("%s+", " "):gsub("^ ", ""):gsub(" $", ""))
end

-- ---- lua ------------------------------------------------------------------------------------------------------------

local function run_lua(block)
  local expected = {}
  for comment in block.text:gmatch "%-%-> ([^\n]*)" do expected[#expected + 1] = words(comment) end
  local file = os.tmpname()
  do
    local script <close> = assert(io.open(file, "w"))
    script:write(block.text)
  end
  local output, status = support.run { support.launcher(), "run", file }
  os.remove(file)
  assert.equal(0, status, output)
  local printed = {}
  for line in output:gmatch "[^\n]+" do printed[#printed + 1] = words(line) end
  if #expected > 0 then assert.same(expected, printed) end
end

-- ---- sh -------------------------------------------------------------------------------------------------------------

local function make_targets()
  local targets = {}
  for name in read(support.path "Makefile"):gmatch "\n([%w-]+):" do targets[name] = true end
  return targets
end

local shell = {}

-- Options to `make` are variables: PREFIX=dir.
function shell.make(_, arguments)
  for _, word in ipairs(arguments) do
    assert.is_true(make_targets()[word] or word:find "^%u+=" ~= nil, "make " .. word .. ": there is no such target")
  end
end

-- Ports in a page are for its readers; here each gets a free one.
local function with_ports(session, arguments)
  local changed = {}
  for i, word in ipairs(arguments) do
    local server = word:find "^%d%d%d%d+$" and session.ports[word]
    changed[i] = server and server.port or word
  end
  return changed
end

-- Commands about backups run, in a directory of the block's own.
local BACKUPS = { backup = true, check = true, restore = true }

local function run_backups(session, arguments)
  if not session.directory then
    session.directory = os.tmpname()
    os.remove(session.directory)
    assert(os.execute("mkdir " .. session.directory))
  end
  local command = { "env", "-C", session.directory, support.launcher() }
  for _, word in ipairs(arguments) do
    local host, port = word:match "^(127%.0%.0%.1:)(%d+)$"
    command[#command + 1] = host and host .. session.ports[port].port or word
  end
  local output, status = support.run(command)
  assert.equal(0, status, output)
end

shell["build/tidelock"] = function(session, arguments)
  if BACKUPS[arguments[1]] then return run_backups(session, arguments) end
  if arguments[1] ~= "server" then
    assert.equal("run", arguments[1])
    return assert_file(arguments[2])
  end
  local given, port, i = {}, "6379", 2
  while arguments[i] do
    if arguments[i] == "--port" then
      port, i = arguments[i + 1], i + 1
    else
      given[#given + 1] = arguments[i]
    end
    i = i + 1
  end
  session.ports[port] = session.servers:start(with_ports(session, given))
end

shell["redis-cli"] = function(session, arguments)
  local command = with_ports(session, arguments)
  table.insert(command, 1, "redis-cli")
  local output, status = support.run(command)
  assert.equal(0, status, output)
  assert.not_matches("^Could not connect", output)
  assert.not_matches("^%(?error", output)
  return words(output)
end

local function run_shell(block)
  local session = { servers = support.servers(), ports = {} }
  local ok, problem = pcall(function()
    for _, line in ipairs(block.lines) do
      local expected = line:match "%-%-> (.*)$"
      local arguments = {}
      for word in line:gsub("%s+%-%->.*", ""):gsub("%s*#.*", ""):gsub("%s*&%s*$", ""):gmatch "%S+" do
        arguments[#arguments + 1] = word
      end
      local command = table.remove(arguments, 1)
      if command then
        assert.is_truthy(shell[command], ("this spec does not know '%s'"):format(command))
        local output = shell[command](session, arguments)
        if expected then assert.equal(words(expected), output) end
      end
    end
  end)
  session.servers:stop_all()
  if session.directory then os.execute("rm -r " .. session.directory) end
  if not ok then error(problem, 0) end
end

-- ---- tables ---------------------------------------------------------------------------------------------------------

local function check_table(block)
  if not block.text:find "acked_lost" then return end
  local heading = {}
  for line in report.table({}):gmatch "[^\n]+" do heading[#heading + 1] = words(line) end
  assert.same(heading, { words(block.lines[1]), words(block.lines[2]) })
end

-- ---- all of it ------------------------------------------------------------------------------------------------------

local CHECKS = { lua = run_lua, sh = run_shell, [""] = check_table }

local pages = {}
for _, directory in ipairs { "", "docs/" } do
  for name in dirent.files(support.path(directory)) do
    if name:find "%.md$" then pages[#pages + 1] = directory .. name end
  end
end
table.sort(pages)

for _, page in ipairs(pages) do
  describe(page, function()
    it("links to files that are there", function()
      for target in read(support.path(page)):gmatch "%]%(([^)#:]+)%)" do
        local directory = page:match "^(.*/)" or ""
        assert_file(directory .. target)
      end
    end)
    for _, block in ipairs(blocks_of(support.path(page))) do
      it(("line %d: %s"):format(block.line, block.language ~= "" and block.language or "output"), function()
        local check = CHECKS[block.language]
        assert.is_truthy(check, ("blocks in '%s' are not checked"):format(block.language))
        check(block)
      end)
    end
  end)
end
