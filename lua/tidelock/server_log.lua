-- What a server says by itself: why it does not follow its primary (a history that it refuses), what a start cut off.

local server_log = {}

local PERIOD_S = 1

-- The same trouble again: other numbers in it are no news.
local function gist(text)
  return (text:gsub("%d+", "N"))
end

---What to say of a node, as it comes. To be asked now and then: it looks at most once a second.
---@param say fun(line: string)
---@return fun(node: tidelock.Node)
function server_log.new(say)
  local next_s, link, torn = 0, "", ""
  return function(node)
    local now = os.time()
    if now < next_s then return end
    next_s = now + PERIOD_S
    local state = node:state()
    if not state then return end
    if gist(state.link_error) ~= link then
      link = gist(state.link_error)
      if link ~= "" then say("replication: " .. state.link_error) end
    end
    if state.torn ~= torn then
      torn = state.torn
      if torn ~= "" then say("the end of the journal was cut off: " .. torn) end
    end
  end
end

return server_log
