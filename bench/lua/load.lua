-- wrk script. Each request goes to a random one of `<path of the URL>key1` ... `key<keys>`.
-- Arguments: method, number of keys, size in bytes of the value that a POST stores.
-- Prints one line of JSON at the end of wrk's own output, with durations in µs.

local head, tail, keys

function init(args)
  keys = tonumber(args[2])
  local headers, body
  if args[1] == 'POST' then
    headers = { ['Content-Type'] = 'application/json', Host = wrk.headers['Host'] }
    body = '{"value":"' .. string.rep('v', tonumber(args[3])) .. '"}'
  end
  local request = wrk.format(args[1], wrk.path .. '<KEY>', headers, body)
  head, tail = request:match('^(.-)<KEY>(.*)$')
end

function request()
  return head .. 'key' .. math.random(keys) .. tail
end

function done(summary, latency)
  local errors = summary.errors
  print(string.format(
    '{"requests":%d,"durationUs":%d,"badStatuses":%d,"failures":%d,"p50Us":%d,"p99Us":%d}',
    summary.requests, summary.duration, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50), latency:percentile(99)
  ))
end
