-- Ends the disabling of an account: lifts its mark, and deletes its token records and leases. Some can be there because
-- Redis lost the mark for a time.
--
-- KEYS  1 erased  2 tokens
-- Returns 1.

redis.call('DEL', KEYS[2])
if redis.call('GET', KEYS[1]) == 'disabling' then redis.call('DEL', KEYS[1]) end
return 1
