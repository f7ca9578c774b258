#!lua flags=allow-oom
-- Begins a new epoch of a partition, unless the present one is no longer what the caller has read. Numbers of epochs
-- only rise. `allow-oom`: this is one short key. A caller that has no number yet can find out if writes are refused, by
-- naming an epoch that is not there.
--
-- KEYS  1 epoch  2 clock
-- ARGV  1 server of the present epoch, 2 its number, as they were read; empty if there was none
--       3 server of the new epoch; another one after Redis was restarted, or was a replica  4 its number, 8 digits
-- Returns 1, or 0 if the present epoch is another one, or has a larger number.

local present = redis.call('HMGET', KEYS[1], 'server', 'number')
local server, number = present[1] or '', present[2] or ''
if server ~= ARGV[1] or number ~= ARGV[2] or number >= ARGV[4] then return 0 end
-- Entries of earlier epochs have versions up to this one
local clock = redis.call('GET', KEYS[2]) or 0
redis.call('HSET', KEYS[1], 'server', ARGV[3], 'number', ARGV[4], 'clock', clock)
return 1
