-- The table that is printed: what, ours, rival, ratio, target, and how far it is.

local report = {}

---@class bench.Row
---@field what string
---@field unit string
---@field digits? integer of numbers with this unit
---@field comparison? bench.Comparison both sides
---@field own? bench.Spread ours alone
---@field target? number of the ratio, or of `own`
---@field limit? number instead of a target: what our own number of a comparison may be at most
---@field at_least? boolean the target is a floor (otherwise a ceiling)

local Table = {}
Table.__index = Table

local HEADINGS = { "what", "unit", "ours", "rival", "ours / rival", "target", "" }

local function number(value, digits)
  return ("%%.%df"):format(digits):format(value)
end

-- "1.20 (1.10 to 1.31)"
local function spread(s, digits)
  if not s then return "-" end
  if s.low == s.high then return number(s.median, digits) end
  return ("%s (%s to %s)"):format(number(s.median, digits), number(s.low, digits), number(s.high, digits))
end

-- what is judged against the target
local function judged(row)
  return row.comparison and row.comparison.ratio.median or row.own.median
end

local function verdict(row)
  if row.limit then return row.comparison.ours.median <= row.limit and "reached" or "falls short" end
  if not row.target then return "" end
  local value = judged(row)
  if row.at_least then
    if value >= row.target then return "reached" end
    return ("falls short by %.0f %%"):format((1 - value / row.target) * 100)
  end
  if value <= row.target then return "reached" end
  return ("falls short by %.0f %%"):format((value / row.target - 1) * 100)
end

local function cells(row)
  local c, digits = row.comparison, row.digits or 2
  return {
    row.what, row.unit, spread(c and c.ours or row.own, digits), spread(c and c.rival, digits),
    c and spread(c.ratio, 2) or "-",
    row.limit and ("ours <= %g"):format(row.limit)
      or row.target and ("%s %g"):format(row.at_least and ">=" or "<=", row.target) or "",
    verdict(row),
  }
end

---@param row bench.Row
function Table:add(row)
  table.insert(self.rows, row)
  io.stderr:write(("  %s: %s %s  %s\n"):format(row.what,
    row.comparison and "ratio " .. spread(row.comparison.ratio, 2) or spread(row.own, row.digits or 2),
    row.comparison and "" or row.unit, verdict(row)))
end

-- "     2 rows of 3 …" below the table
local function summary(rows)
  local reached, judged_rows = 0, 0
  for _, row in ipairs(rows) do
    if row.target or row.limit then
      judged_rows = judged_rows + 1
      if verdict(row) == "reached" then reached = reached + 1 end
    end
  end
  return ("%d of %d targets reached"):format(reached, judged_rows)
end

---@return string
function Table:text()
  local lines = { HEADINGS }
  for _, row in ipairs(self.rows) do lines[#lines + 1] = cells(row) end
  local widths = {}
  for _, line in ipairs(lines) do
    for i, cell in ipairs(line) do widths[i] = math.max(widths[i] or 0, #cell) end
  end
  local out = {}
  for _, line in ipairs(lines) do
    for i, cell in ipairs(line) do line[i] = cell .. (" "):rep(widths[i] - #cell) end
    out[#out + 1] = (table.concat(line, "  "):gsub("%s+$", ""))
  end
  table.insert(out, 2, (("-"):rep(#out[1])))
  out[#out + 1] = ""
  out[#out + 1] = summary(self.rows)
  return table.concat(out, "\n")
end

function report.new()
  return setmetatable({ rows = {} }, Table)
end

---A comparison in another unit.
---@param comparison bench.Comparison
---@param factor number
---@return bench.Comparison
function report.scaled(comparison, factor)
  local function scale(s) return { median = s.median * factor, low = s.low * factor, high = s.high * factor } end
  return { ours = scale(comparison.ours), rival = scale(comparison.rival), ratio = comparison.ratio }
end

return report
