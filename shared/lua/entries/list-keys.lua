-- Lists the keys of an account's pending entries without their values. Checks the token in the same step.
--
-- KEYS  1 pending  2 tokens  3 epoch  4 waiting  5 rejected
-- ARGV  1 client  2 hash of the token; empty if the token was verified otherwise  3 user id
-- Returns refused, expired or unknown (see read-with-token.lua), or {keys that are put, keys that are deleted, keys
-- whose entry may be of an earlier epoch}.
-- Fields that begin with ~ are posts, and are left out.

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
for _, key in ipairs(redis.call('HKEYS', KEYS[1])) do
  if string.byte(key) ~= 126 then -- ~
    local list = put
    if mayBeOld(key) then
      list = old
    elseif redis.call('HSTRLEN', KEYS[1], key) == headLength then
      list = deleted
    end
    list[#list + 1] = key
  end
end
return {put, deleted, old}
