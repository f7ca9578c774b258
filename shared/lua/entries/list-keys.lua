-- Lists some keys of an account's pending entries without their values. Checks the token in the same step.
--
-- KEYS  1 pending  2 tokens  3 epoch  4 waiting  5 rejected
-- ARGV  1 client  2 hash of the token; empty if the token was verified otherwise  3 user id
--       4 cursor, 0 for the first keys  5 keys after which no further ones are read  6 bytes of entries, likewise
-- Returns refused, expired or unknown (see read-with-token.lua), or {next cursor, or 0 after the last keys, keys that
-- are put, keys that are deleted, keys whose entry may be of an earlier epoch}. A key may be listed again with a later
-- cursor. Fields that begin with ~ are posts, and are left out.

-- include include/entry-head.lua

-- include include/check-token.lua

-- An entry waits with its version, or with a smaller one. Rejected ones do not wait.
local epochClock = tonumber(redis.call('HGET', KEYS[3], 'clock') or math.huge)
local oldest = tonumber(redis.call('ZRANGE', KEYS[4], 0, 0, 'WITHSCORES')[2])
local anyOld = (oldest and oldest <= epochClock) or redis.call('EXISTS', KEYS[5]) == 1

local function mayBeOld(key)
  if not anyOld then return false end
  local version = tonumber(redis.call('ZSCORE', KEYS[4], ARGV[3] .. '/' .. key))
  return not version or version <= epochClock
end

local put, deleted, old = {}, {}, {}
local cursor, keysLeft, room = ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6])
repeat
  -- HSCAN reads values, too. So it reads few entries at a time, which may be large
  local scanned = redis.call('HSCAN', KEYS[1], cursor, 'COUNT', 10)
  cursor = scanned[1]
  local fields = scanned[2]
  for at = 1, #fields, 2 do
    local key, text = fields[at], fields[at + 1]
    keysLeft, room = keysLeft - 1, room - #text
    if string.byte(key) ~= 126 then -- ~
      local list = put
      if mayBeOld(key) then
        list = old
      elseif #text == headLength then
        list = deleted
      end
      list[#list + 1] = key
    end
  end
until cursor == '0' or keysLeft <= 0 or room <= 0
return {cursor, put, deleted, old}
