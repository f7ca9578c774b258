-- Begins an erasure: the account takes no write, and no token of it gets a record, until the mark runs out.
--
-- KEYS  1 erased  2 tokens
-- ARGV  1 how long the mark is to last, ms
-- Answers 1.

-- A mark that says `day` belongs to an erasure that went further
if redis.call('GET', KEYS[1]) ~= 'day' then redis.call('SET', KEYS[1], 'short', 'PX', ARGV[1]) end
redis.call('DEL', KEYS[2])
return 1
