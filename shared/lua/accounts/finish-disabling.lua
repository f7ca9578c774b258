-- Ends the disabling of an account: deletes the token records, or leases, that came after its beginning because Redis had lost the
-- mark, and lifts that mark.
--
-- KEYS  1 erased  2 tokens
-- Answers 1.

redis.call('DEL', KEYS[2])
if redis.call('GET', KEYS[1]) == 'disabling' then redis.call('DEL', KEYS[1]) end
return 1
