#!lua flags=allow-oom
-- Makes a rejected entry wait again, with the age of its version.
-- `allow-oom`: if it stopped half-way, no worker would apply the entry.
--
-- KEYS  1 pending  2 rejected  3 waiting
-- ARGV  1 user id  2 key
-- Returns 1, or 0 if the entry of this key is not rejected.

local member = ARGV[1] .. '/' .. ARGV[2]
if redis.call('HDEL', KEYS[2], member) == 0 then return 0 end
local current = redis.call('HGET', KEYS[1], ARGV[2])
if current then redis.call('ZADD', KEYS[3], 'NX', string.sub(current, 9, 24), member) end
return 1
