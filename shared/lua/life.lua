-- Included by other scripts, which have in `life` the name of the partition's present life, or ''. A token record or lease begins
-- with the life that it was written in, and a blank; `held` without these, if that is the present life. Of an earlier life nothing
-- counts: Redis may have lost what ended it.
local function ofThisLife(held)
  if held and string.sub(held, 1, #life + 1) == life .. ' ' then return string.sub(held, #life + 2) end
end
