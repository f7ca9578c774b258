-- Included by other scripts, which set `epochKey`. Sets `epoch` to the number of the partition's present epoch, as text
-- of 8 digits. Ends the script with an error if there is none: Redis was emptied, and the next process to look at it
-- begins an epoch.
local epoch = redis.call('HGET', epochKey, 'number')
if not epoch then return redis.error_reply('NOEPOCH Redis has lost the epoch of this partition') end

-- A token record or lease begins with the epoch in which it was written, and a blank. Returns `held` without these if
-- that is the present epoch. Records of an earlier epoch do not count: Redis may have lost what ended them.
local function ofCurrentEpoch(held)
  if held and string.sub(held, 1, #epoch + 1) == epoch .. ' ' then return string.sub(held, #epoch + 2) end
end
