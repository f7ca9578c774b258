-- Gives the caller's lease back.
--
-- KEYS  1 tokens  2 epoch
-- ARGV  1 client  2 nonce of the lease
-- Returns 1, or 0 if the lease is no longer there.

local epochKey = KEYS[2]

-- include include/current-epoch.lua

local held = ofCurrentEpoch(redis.call('HGET', KEYS[1], ARGV[1]))
if not held or string.sub(held, 1, 1) ~= 'L' or string.sub(held, 19) ~= ARGV[2] then return 0 end
return redis.call('HDEL', KEYS[1], ARGV[1])
