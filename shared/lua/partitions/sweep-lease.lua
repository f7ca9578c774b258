#!lua flags=allow-oom
-- Takes or prolongs the lease of the worker that sweeps a partition. `allow-oom`: sweeping helps a full Redis, and this
-- is one short key.
--
-- KEYS  1 sweeper
-- ARGV  1 nonce of this worker  2 length of the lease, ms
-- Returns 1, or 0 if another worker holds the lease. A lease with more time left than its length does not count: the
-- clock was set back since, and a live holder would have prolonged it.

local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] and redis.call('PTTL', KEYS[1]) <= tonumber(ARGV[2]) then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
