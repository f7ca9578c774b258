-- Reads the heads of an account's pending entries.
--
-- KEYS  1 pending
-- ARGV  1 bytes of entries after which no further one is read, then keys
-- Returns for each key, as far as entries were read, the head of its entry: 24 digits of its stamp, and the operation.
-- Empty if nothing is pending.

-- include include/entry-head.lua

local room = tonumber(ARGV[1])
local heads = {}
for at = 2, #ARGV do
  if room <= 0 then break end
  local text = redis.call('HGET', KEYS[1], ARGV[at]) or ''
  room = room - #text
  heads[#heads + 1] = string.sub(text, 1, headLength)
end
return heads
