-- Writes something small, as `accept.lua` would: a Redis that refuses writes refuses this one, too. It has no flags,
-- so also at `maxmemory`.
--
-- KEYS  1 probe  2 waiting  3 bytes  4 epoch
-- Returns {entries that wait, bytes of pending entries}, or the error NOEPOCH if the partition has no epoch.

local epochKey = KEYS[4]

-- include include/current-epoch.lua

redis.call('SET', KEYS[1], '1', 'PX', 1)
return {redis.call('ZCARD', KEYS[2]), tonumber(redis.call('GET', KEYS[3]) or 0)}
