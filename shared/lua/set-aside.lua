#!lua flags=allow-oom
-- Sets a pending entry aside that the database refuses for good: it stays readable, and nobody applies this version again by
-- itself. `allow-oom`: a Redis at `maxmemory` would keep trying it otherwise.
--
-- KEYS  1 pending  2 bad  3 waiting
-- ARGV  1 user id  2 key  3 version, 16 digits  4 reason
-- Answers 1, or 0 if another version is pending by now (or none).

local current = redis.call('HGET', KEYS[1], ARGV[2])
if not current or string.sub(current, 1, 16) ~= ARGV[3] then return 0 end
local member = ARGV[1] .. '/' .. ARGV[2]
redis.call('HSET', KEYS[2], member, ARGV[3] .. ARGV[4])
redis.call('ZREM', KEYS[3], member)
return 1
