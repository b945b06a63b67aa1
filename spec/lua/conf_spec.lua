-- Redis's configuration: lines, files, command lines.

local conf = require "tidelock.conf"

-- { name, value } of each parameter
local function plain(list)
  local pairs_of = {}
  for i, parameter in ipairs(list) do pairs_of[i] = { parameter[1], parameter[2] } end
  return pairs_of
end

describe("a configuration line", function()
  it("is words, which may be quoted", function()
    assert.same({ "a", "b", "c" }, conf.words "  a b\tc  ")
    assert.same({}, conf.words "   ")
    assert.same({ "save", "" }, conf.words 'save ""')
    assert.same({ "a b", "c'd", "e\"f" }, conf.words [["a b" 'c\'d' "e\"f"]])
    assert.same({ "\n\r\t\0\255x" }, conf.words [["\n\r\t\x00\xffx"]])
    assert.same({ [[a\nb]] }, conf.words [['a\nb']])
    assert.same({ "a'b" }, conf.words "a'b")
  end)

  it("has quotes that are closed, and blanks after them", function()
    for _, line in ipairs { '"a', "'a", '"a"b', "'a'b", '"a\\' } do assert.is_nil(conf.words(line), line) end
  end)
end)

describe("a configuration file", function()
  local path

  before_each(function() path = os.tmpname() end)
  after_each(function() os.remove(path) end)

  local function read(text, more)
    local file = assert(io.open(path, "w"))
    file:write(text)
    file:close()
    local list, message = conf.command_line { path, table.unpack(more or {}) }
    return list and plain(list), message
  end

  it("is a list of parameters, of which a later one stands", function()
    assert.same({ { "maxmemory", "2mb" }, { "replicaof", "h 2" } }, read [[
# a comment

maxmemory 1mb
slaveof h 1
MaxMemory 2mb
replicaof h 2
]])
  end)

  it("adds up those that Redis adds up", function()
    assert.same({ { "save", "900 1 300 10" } }, read "save 900 1\nsave 300 10\n")
    assert.same({ { "save", "" } }, read 'save 900 1\nsave ""\n')
  end)

  it("comes before the command line", function()
    assert.same({ { "port", "2" }, { "bind", "1.2.3.4 ::1" } },
      read("port 1", { "--port", "2", "--bind", "1.2.3.4", "::1" }))
  end)

  it("may include all of a kind, and never itself", function()
    local directory = os.tmpname()
    os.remove(directory)
    assert(os.execute("mkdir " .. directory))
    finally(function() os.execute("rm -r " .. directory) end)
    local function file(name, text)
      local f <close> = assert(io.open(directory .. "/" .. name, "w"))
      f:write(text)
      return directory .. "/" .. name
    end
    local a, b = file("a.conf", "port 1"), file("b.conf", "timeout 2")
    local all = file("all", "include " .. directory .. "/*.conf")
    assert.same({ { "port", "1" }, { "timeout", "2" } }, plain(conf.command_line { all }))
    local none = file("none", "include " .. directory .. "/*.none\nhz 3")
    assert.same({ { "hz", "3" } }, plain(conf.command_line { none }))
    local twice = file("twice", ("include %s\ninclude %s"):format(a, a))
    assert.same({ { "port", "1" } }, plain(conf.command_line { twice }))
    local own = directory .. "/own"
    assert.same({ nil, ("%s:2: '%s' includes itself"):format(own, own) },
      { conf.command_line { file("own", "\ninclude " .. own) } })
    file("a.conf", "include " .. b)
    file("b.conf", "#\n#\ninclude " .. a)
    assert.same({ nil, ("%s:1: %s:3: '%s' includes itself"):format(a, b, a) }, { conf.command_line { a } })
  end)

  it("may include others", function()
    local other = os.tmpname()
    local file = io.open(other, "w")
    file:write "port 5\nmaxmemory 1mb"
    file:close()
    assert.same({ { "port", "5" }, { "maxmemory", "2mb" } }, read("include " .. other .. "\r\nmaxmemory 2mb"))
    os.remove(other)
    local list, message = read("include /nonexistent")
    assert.is_nil(list)
    assert.equal(path .. ":1: /nonexistent: No such file or directory", message)
  end)

  it("that is wrong is located", function()
    assert.same({ nil, path .. ":2: unbalanced quotes" }, { read 'port 1\nname "x\n' })
    assert.same({ nil, path .. ":1: 'port': wrong number of arguments" }, { read "port\n" })
  end)
end)

describe("a command line", function()
  it("is options with values", function()
    assert.same({ { "port", "1" }, { "replicaof", "h 2" }, { "save", "" } },
      plain(conf.command_line { "--port", "1", "--slaveof", "h", "2", "--save", "" }))
    assert.same({}, conf.command_line {})
    assert.same({ { "x", "-1" } }, plain(conf.command_line { "--x", "-1" }))
  end)

  it("has a value after each name, whatever it looks like; both may be one word", function()
    assert.same({ { "x", "--y" }, { "z", "1" } }, plain(conf.command_line { "--x", "--y", "--z", "1" }))
    assert.same({ { "save", "" }, { "z", "1" } }, plain(conf.command_line { "--save", "--z", "1" }))
    assert.same({ { "z", "1" }, { "save", "" } }, plain(conf.command_line { "--z", "1", "--save" }))
    assert.same({ { "x", "a b" }, { "y", "--z" } }, plain(conf.command_line { "--x 'a b'", "--y --z" }))
  end)

  it("that is wrong is told", function()
    assert.same({ nil, "command line: 'port': wrong number of arguments" }, { conf.command_line { "--port" } })
    assert.same({ nil, "command line: 'port \"1\" \"2\"': wrong number of arguments" },
      { conf.command_line { "--port", "1", "2" } })
    assert.same({ nil, "command line: 'replicaof \"h\"': wrong number of arguments" },
      { conf.command_line { "--replicaof", "h", "--port", "1" } })
    assert.same({ nil, "command line: '--x \"': unbalanced quotes" }, { conf.command_line { '--x "' } })
    assert.same({ nil, "/nonexistent: No such file or directory" }, { conf.command_line { "/nonexistent" } })
  end)
end)
