-- Looks for the record of a client's token and takes a lease on it, so that MongoDB can be read or changed and the record
-- filled afterwards.
--
-- KEYS  1 tokens  2 erased  3 epoch
-- ARGV  1 client  2 nonce of the lease  3 who asks: c (a check), i (an issue), l (a logout)
--       4 how long the lease is to last, ms  5 c: hash of the token
-- Answers {what came of it, Redis's time in µs}:
--   live     c: the record is of this token and has not expired
--   refused  c: the record is of another token or has expired
--   leased   the lease was taken: i and l take the place of a record and of a check's lease
--   held     a lease of somebody else stands: c may read MongoDB without filling, i and l come again. c: also when Redis is at
--            `maxmemory` and takes no lease
--   marked   c and i: the account is being erased, nothing may be filled

local key, client, kind, lifeMs = KEYS[1], ARGV[1], ARGV[3], tonumber(ARGV[4])
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local epoch = redis.call('HGET', KEYS[3], 'name') or ''

-- include include/current-epoch.lua

local function answer(outcome)
  return {outcome, string.format('%016.0f', now)}
end

local held = ofCurrentEpoch(redis.call('HGET', key, client))
local ends = held and tonumber(string.sub(held, 2, 17))

if kind == 'c' and held and string.sub(held, 1, 1) == 'R' then
  if string.sub(held, 18) == ARGV[5] and ends > now then return answer('live') end
  return answer('refused')
end

if kind ~= 'l' and redis.call('EXISTS', KEYS[2]) == 1 then return answer('marked') end

if held and string.sub(held, 1, 1) == 'L' and ends > now then
  if kind == 'c' or string.sub(held, 18, 18) ~= 'c' then return answer('held') end
end

local lease = epoch .. ' L' .. string.format('%016.0f', now + lifeMs * 1000) .. kind .. ARGV[2]
local written = redis.pcall('HSET', key, client, lease)
if type(written) == 'table' and written.err then
  if kind == 'c' and string.find(written.err, 'OOM', 1, true) then return answer('held') end
  return written
end
if redis.call('PTTL', key) < 2 * lifeMs then redis.call('PEXPIRE', key, 2 * lifeMs) end
return answer('leased')
