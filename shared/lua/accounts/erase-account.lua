#!lua flags=allow-oom
-- Ends an account whose user document is gone: removes all that Redis has of it, and lets nothing in any longer.
-- `allow-oom`: a Redis at `maxmemory` would refuse the mark, although this script frees memory.
--
-- KEYS  1 erased  2 tokens  3 pending  4 waiting  5 bytes  6 rejected
-- ARGV  1 user id  2 lifetime of the mark, ms
-- Returns the number of pending entries that were removed.

redis.call('SET', KEYS[1], 'day', 'PX', ARGV[2])
redis.call('DEL', KEYS[2])

local anyRejected = redis.call('EXISTS', KEYS[6]) == 1
local bytes, fields = 0, redis.call('HKEYS', KEYS[3])
for _, field in ipairs(fields) do
  bytes = bytes + #field + redis.call('HSTRLEN', KEYS[3], field)
  local member = ARGV[1] .. '/' .. field
  redis.call('ZREM', KEYS[4], member)
  if anyRejected then redis.call('HDEL', KEYS[6], member) end
end
if bytes > 0 then redis.call('DECRBY', KEYS[5], string.format('%.0f', bytes)) end
redis.call('UNLINK', KEYS[3])
return #fields
