#!lua flags=allow-oom
-- Begins to disable an account. Until it is disabled, or the mark expires, it takes no write, and none of its tokens
-- gets a record. `allow-oom`: this is one short key.
--
-- KEYS  1 erased  2 tokens
-- ARGV  1 lifetime of the mark, ms
-- Returns 1.

-- `NX`: an existing mark belongs to an erasure, which ends the account anyway
redis.call('SET', KEYS[1], 'disabling', 'NX', 'PX', ARGV[1])
redis.call('DEL', KEYS[2])
return 1
