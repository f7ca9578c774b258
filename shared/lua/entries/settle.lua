#!lua flags=allow-oom
-- Settles applied entries: they are no longer pending, except those that another one has replaced since.
-- `allow-oom`: a Redis at `maxmemory` would refuse `DECRBY` and `ZADD`, and could then never be drained. This script
-- makes it smaller, or leaves its size as it is.
--
-- KEYS  1 waiting  2 bytes  3 rejected
--       then for each account: pending
-- ARGV  for each account: user id, number of its entries
--       then for each of those: key, text
--         text    pending entry as it was read before it was applied; empty if there was none
-- An entry that is still pending as it was read leaves pending, waiting and rejected, and its bytes are given back.
-- The database has it, or a newer one: then this is an old copy, of a Redis that came back with older data.
-- An entry that was replaced moves on in waiting to its own version. An entry that is not pending leaves waiting and
-- rejected.
-- Returns the number of entries that are no longer pending.

local freed, settled = 0, 0
local leaving = {}

local function settle(pending, member, key, text)
  local current = redis.call('HGET', pending, key)
  if current and current ~= text then
    redis.call('ZADD', KEYS[1], 'XX', string.sub(current, 9, 24), member)
    return
  end
  leaving[#leaving + 1] = member
  if current then
    redis.call('HDEL', pending, key)
    freed = freed + #key + #text
    settled = settled + 1
  end
end

local at = 1
for account = 1, #KEYS - 3 do
  local user, count = ARGV[at], tonumber(ARGV[at + 1])
  at = at + 2
  for _ = 1, count do
    settle(KEYS[account + 3], user .. '/' .. ARGV[at], ARGV[at], ARGV[at + 1])
    at = at + 2
  end
end

local anyRejected = redis.call('EXISTS', KEYS[3]) == 1
local most = 1000 -- unpack takes a few thousand
for first = 1, #leaving, most do
  local last = math.min(first + most - 1, #leaving)
  redis.call('ZREM', KEYS[1], unpack(leaving, first, last))
  if anyRejected then redis.call('HDEL', KEYS[3], unpack(leaving, first, last)) end
end
if freed > 0 then redis.call('DECRBY', KEYS[2], freed) end
return settled
