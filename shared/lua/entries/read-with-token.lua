-- Reads pending entries of one partition. Checks the token of each read in the same step.
--
-- KEYS  1 epoch, then for each account: pending, tokens
-- ARGV  1 bytes of entries after which no further one is read
--       then for each read: position of its account (from 1), client, hash of the token, key
--       The hash is empty if the token was verified otherwise.
-- Returns for each read
--   an entry   24 digits of its stamp, operation, value: the token is live
--   nil        nothing is pending: the token is live
--   refused    the record of this client is for another token
--   expired    the token has expired
--   unknown    no record can tell
--   again      the list is long enough: ask for this entry again

local maxBytes = tonumber(ARGV[1])
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local bytes = 0
local epochKey = KEYS[1]

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
