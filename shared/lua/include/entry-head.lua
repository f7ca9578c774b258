-- Included by other scripts. Length of a pending entry's text before its value: 24 digits of its stamp and one letter
-- of operation. An entry of this length is a delete.
local headLength = 25
