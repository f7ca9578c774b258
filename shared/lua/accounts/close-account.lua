-- Begins an erasure: until the mark expires, the account takes no write, and none of its tokens gets a record.
--
-- KEYS  1 erased  2 tokens
-- ARGV  1 lifetime of the mark, ms
-- Returns 1.

-- A `day` mark belongs to an erasure that went further
if redis.call('GET', KEYS[1]) ~= 'day' then redis.call('SET', KEYS[1], 'short', 'PX', ARGV[1]) end
redis.call('DEL', KEYS[2])
return 1
