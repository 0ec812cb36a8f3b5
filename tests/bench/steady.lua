-- wrk script: POSTs at a steady pace, whatever is answered, and prints one JSON line with counts by
-- status, the whole histogram of latencies and how late the requests themselves were sent.
-- Arguments: requests a second, path, file with one session cookie per line (they take turns).
local ffi = require("ffi")
ffi.cdef [[
   typedef struct { long s; long us; } oo_instant;
   int gettimeofday(oo_instant *, void *);
]]
local FORGIVEN_S = 1 -- a client that fell further behind than this does not make up for it
local instant = ffi.new("oo_instant")
local cookies, next_cookie, pace, path = {}, 0, 1, "/"
local due = 0
local threads = {}
counts, skipped, latest_ms = {}, 0, 0

local function now()
   ffi.C.gettimeofday(instant, nil)
   return tonumber(instant.s) + tonumber(instant.us) / 1e6
end

function setup(thread)
   threads[#threads + 1] = thread
end

function init(args)
   pace, path = 1 / tonumber(args[1]), args[2]
   for line in io.lines(args[3]) do cookies[#cookies + 1] = line end
end

-- wrk asks on each connection as soon as it is free: it takes the next turn of all connections
function delay()
   local at = now()
   if due == 0 then due = at end
   if due < at - FORGIVEN_S then
      skipped = skipped + math.floor((at - due) / pace)
      due = at
   end
   latest_ms = math.max(latest_ms, (at - due) * 1000)
   local wait = math.max(due - at, 0)
   due = due + pace
   return math.floor(wait * 1000)
end

function request()
   local cookie = cookies[next_cookie % #cookies + 1]
   next_cookie = next_cookie + 1
   return wrk.format("POST", path, { ["Cookie"] = "sid=" .. cookie })
end

function response(status)
   counts[tostring(status)] = (counts[tostring(status)] or 0) + 1
end

function done(summary, latency, requests)
   local thread = threads[1]
   local told, bins = {}, {}
   for status, count in pairs(thread:get("counts")) do
      told[#told + 1] = string.format('"%s":%d', status, count)
   end
   for at = 1, #latency do
      local us, count = latency(at)
      if count > 0 then bins[#bins + 1] = string.format("[%d,%d]", us, count) end
   end
   local errors = summary.errors
   io.write(string.format(
      '\nRESULT {"seconds":%.3f,"statuses":{%s},"histogram":[%s],"skipped":%d,"latest_ms":%.1f,"broken":%d}\n',
      summary.duration / 1e6, table.concat(told, ","), table.concat(bins, ","),
      thread:get("skipped"), thread:get("latest_ms"),
      errors.connect + errors.read + errors.write + errors.timeout))
end
