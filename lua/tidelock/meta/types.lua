---@meta tidelock.meta.types
-- Types for editors: options, results and what else has no code of its own. Never loaded.

---A number of milliseconds, fractions allowed.
---@alias tidelock.Milliseconds number

---What a command takes: strings as they are, numbers in decimal, true as 1 and false as 0.
---@alias tidelock.Word string|number|boolean

---What a command answers: OK is `true`, null `nil`, integers, floats, strings, tables. An error is `nil` and then the
---message and its first word.
---@alias tidelock.Reply any

---Stands for null inside arrays and maps.
---@class tidelock.null: userdata

---An error reply inside an array or map. `tostring` gives the message.
---@class tidelock.Error
---@field message string the full text
---@field code string its first word: "WRONGTYPE", …
---@field outcome? "info"|"fail" a client's request without a reply: it may have been executed, or certainly was not

---@class tidelock.StoreOptions
---@field databases? integer how many (default: 16)
---@field clock? fun(): number says how late it is, in unix milliseconds (default: the system's clock)
---@field seed? integer what RANDOMKEY and hash tables draw from (default: a random one)
---@field maxmemory? integer|string bytes, or "100mb"; 0: no limit (default)
---@field maxmemory_policy? string what goes when there is more: Redis's names (default: "noeviction")
---@field maxmemory_samples? integer keys that a choice by use looks at (default: 5)

---@class tidelock.ScanOptions
---@field match? string a pattern (default: all)
---@field count? integer how much is fetched at a time (default: 10)
---@field type? string of keys only: "string", "list", "hash", "set", "zset", "stream"

---@class tidelock.TransactionOptions
---@field watch? string|string[] keys that must not change until the end
---@field retries? integer how often it is tried again when they have (default: 10)

---@class tidelock.SimOptions
---@field seed? integer same seed, same run (default: 1)
---@field check? boolean check invariants on every event; `world:check()` says whether they held

---@class tidelock.NodeOptions
---@field name? string unique in the world; replicas announce it
---@field port? integer 0: the simulator uses 6379, a live world picks a free one
---@field host? string live: the address to listen on (default: 127.0.0.1)
---@field replicaof? tidelock.Node|string the primary to follow: a node or "host:port"
---@field config? table<string, string|number|boolean|table> further Redis parameters

---@class tidelock.SyncOptions
---@field level? "received"|"applied"|"fsynced" what a replica must have done with a write (default at first: applied)
---@field timeout? integer ms that a reply waits at most, 0: for ever (default at first: 0)
---@field on_timeout? "error"|"degrade" what becomes of it then: an error, or the reply all the same (at first: error)

---@class tidelock.DurableOptions
---@field any? integer so many, no matter which, …
---@field first? integer or the first so many that are there, …
---@field of? (string|tidelock.Node)[] …of these replicas
---@field rule? string in place of the three: "ANY 1 (b, c)"
---@field level? "received"|"applied"|"fsynced" what they must have done with the write (default: the node's sync-level)
---@field timeout? integer ms, 0: for ever (default: the node's sync-timeout)
---@field on_timeout? "error"|"degrade" (default: the node's sync-on-timeout)

---@class tidelock.Login what AUTH is told
---@field user? string the default one if there is none
---@field password string

---@class tidelock.ClientOptions
---@field name? string of its place in the world
---@field timeout? tidelock.Milliseconds|false of each request (default: 10,000); 0 or false: none
---@field password? string logs in with it on each connection
---@field user? string …as this user

---@class tidelock.LinkProperties
---@field latency? tidelock.Milliseconds
---@field jitter? tidelock.Milliseconds uniform extra delay up to this
---@field loss? number probability that a segment is lost and sent again: TCP has no holes, it has delays
---@field bandwidth? number bytes per second, 0: unlimited
---@field cut? boolean nothing passes

---@class tidelock.DiskProperties
---@field latency? tidelock.Milliseconds of what the page cache does: reading, writing
---@field sync_latency? tidelock.Milliseconds of what waits for the device: a sync, a rename; one after another
---@field jitter? tidelock.Milliseconds uniform extra delay of those up to this
---@field bandwidth? number of the device, bytes per second, 0: unlimited
---@field slow? number all of this takes so many times as long
---@field fail? number probability that an operation fails with EIO
---@field fail_sync? number probability that a sync or rename does; after a sync that failed what it was to write may be
---lost, also when later ones succeed
---@field capacity? integer bytes; what does not fit fails with ENOSPC. 0: no limit
---@field full? boolean nothing more fits
---@field lose? number when a crash loses what was not synced: probability that it does, for each file
---@field tear? number of what is not lost then: probability that only a part is there, torn or with holes
---@field stall? tidelock.Milliseconds node:disk only: nothing is answered for so long from now

---@class tidelock.Checks
---@field prefixes integer states of replicas compared with their primary's history
---@field waits integer answers of WAIT and WAITAOF judged
---@field releases integer replies judged that had waited for replicas
---@field tokens integer answers of WAITFOR judged
---@field recoveries integer starts from a journal held against what had been said to be durable
---@field writes integer answers to writes judged
---@field histories integer histories seen

---@class tidelock.NodeState
---@field primary boolean
---@field link_up boolean a replica whose channel streams
---@field link_error string why it does not; "": it does, or nothing is known
---@field torn string what was cut off the journal's end at the start; "": nothing
---@field replid string
---@field replid2 string
---@field offset integer
---@field second_offset integer
---@field replicas integer that stream
---@field keys integer
---@field used_memory integer bytes
---@field commands integer executed, all in all
---@field discarded_bytes integer of its own history, given up when it followed another
---@field full_syncs integer served
---@field partial_syncs integer served

---@class tidelock.ChannelStats
---@field state "connect"|"handshake"|"full sync"|"streaming"|"down"
---@field direction "feed"|"follow" to a replica, or from the primary
---@field peer string the other end's name, or its address
---@field address string "ip:port"
---@field paused boolean
---@field offset integer what this end has
---@field received? integer what the replica has acknowledged; nil: nothing yet
---@field applied? integer
---@field fsynced? integer
---@field lag_bytes? integer
---@field lag_ms? tidelock.Milliseconds

---@class tidelock.BackupOptions
---@field timeout? tidelock.Milliseconds how long to wait for another snapshot, or a silent server (60,000)
---@field progress? fun(done: integer, total: integer|nil) told of keys (a node of this process) or bytes

---@class tidelock.Backup
---@field path string
---@field bytes integer
---@field replid string the history that the data are of, and
---@field offset integer how far along it
---@field keys? integer of a node of this process
