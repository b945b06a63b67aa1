-- Lua's memory runs out at every place in turn; see memory_script.lua. #once: the C side's memory has specs of its own.

describe("running out of Lua's memory #once", function()
  local host

  setup(function()
    host = os.tmpname()
    local command = "cc -o %s spec/lua/memory_host.c $(pkg-config --cflags --libs lua5.4) 2>&1"
    local pipe = assert(io.popen(command:format(host)))
    local output = pipe:read "a"
    assert.is_true(pipe:close(), output)
  end)

  teardown(function() os.remove(host) end)

  it("is an error, and leaves everything intact", function()
    local pipe = assert(io.popen(host .. " spec/lua/memory_script.lua 2>&1"))
    local output = pipe:read "a"
    assert.is_true(pipe:close(), output)
    local failures = {}
    for name, count in output:gmatch "([^\n\t]+)\t(%d+)\n" do failures[#failures + 1] = { name, tonumber(count) } end
    assert.equal(3, #failures, output)
    for _, swept in ipairs(failures) do assert.is_true(swept[2] > 30, output) end
  end)
end)
