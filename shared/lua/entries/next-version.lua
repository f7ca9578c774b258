#!lua flags=no-writes
-- Tells the version that the next write of a partition would get now: larger than all that were given out.
--
-- KEYS  1 clock
-- Returns 16 digits.

local time = redis.call('TIME')
local clock = tonumber(redis.call('GET', KEYS[1]) or 0)
return string.format('%016.0f', math.max(clock + 1, time[1] * 1000000 + time[2]))
