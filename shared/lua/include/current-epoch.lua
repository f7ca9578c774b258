-- Included by other scripts, which set `epoch` to the name of the partition's present epoch, or ''. A token record or
-- lease begins with the epoch in which it was written, and a blank. Returns `held` without these if that is the present
-- epoch. Records of an earlier epoch do not count: Redis may have lost what ended them.
local function ofCurrentEpoch(held)
  if held and string.sub(held, 1, #epoch + 1) == epoch .. ' ' then return string.sub(held, #epoch + 2) end
end
