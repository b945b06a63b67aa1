std = "lua54"
max_line_length = 120
codes = true
exclude_files = { "build/**" }
files["spec"] = { std = "+busted" }
files["rockspec"] = { std = "rockspec" }
files["lua/tidelock/meta"] = { ignore = { "212", "241" } } -- declarations for editors
