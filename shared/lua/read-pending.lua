#!lua flags=no-writes
-- Reads what is pending of the named entries. `no-writes` lets it run in a Redis at `maxmemory` too.
--
-- KEYS  for each account: pending, bad
-- ARGV  1 bytes after which no further entry is read
--       then for each account: number of its keys, the keys
-- Answers for each entry, in the order of ARGV:
--   text  version, operation and value, as it was accepted
--   0     nothing is pending
--   1     the pending version is set aside
-- The answer is shorter than the question when it grew too long: the rest was not read.

local room = tonumber(ARGV[1])
local answers = {}
local at = 2
for account = 1, #KEYS / 2 do
  local pending, bad = KEYS[2 * account - 1], KEYS[2 * account]
  local anyBad = redis.call('EXISTS', bad) == 1
  local last = at + tonumber(ARGV[at])
  for i = at + 1, last do
    if room < 0 then return answers end
    local text = redis.call('HGET', pending, ARGV[i])
    if not text then
      answers[#answers + 1] = 0
    else
      local line = anyBad and redis.call('HGET', bad, ARGV[i])
      if line and string.sub(line, 1, 16) == string.sub(text, 1, 16) then
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
