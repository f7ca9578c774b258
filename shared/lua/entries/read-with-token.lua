-- Reads pending entries of one partition, each with the check of its token in the same step.
--
-- KEYS  1 epoch, then for each account: pending, tokens
-- ARGV  1 most bytes of entries in one answer
--       then for each read: position of its account (from 1), client, hash of the token, key
--       An empty hash: the token was verified otherwise.
-- Answers for each read
--   an entry   16 digits of version, operation, value: the token is live
--   nil        nothing is pending: the token is live
--   refused    the record of this client is for another token, or has expired
--   unknown    there is no record to tell
--   again      the answer is long enough: ask for this one again

local maxBytes = tonumber(ARGV[1])
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local bytes = 0
local epoch = redis.call('HGET', KEYS[1], 'name') or ''

-- include include/current-epoch.lua
-- include include/token-state.lua

local function read(account, client, hash, key)
  if bytes >= maxBytes then return 'again' end
  if hash ~= '' then
    local token = tokenState(KEYS[2 * account + 1], client, hash, now)
    if token ~= 'live' then return token end
  end
  local entry = redis.call('HGET', KEYS[2 * account], key)
  if entry then bytes = bytes + #entry end
  return entry
end

local answers = {}
for at = 2, #ARGV, 4 do
  answers[#answers + 1] = read(tonumber(ARGV[at]), ARGV[at + 1], ARGV[at + 2], ARGV[at + 3])
end
return answers
