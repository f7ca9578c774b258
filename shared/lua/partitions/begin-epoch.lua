#!lua flags=allow-oom
-- Begins a new epoch of a partition, unless the present one began with the same server, which has lost nothing since.
-- Numbers of epochs only rise, whatever number was taken first and comes last. `allow-oom`: this is one short key.
--
-- KEYS  1 epoch
-- ARGV  1 server; another one after Redis was restarted, or was a replica  2 number of the new epoch, 8 digits
-- Returns {server, number} of the present epoch.

local present = redis.call('HMGET', KEYS[1], 'server', 'number')
if present[1] ~= ARGV[1] and (not present[2] or present[2] < ARGV[2]) then
  redis.call('HSET', KEYS[1], 'server', ARGV[1], 'number', ARGV[2])
  return {ARGV[1], ARGV[2]}
end
return present
