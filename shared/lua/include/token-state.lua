-- Included by other scripts. What the record of a client's token in the hash `tokens` says of a token, `now` being Redis's time in µs:
--   live     it is this token's, and the token has not expired
--   refused  it is another token's, or it has expired
--   unknown  there is no record of this epoch to tell
local function tokenState(tokens, client, hash, now)
  local record = ofCurrentEpoch(redis.call('HGET', tokens, client))
  if not record or string.sub(record, 1, 1) ~= 'R' then return 'unknown' end
  if string.sub(record, 18) ~= hash or tonumber(string.sub(record, 2, 17)) <= now then return 'refused' end
  return 'live'
end
