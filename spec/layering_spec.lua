-- The plan of the house, checked against the house: which room may include which, what the pure rooms keep away from,
-- no state outside a handle, no file that grew too long or says nothing about itself. All from the sources' text.

local lfs = require "lfs"

-- the tower, from the top; an include goes to its own room or to a lower one
local ROOMS = { "lua", "world", "node", "replication", "persist", "resp", "command", "store", "base" }
local FLOOR = {}
for i, room in ipairs(ROOMS) do FLOOR[room] = #ROOMS - i end

local LINES_MAX = 600

-- Below world/ a node is pure, so these system headers are all it may see: no socket, clock, thread, file, signal.
-- (<sys/mman.h> is base/slab's, for pages of memory that can be given back; no other room may have it.)
local PURE_HEADERS = {
  "arm_neon", "assert", "ctype", "emmintrin", "endian", "errno", "float", "immintrin", "inttypes", "limits", "locale",
  "math", "stdalign", "stdarg", "stdbool", "stddef", "stdint", "stdio", "stdlib", "stdnoreturn", "string", "strings",
}

-- what a library never does to its host, in any room
local NEVER_CALLED = {
  "abort", "exit", "_exit", "_Exit", "quick_exit", "fork", "vfork", "system", "printf", "vprintf", "puts", "putchar",
  "rand", "srand", "rand_r", "random", "srandom", "drand48", "lrand48", "setlocale",
}

-- what only a world may do
local IMPURE_CALLED = {
  "time", "clock", "clock_gettime", "gettimeofday", "nanosleep", "usleep", "sleep", "localtime", "gmtime", "getenv",
  "getpid", "getrandom", "fprintf", "vfprintf", "perror", "fputs", "fopen", "fwrite", "open", "read", "write", "close",
  "fsync", "rename", "unlink", "signal", "raise", "kill",
}

-- ---- reading ----------------------------------------------------------------------------------------------------

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "a"
  file:close()
  return text
end

-- paths of all files under `dir` whose name ends in one of `endings` (in any, if there are none), sorted
local function files_under(dir, endings)
  local found = {}
  local function walk(path)
    for name in lfs.dir(path) do
      local inner = path .. "/" .. name
      local mode = lfs.symlinkattributes(inner, "mode")
      if mode == "directory" and name ~= "." and name ~= ".." and name ~= ".git" and inner ~= "./build" then
        walk(inner)
      elseif mode == "file" then
        local wanted = not endings
        for _, ending in ipairs(endings or {}) do wanted = wanted or name:sub(-#ending) == ending end
        if wanted then found[#found + 1] = inner end
      end
    end
  end
  if lfs.attributes(dir, "mode") == "directory" then walk(dir) end
  table.sort(found)
  return found
end

local function set(list)
  local s = {}
  for _, v in ipairs(list) do s[v] = true end
  return s
end

-- the same C text with every comment blank and every literal empty; lines stay where they are
local function code_only(text)
  local out, i = {}, 1
  while i <= #text do
    local two, one = text:sub(i, i + 1), text:sub(i, i)
    local stop
    if two == "/*" then
      stop = (text:find("*/", i + 2, true) or #text) + 1
      out[#out + 1] = text:sub(i, stop):gsub("[^\n]", " ")
    elseif two == "//" then
      stop = (text:find("\n", i, true) or #text + 1) - 1
    elseif one == '"' or one == "'" then
      stop = i + 1
      while stop <= #text and text:sub(stop, stop) ~= one do
        stop = stop + (text:sub(stop, stop) == "\\" and 2 or 1)
      end
      out[#out + 1] = one .. one
    else
      stop = i
      out[#out + 1] = one
    end
    i = stop + 1
  end
  return table.concat(out)
end

local function line_of(text, position)
  return select(2, text:sub(1, position):gsub("\n", "")) + 1
end

-- { line, name, quoted } of each #include
local function includes(text)
  local list, number = {}, 0
  for line in (text .. "\n"):gmatch "(.-)\n" do
    number = number + 1
    local open, name = line:match '^%s*#%s*include%s*([<"])([^>"]+)[>"]'
    if open then list[#list + 1] = { line = number, name = name, quoted = open == '"' } end
  end
  return list
end

-- lines on which one of `names` is called; a field of that name may be
local function calls(text, names)
  local found, code = {}, code_only(text)
  for _, name in ipairs(names) do
    local at = 1
    while true do
      local first, last = code:find("%f[%w_]" .. name .. "%f[^%w_]%s*%(", at)
      if not first then break end
      local before = code:sub(math.max(1, first - 2), first - 1)
      if before:sub(-1) ~= "." and before ~= "->" then
        found[#found + 1] = ("%d: %s()"):format(line_of(code, first), name)
      end
      at = last
    end
  end
  return found
end

-- ---- state at file level ------------------------------------------------------------------------------------------

local function without_attributes(text)
  return (text:gsub("__attribute__%s*%b()", " "):gsub("_Static_assert%s*%b()", " "):gsub("_Alignas%s*%b()", " "))
end

-- Does this declaration, its bodies empty and its initializer gone, make an object that can change?
local function is_mutable(declaration)
  local d = declaration:gsub("%b[]", " "):gsub("%s+", " "):match "^ ?(.-) ?$"
  if d == "" or d:find "^typedef " then return false end
  for _, kind in ipairs { "struct", "union", "enum" } do
    if d:find("^[%a ]*" .. kind .. " [%w_]* ?{?}?$") then return false end -- a type alone
  end
  local pointer_to_function = d:match "^[^(]*(%( ?%*[^()]*%))"
  if d:find("(", 1, true) and not pointer_to_function then return false end -- a prototype
  local object = pointer_to_function or d:match "^.*%*(.*)$" or d
  return not object:find "%f[%w_]const%f[^%w_]"
end

-- Declarations of changeable objects that live as long as the program: at file level, and `static` ones in functions.
local function mutable_state(text)
  local found = {}
  local code = without_attributes(code_only(text):gsub("\\\n", "  "):gsub("%f[^\n\0]%s*#[^\n]*", ""))
  local function look(declaration)
    declaration = declaration:gsub("%b{}", " {} "):match "^[^=]*"
    if is_mutable(declaration) then found[#found + 1] = declaration:gsub("%s+", " "):match "^ ?(.-) ?$" end
  end
  local at = 1
  while at <= #code do
    local semicolon = code:find(";", at, true) or #code + 1
    local brace = code:find("{", at, true) or #code + 1
    if brace > semicolon or brace > #code then
      look(code:sub(at, semicolon - 1))
      at = semicolon + 1
    else
      local head = code:sub(at, brace - 1)
      local _, close = code:find("%b{}", brace)
      close = close or #code
      if head:find "%)%s*$" and not head:find "=" then -- a function
        for inside in code:sub(brace, close):gmatch "%f[%w_]()static%f[^%w_]" do
          look((code:sub(brace + inside - 1, close):gsub("%b{}", " {} "):match "^[^;]*"))
        end
        at = close + 1
      elseif head:find 'extern%s*""%s*$' then
        at = brace + 1
      else -- a type's body or an initializer: the declaration goes on to the semicolon
        local stop = code:find(";", close, true) or #code + 1
        look(code:sub(at, stop - 1))
        at = stop + 1
      end
    end
  end
  return found
end

-- ---- circles ------------------------------------------------------------------------------------------------------

-- a path that comes back to its start, in a graph { name = { name, ... } }, or nil
local function circle(graph)
  local state, path = {}, {}
  local function visit(name)
    if state[name] == "done" then return end
    path[#path + 1] = name
    if state[name] == "open" then return path end
    state[name] = "open"
    for _, to in ipairs(graph[name] or {}) do
      local found = visit(to)
      if found then return found end
    end
    state[name] = "done"
    path[#path] = nil
  end
  local names = {}
  for name in pairs(graph) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do
    local found = visit(name)
    if found then return found end
  end
end

-- ---- the checks -----------------------------------------------------------------------------------------------------

local SOURCES = files_under("csrc", { ".c", ".h" })

-- check(path, room, text) returns a list of complaints; they are gathered over all sources
local function complain_over_sources(check)
  local complaints = {}
  for _, path in ipairs(SOURCES) do
    for _, complaint in ipairs(check(path, path:match "^csrc/([^/]+)/", read(path)) or {}) do
      complaints[#complaints + 1] = path .. ":" .. complaint
    end
  end
  assert.same({}, complaints)
end

local function below_world(room) return FLOOR[room] and FLOOR[room] < FLOOR.world end

describe("the house #once", function()
  it("has sources", function()
    assert.is_true(#SOURCES > 0)
  end)

  it("has only the rooms of the plan", function()
    complain_over_sources(function(_, room)
      if not FLOOR[room] then return { " not in a room" } end
    end)
  end)

  it("includes downwards only, as room/file.h", function()
    complain_over_sources(function(_, room, text)
      local wrong = {}
      for _, include in ipairs(includes(text)) do
        local to = include.name:match "^([^/]+)/[^/]+%.h$"
        if include.quoted and not FLOOR[to] then
          wrong[#wrong + 1] = ("%d: \"%s\" is not room/file.h"):format(include.line, include.name)
        elseif include.quoted and FLOOR[to] > FLOOR[room] then
          wrong[#wrong + 1] = ("%d: %s/ includes upwards: %s"):format(include.line, room, include.name)
        end
      end
      return wrong
    end)
  end)

  it("includes in no circle", function()
    local graph = {}
    for _, path in ipairs(SOURCES) do
      local to = {}
      for _, include in ipairs(includes(read(path))) do
        if include.quoted then to[#to + 1] = include.name end
      end
      graph[path:match "^csrc/(.*)$"] = to
    end
    local found = circle(graph)
    assert.is_nil(found and table.concat(found, " -> "))
  end)

  it("includes no .c file", function()
    complain_over_sources(function(_, _, text)
      for _, include in ipairs(includes(text)) do
        if include.name:find "%.c$" then return { include.line .. ": " .. include.name } end
      end
    end)
  end)

  it("is pure below world/: no header of a socket, clock, thread, file, loop or Lua", function()
    local allowed = set(PURE_HEADERS)
    complain_over_sources(function(_, room, text)
      local wrong = {}
      for _, include in ipairs(includes(text)) do
        local pages = include.name == "sys/mman.h" and room == "base"
        if below_world(room) and not include.quoted and not pages
          and not allowed[include.name:match "^(.*)%.h$"] then
          wrong[#wrong + 1] = ("%d: <%s>"):format(include.line, include.name)
        end
      end
      return wrong
    end)
  end)

  it("is pure below world/: no call to a clock, a file or the environment", function()
    complain_over_sources(function(_, room, text)
      return below_world(room) and calls(text, IMPURE_CALLED)
    end)
  end)

  it("never ends its host, prints to stdout, forks or uses the C library's randomness", function()
    complain_over_sources(function(_, _, text)
      return calls(text, NEVER_CALLED)
    end)
  end)

  it("keeps all state behind handles", function()
    complain_over_sources(function(_, _, text)
      local found = mutable_state(text)
      for i, declaration in ipairs(found) do found[i] = " changeable: " .. declaration end
      return found
    end)
  end)

  it("has files that are short and open by saying what they are for", function()
    local complaints = {}
    local function check(path, opening)
      local text = read(path)
      local lines = select(2, text:gsub("\n", ""))
      if lines > LINES_MAX then complaints[#complaints + 1] = ("%s: %d lines"):format(path, lines) end
      if not text:gsub("^#![^\n]*\n", ""):find(opening) then
        complaints[#complaints + 1] = path .. ": no head comment"
      end
    end
    for _, dir in ipairs { "csrc", "spec" } do
      for _, path in ipairs(files_under(dir, { ".c", ".h" })) do check(path, "^/[*/]") end
    end
    for _, dir in ipairs { "lua", "spec", "examples", "bench" } do
      for _, path in ipairs(files_under(dir, { ".lua" })) do check(path, "^%-%-") end
    end
    assert.same({}, complaints)
  end)

  it("leaves nothing marked as unfinished", function()
    local marks, complaints = { "TO" .. "DO", "FIX" .. "ME", "X" .. "XX" }, {}
    for _, path in ipairs(files_under ".") do
      local text = read(path)
      for _, mark in ipairs(marks) do
        local at = text:find("%f[%w_]" .. mark .. "%f[^%w_]")
        if at then complaints[#complaints + 1] = ("%s:%d: %s"):format(path, line_of(text, at), mark) end
      end
    end
    assert.same({}, complaints)
  end)
end)

describe("the house's checks themselves #once", function()
  it("see includes, and not those in words", function()
    local list = includes '#include <a.h>\n  # include "base/b.h"\n// see #include "c.h"\n'
    assert.same({ { line = 1, name = "a.h", quoted = false }, { line = 2, name = "base/b.h", quoted = true } }, list)
  end)

  it("see calls, and not fields, comments, literals or longer names", function()
    local text = 'x->exit(1); s.exit(2);\n/* exit(3) */ "exit(4)" my_exit(5);\n// exit(6)\nif (x) exit (7);\n'
    assert.same({ "4: exit()" }, calls(text, { "exit" }))
  end)

  it("see circles", function()
    assert.is_nil(circle { a = { "b", "c" }, b = { "c" }, c = {} })
    assert.same({ "a", "b", "a" }, circle { a = { "b" }, b = { "a" } })
  end)

  it("see what can change", function()
    for _, text in ipairs {
      "static int x;", "int x = 1;", "static const char *names[] = { 0 };", "static struct s { int a; } x;",
      "struct s x;", "static char buffer[10];", "extern int x;", "static int (*hook)(void);",
      "int f(void)\n{\n    static int calls;\n    return calls++;\n}", "static _Thread_local int x;",
      "static struct test x = { .f = { 1 } };", "#define X 1\nstatic int x = X;\nint f(int a) { return a; }",
      "static const struct s *last;",
    } do
      assert.same(1, #mutable_state(text), text)
    end
  end)

  it("pass what cannot", function()
    for _, text in ipairs {
      "static const int x = 1;", "static const char *const names[] = { 0 };", "struct s { int a; };", "struct s;",
      "enum e { A, B };", "enum { A = 1 };", "typedef struct s { int a; } s;", "typedef int (*f)(void);",
      "int f(int a);", "static int f(int *a)\n{\n    int b = 1;\n    return b + *a;\n}",
      "struct s *f(const char *a, struct t *b);", "static int (*const hook)(void) = f;",
      "const struct s *f(void) { static const int x[] = { 1, 2 }; return x; }", "extern const struct s table[];",
      "static const struct s table[] = { { \"a\", f }, { \"b{\", g } };", "_Static_assert(sizeof(int) == 4, \"\");",
      "void f(int (*callback)(void *, int), void *data);", "__attribute__((cold)) static void f(void) { return; }",
      "static inline void f(void) { for (int i = 0; i < 2; i++) { } }", "#define A(x) \\\n  static int x;\n",
      "int f(int a) __attribute__((pure));", "union u { int a; };",
      "int f(void)\n{\n    static const struct { int a; char b; } x[] = { { 1, 2 } };\n    return x[0].a;\n}",
    } do
      assert.same({}, mutable_state(text), text)
    end
  end)
end)
