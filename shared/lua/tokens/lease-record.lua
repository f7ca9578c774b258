-- Looks for the record of a client's token, or takes a lease on it. With the lease the caller reads or changes MongoDB
-- and fills the record afterwards.
--
-- KEYS  1 tokens  2 erased  3 epoch
-- ARGV  1 client  2 nonce of the lease  3 caller: c (a check), i (an issue), l (a logout)
--       4 length of the lease, ms  5 c: hash of the token
-- Returns {outcome, Redis's time in µs}. The outcome is one of
--   live     c: the record is of this token and has not expired
--   refused  c: the record is of another token
--   expired  c: the record is of this token, which has expired
--   leased   the lease was taken. i and l replace a record, and the lease of a check
--   held     another caller has a lease: c may read MongoDB without filling, i and l come again. c: also if Redis is at
--            `maxmemory` and takes no lease
--   marked   c and i: the account has an erasure mark, so nothing may be filled

local key, client, kind, lifeMs = KEYS[1], ARGV[1], ARGV[3], tonumber(ARGV[4])
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local epochKey = KEYS[3]

-- include include/current-epoch.lua

local function answer(outcome)
  return {outcome, string.format('%016.0f', now)}
end

local held = ofCurrentEpoch(redis.call('HGET', key, client))
local ends = held and tonumber(string.sub(held, 2, 17))

if kind == 'c' and held and string.sub(held, 1, 1) == 'R' then
  if string.sub(held, 18) ~= ARGV[5] then return answer('refused') end
  return answer(ends > now and 'live' or 'expired')
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
