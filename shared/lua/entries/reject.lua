#!lua flags=allow-oom
-- Marks a pending entry as rejected by the database. It stays readable, and no worker applies it again by itself.
-- `allow-oom`: otherwise workers would keep trying it on a Redis at `maxmemory`.
--
-- KEYS  1 pending  2 rejected  3 waiting
-- ARGV  1 user id  2 key  3 stamp, 24 digits  4 reason
-- Returns 1, or 0 if another one, or none, is pending by now.

local current = redis.call('HGET', KEYS[1], ARGV[2])
if not current or string.sub(current, 1, 24) ~= ARGV[3] then return 0 end
local member = ARGV[1] .. '/' .. ARGV[2]
redis.call('HSET', KEYS[2], member, ARGV[3] .. ARGV[4])
redis.call('ZREM', KEYS[3], member)
return 1
