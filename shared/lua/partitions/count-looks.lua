#!lua flags=allow-oom
-- Counts the looks of a process at a partition, and the entries that wait there. The count of looks never falls, unless
-- Redis has lost data. `allow-oom`: this is one short key.
--
-- KEYS  1 looks  2 waiting
-- ARGV  1 lifetime of the count after the last look, ms
-- Returns {looks with this one, entries that wait}.

local looks = redis.call('INCR', KEYS[1])
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return {looks, redis.call('ZCARD', KEYS[2])}
