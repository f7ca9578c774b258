-- Writes with each command by which `accept.lua` writes, and changes nothing but the probe, which expires at once. A
-- Redis that refuses writes refuses this one, too. It has no flags, so also at `maxmemory`.
--
-- KEYS  1 probe  2 waiting  3 bytes  4 epoch  5 slots
-- Returns {entries that wait, bytes of pending entries}, or the error NOEPOCH if the partition has no epoch.

local epochKey = KEYS[4]

-- include include/current-epoch.lua

redis.call('SET', KEYS[1], '1', 'PX', 1)
redis.call('HSET', epochKey, 'number', epoch)
redis.call('ZADD', KEYS[2], 'XX', 0, '')
redis.call('BITFIELD', KEYS[5], 'GET', 'i64', '#0')
return {redis.call('ZCARD', KEYS[2]), redis.call('INCRBY', KEYS[3], 0)}
