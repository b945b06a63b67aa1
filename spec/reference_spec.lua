-- docs/commands.md and the annotations are what the table of commands says today.

local support = require "spec.server.support"

describe("the command reference #once", function()
  it("is as `make docs` would write it", function()
    local output, status = support.run { support.launcher(), "run", "docs/generate.lua", "--check" }
    assert.equal(0, status, output)
  end)

  it("shows the syntax as it is used, and differences where there are any", function()
    local file <close> = assert(io.open(support.path "docs/commands.md"))
    local text = file:read "a"
    for _, part in ipairs {
      "`ZADD key [NX | XX] [GT | LT] [CH] [INCR] score member [score member ...]`",
      "`LMPOP numkeys key [key ...] <LEFT | RIGHT> [COUNT count]`",
      "`OBJECT ENCODING key`",
      "**Unlike Redis:** Compares texts in the C locale",
    } do
      assert.is_truthy(text:find(part, 1, true), part)
    end
  end)
end)
