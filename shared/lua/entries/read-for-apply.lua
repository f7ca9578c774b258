#!lua flags=no-writes
-- Reads the pending state of the named entries. `no-writes` lets it run in a Redis at `maxmemory` too.
--
-- KEYS  1 rejected
--       then for each account: pending
-- ARGV  1 bytes after which no further entry is read
--       then for each account: user id, number of its keys, the keys
-- Returns for each entry, in the order of ARGV:
--   text  stamp, operation and value, as accepted
--   0     nothing is pending
--   1     the pending entry is rejected
-- A list that grows too long ends early: the entries after its end were not read.

local room = tonumber(ARGV[1])
local answers = {}
local anyRejected = redis.call('EXISTS', KEYS[1]) == 1
local at = 2
for account = 2, #KEYS do
  local pending, user = KEYS[account], ARGV[at]
  local last = at + 1 + tonumber(ARGV[at + 1])
  for i = at + 2, last do
    if room < 0 then return answers end
    local text = redis.call('HGET', pending, ARGV[i])
    if not text then
      answers[#answers + 1] = 0
    else
      local line = anyRejected and redis.call('HGET', KEYS[1], user .. '/' .. ARGV[i])
      if line and string.sub(line, 1, 24) == string.sub(text, 1, 24) then
        answers[#answers + 1] = 1
      else
        answers[#answers + 1] = text
        room = room - #text
      end
    end
  end
  at = last + 1
end
return answers
