-- Makes the versions of a partition that are given out from now on larger than one that came from elsewhere.
--
-- KEYS  1 clock
-- ARGV  1 that version, 16 digits
-- Answers 1.

local clock = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), tonumber(ARGV[1]))
redis.call('SET', KEYS[1], string.format('%.0f', clock))
return 1
