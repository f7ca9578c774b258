#!lua flags=allow-oom
-- Begins a new epoch of a partition, unless the present one began with the same server, which has lost nothing since.
-- `allow-oom`: this is one short key.
--
-- KEYS  1 epoch
-- ARGV  1 server; another one after Redis was restarted, or was a replica  2 name of the new epoch, without blanks
-- Returns 1, or 0 if the epoch goes on.

if redis.call('HGET', KEYS[1], 'server') == ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'server', ARGV[1], 'name', ARGV[2])
return 1
