-- Reads an account's pending posts, newest first. Checks the token in the same step.
--
-- KEYS  1 pending  2 tokens  3 epoch
-- ARGV  1 client  2 hash of the token; empty if the token was verified otherwise
--       3 only posts whose fields come before this one in text order
--       4 limit of posts  5 bytes after which no further post is read
-- Returns refused, expired or unknown (see read-with-token.lua), or {fields and texts of posts and of deletes, 1 or 0}.
-- 1 means that the bytes did not suffice: older posts are missing. Deletes are listed as far as posts were read.

-- include include/entry-head.lua

-- include include/check-token.lua

local before, left, room = ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local fields = {}
for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
  if string.byte(field) == 126 and field < before then fields[#fields + 1] = field end -- ~
end
table.sort(fields)

local listed = {}
for at = #fields, 1, -1 do
  if left == 0 then break end
  if room <= 0 then return {listed, 1} end
  local text = redis.call('HGET', KEYS[1], fields[at])
  listed[#listed + 1], listed[#listed + 2] = fields[at], text
  if #text > headLength then
    left = left - 1
    room = room - #text
  end
end
return {listed, 0}
