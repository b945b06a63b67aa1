-- The families whose commands are compared (spec/differential/families/*.lua); `alone`: those that do not mix with
-- others.

return { "strings", "keys", "hashes", "sets", "lists", "zsets", "streams", "sort", "bits", "transactions", "asking",
  alone = { "pubsub", "blocking" } }
