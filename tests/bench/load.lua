-- wrk script: sends the lines of a file, each once while they last, and prints one JSON line.
-- Arguments: kind (recommend | feedback), file of "cookie" or "cookie tip_id" lines, first line,
-- and the mean pause in ms before each request of a connection, without any if it is 0 or left out.
local lines, next_line, kind = {}, 0, "recommend"
local exhausted = 0

function init(args)
   kind = args[1]
   for line in io.lines(args[2]) do lines[#lines + 1] = line end
   next_line = tonumber(args[3])
   local pause = tonumber(args[4] or 0)
   if pause > 0 then
      function delay() return math.random(0, 2 * pause) end
   end
end

function request()
   if next_line >= #lines and kind == "feedback" then exhausted = exhausted + 1 end
   local line = lines[next_line % #lines + 1]
   next_line = next_line + 1
   if kind == "recommend" then
      return wrk.format("POST", "/recommend", { ["Cookie"] = "sid=" .. line })
   end
   local cookie, tip = line:match("(%S+) (%S+)")
   return wrk.format("POST", "/feedback", {
      ["Cookie"] = "sid=" .. cookie,
      ["Content-Type"] = "application/json",
      ["Idempotency-Key"] = tip,
   }, '{"tip_id":"' .. tip .. '","action":"done","dwell_ms":30000}')
end

function done(summary, latency, requests)
   local errors = summary.errors
   io.write(string.format(
      '\nRESULT {"requests":%d,"seconds":%.3f,"p50_ms":%.3f,"p99_ms":%.3f,"not_2xx":%d,"broken":%d}\n',
      summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3,
      latency:percentile(99) / 1e3, errors.status,
      errors.connect + errors.read + errors.write + errors.timeout))
end
