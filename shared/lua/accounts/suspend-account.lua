#!lua flags=allow-oom
-- Begins to disable an account: until it is disabled, or the mark runs out, it takes no write, and no token of it gets a record.
-- `allow-oom`: this is one short key.
--
-- KEYS  1 erased  2 tokens
-- ARGV  1 how long the mark is to last, ms
-- Answers 1.

-- A mark that is there belongs to an erasure, which ends the account anyhow
redis.call('SET', KEYS[1], 'disabling', 'NX', 'PX', ARGV[1])
redis.call('DEL', KEYS[2])
return 1
