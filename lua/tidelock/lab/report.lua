-- The table of an experiment: a row per setting, columns in groups.

local report = {}

local function count(field)
  return function(s) return ("%d"):format(s[field]) end
end

local function percentile(field, fraction)
  return function(s)
    local value = s[field]:percentile(fraction)
    return value and ("%.1f"):format(value) or "-"
  end
end

-- group, name, text
local COLUMNS = {
  { "", "setting", function(s) return s.name end },
  { "acknowledged", "writes", count "acked" },
  { "acked_lost", "writes", count "lost" },
  { "acked_lost", "%", function(s) return s.acked > 0 and ("%.3f"):format(100 * s.lost / s.acked) or "-" end },
  { "trials", "with loss", function(s) return ("%d of %d"):format(s.trials_with_loss, s.trials) end },
  { "given", "up", count "given_up" },
  { "write ms", "p50", percentile("latency", 0.5) },
  { "write ms", "p99", percentile("latency", 0.99) },
  { "write_unavailable ms", "p50", percentile("write_unavailable", 0.5) },
  { "write_unavailable ms", "p99", percentile("write_unavailable", 0.99) },
}

local GAP = "  "

-- The columns of the group that begins at c: the last of them.
local function end_of_group(c)
  local last = c
  while COLUMNS[last + 1] and COLUMNS[last + 1][1] == COLUMNS[c][1] do last = last + 1 end
  return last
end

-- Each group's heading above its columns, which are widened where it is longer.
local function heading(widths)
  local cells, c = {}, 1
  while COLUMNS[c] do
    local last, width = end_of_group(c), -#GAP
    for i = c, last do width = width + #GAP + widths[i] end
    local missing = #COLUMNS[c][1] - width
    if missing > 0 then
      widths[c], width = widths[c] + missing, width + missing
    end
    cells[#cells + 1] = (" "):rep(width - #COLUMNS[c][1]) .. COLUMNS[c][1]
    c = last + 1
  end
  return table.concat(cells, GAP)
end

---Lays summaries out as a table, for a terminal.
---@param summaries tidelock.Summary[]
---@return string
function report.table(summaries)
  local rows, widths = { {} }, {}
  for c, column in ipairs(COLUMNS) do
    rows[1][c], widths[c] = column[2], #column[2]
    for r, summary in ipairs(summaries) do
      rows[r + 1] = rows[r + 1] or {}
      rows[r + 1][c] = column[3](summary)
      widths[c] = math.max(widths[c], #rows[r + 1][c])
    end
  end
  local lines = { heading(widths) }
  for _, row in ipairs(rows) do
    local cells = {}
    for c, cell in ipairs(row) do
      local fill = (" "):rep(widths[c] - #cell)
      cells[c] = c == 1 and cell .. fill or fill .. cell
    end
    lines[#lines + 1] = table.concat(cells, GAP)
  end
  return table.concat(lines, "\n")
end

return report
