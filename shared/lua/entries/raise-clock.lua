-- Raises the clock of a partition: later versions will be larger than a version that came from elsewhere.
--
-- KEYS  1 clock
-- ARGV  1 that version, 16 digits
-- Returns 1.

local clock = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), tonumber(ARGV[1]))
redis.call('SET', KEYS[1], string.format('%.0f', clock))
return 1
