-- Included by other scripts, which have in `epoch` the name of the partition's present epoch, or ''. A token record or lease begins
-- with the epoch that it was written in, and a blank; `held` without these, if that is the present epoch. Of an earlier epoch nothing
-- counts: Redis may have lost what ended it.
local function ofCurrentEpoch(held)
  if held and string.sub(held, 1, #epoch + 1) == epoch .. ' ' then return string.sub(held, #epoch + 2) end
end
