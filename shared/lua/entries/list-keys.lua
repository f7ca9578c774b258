-- Lists the keys of an account's pending entries without their values. Checks the token in the same step.
--
-- KEYS  1 pending  2 tokens  3 epoch
-- ARGV  1 client  2 hash of the token; empty if the token was verified otherwise
-- Returns refused, expired or unknown (see read-with-token.lua), or {keys that are put, keys that are deleted}.
-- An entry no longer than its head is a delete. Fields that begin with ~ are posts, and are left out.

local headLength = 25

-- include include/check-token.lua

local put, deleted = {}, {}
for _, key in ipairs(redis.call('HKEYS', KEYS[1])) do
  if string.byte(key) ~= 126 then -- ~
    local list = redis.call('HSTRLEN', KEYS[1], key) == headLength and deleted or put
    list[#list + 1] = key
  end
end
return {put, deleted}
