-- The table of an experiment: a row per setting.

local report = {}

local function ms(value)
  return value and ("%.1f"):format(value) or "-"
end

local COLUMNS = {
  { "setting", function(s) return s.name end, "left" },
  { "trials", function(s) return ("%d"):format(s.trials) end },
  { "acked writes", function(s) return ("%d"):format(s.acked) end },
  { "acked_lost", function(s) return ("%d"):format(s.lost) end },
  { "lost %", function(s) return s.acked > 0 and ("%.3f"):format(100 * s.lost / s.acked) or "-" end },
  { "trials with loss", function(s) return ("%d"):format(s.trials_with_loss) end },
  { "given up", function(s) return ("%d"):format(s.given_up) end },
  { "p50 ms", function(s) return ms(s.p50) end },
  { "p99 ms", function(s) return ms(s.p99) end },
  { "write_unavailable p50 ms", function(s) return ms(s.unavailable_p50) end },
}

local function pad(text, width, left)
  local fill = (" "):rep(width - #text)
  return left and text .. fill or fill .. text
end

---Lays summaries out as a table, for a terminal.
---@param summaries tidelock.Summary[]
---@return string
function report.table(summaries)
  local rows, widths = { {} }, {}
  for c, column in ipairs(COLUMNS) do rows[1][c], widths[c] = column[1], #column[1] end
  for _, summary in ipairs(summaries) do
    local row = {}
    for c, column in ipairs(COLUMNS) do
      row[c] = column[2](summary)
      widths[c] = math.max(widths[c], #row[c])
    end
    rows[#rows + 1] = row
  end
  local lines = {}
  for _, row in ipairs(rows) do
    local cells = {}
    for c, cell in ipairs(row) do cells[c] = pad(cell, widths[c], COLUMNS[c][3]) end
    lines[#lines + 1] = table.concat(cells, "  ")
  end
  return table.concat(lines, "\n")
end

return report
