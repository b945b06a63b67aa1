-- The families whose commands are compared (spec/differential/families/*.lua).

return { "strings", "keys", "hashes", "sets", "lists", "zsets", "streams", "sort" }
