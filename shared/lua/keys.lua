-- Lists the keys of an account's pending entries without their values, with the check of the token in the same step.
--
-- KEYS  1 pending  2 tokens
-- ARGV  1 client  2 hash of the token; empty: the token was verified otherwise
-- Answers refused or unknown (as read.lua), or {keys that are put, keys that are deleted}. An entry no longer than its head
-- is a delete. Fields that begin with ~ are posts.

local headLength = 17

-- include verdict.lua

if ARGV[2] ~= '' then
  local time = redis.call('TIME')
  local token = verdict(KEYS[2], ARGV[1], ARGV[2], time[1] * 1000000 + time[2])
  if token ~= 'live' then return token end
end

local put, deleted = {}, {}
for _, key in ipairs(redis.call('HKEYS', KEYS[1])) do
  if string.byte(key) ~= 126 then -- ~
    local list = redis.call('HSTRLEN', KEYS[1], key) == headLength and deleted or put
    list[#list + 1] = key
  end
end
return {put, deleted}
