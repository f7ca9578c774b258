#!lua flags=allow-oom
-- Counts the looks of a process at a partition, and the entries that wait there. The count of looks never falls, unless
-- Redis has lost data. `allow-oom`: this is one short key.
--
-- KEYS  1 looks  2 waiting  3 epoch
-- ARGV  1 lifetime of the count after the last look, ms  2 version of the oldest entry that waited at the last look
-- Returns {looks with this one, entries that wait, how many of them are not older than ARGV 2 and from before this
-- epoch, version of the oldest entry that waits}. If none waits, the version is +inf, as ARGV 2 may be.

local looks = redis.call('INCR', KEYS[1])
redis.call('PEXPIRE', KEYS[1], ARGV[1])
local oldest = redis.call('ZRANGE', KEYS[2], 0, 0, 'WITHSCORES')[2] or '+inf'
local before = redis.call('ZCOUNT', KEYS[2], ARGV[2], redis.call('HGET', KEYS[3], 'clock') or '+inf')
return {looks, redis.call('ZCARD', KEYS[2]), before, oldest}
