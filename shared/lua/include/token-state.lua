-- Included by other scripts. Compares a token with the record of its client in the hash `tokens`. `now` is Redis's time
-- in µs. Returns
--   live     the record is of this token, which has not expired
--   refused  the record is of another token
--   expired  the record is of this token, which has expired
--   unknown  no record of this epoch can tell
local function tokenState(tokens, client, hash, now)
  local record = ofCurrentEpoch(redis.call('HGET', tokens, client))
  if not record or string.sub(record, 1, 1) ~= 'R' then return 'unknown' end
  if string.sub(record, 18) ~= hash then return 'refused' end
  return tonumber(string.sub(record, 2, 17)) > now and 'live' or 'expired'
end
