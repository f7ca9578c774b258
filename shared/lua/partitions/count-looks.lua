#!lua flags=allow-oom
-- Counts the looks that a process has taken at a partition, and what is pending there. The count never falls, unless Redis has
-- lost what it had. `allow-oom`: this is one short key.
--
-- KEYS  1 looks  2 waiting
-- ARGV  1 how long the count is kept after the last look, ms
-- Answers {looks with this one, entries that wait}.

local looks = redis.call('INCR', KEYS[1])
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return {looks, redis.call('ZCARD', KEYS[2])}
