-- Replaces the caller's lease with the record of the client's token.
--
-- KEYS  1 tokens  2 epoch
-- ARGV  1 client  2 nonce of the lease  3 expiry, 16 digits, Redis's time in µs  4 hash of the token
--       5 what to do with a record or lease of another caller: keep or delete
--       6 number of clients above which some are checked, at random. They are removed if their record or lease has
--         expired or is of another epoch. A fill adds one client at most, so few stay expired, and no fill takes long.
-- Returns 1, or 0 if the lease is no longer there.

local looksPerFill = 16

local key, client = KEYS[1], ARGV[1]
local epochKey = KEYS[2]

-- include include/current-epoch.lua

local held = ofCurrentEpoch(redis.call('HGET', key, client))
if not held or string.sub(held, 1, 1) ~= 'L' or string.sub(held, 19) ~= ARGV[2] then
  if ARGV[5] == 'delete' then redis.call('HDEL', key, client) end
  return 0
end

local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
redis.call('HSET', key, client, epoch .. ' R' .. ARGV[3] .. ARGV[4])
local lifeMs = math.ceil((tonumber(ARGV[3]) - now) / 1000)
if lifeMs > redis.call('PTTL', key) then redis.call('PEXPIRE', key, string.format('%.0f', lifeMs)) end

if redis.call('HLEN', key) > tonumber(ARGV[6]) then
  local fields = redis.call('HRANDFIELD', key, looksPerFill, 'WITHVALUES')
  for at = 1, #fields, 2 do
    local other = ofCurrentEpoch(fields[at + 1])
    if not other or tonumber(string.sub(other, 2, 17)) <= now then redis.call('HDEL', key, fields[at]) end
  end
end
return 1
