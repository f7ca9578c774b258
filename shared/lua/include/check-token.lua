-- Included by scripts about one account, with KEYS 2 tokens 3 epoch, ARGV 1 client 2 hash of the token. The hash is
-- empty if the token was verified otherwise. Ends the script with the answer of `tokenState` if the token is not live.
local epochKey = KEYS[3]

-- include include/current-epoch.lua
-- include include/token-state.lua

if ARGV[2] ~= '' then
  local time = redis.call('TIME')
  local token = tokenState(KEYS[2], ARGV[1], ARGV[2], time[1] * 1000000 + time[2])
  if token ~= 'live' then return token end
end
