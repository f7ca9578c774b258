-- Accepts a group of writes of one partition: checks the token of each write, gives it a version and makes it pending.
--
-- KEYS  1 clock  2 waiting  3 bytes  4 BullMQ's list of waiting jobs
--       then for each account: pending, erased, tokens
--       at the end: jobs (number and bytes), slots, epoch
-- ARGV  1 deadline, Redis's time in µs: a command that comes later does nothing
--       2 limit of bytes of pending entries  3 limit of pending entries  4 limit of bytes of waiting jobs
--       5 bytes of the job of the writes, 0 if they have none  6 number of accounts  7 number of tokens
--       then the user id of each account
--       then for each token: position of its account (from 1), client, hash of the token
--       then for each write: position of its token (from 1, 4 digits) with # and the slot of its entry, key, change
--       A change is one of
--         P and the value: put
--         D: delete
--         F and the 24 digits of a `look`: delete. The key was there when it was read after that look
--         N and the value: put of a new post. Its key is ~ and its id, which begins with 13 hex digits. The version
--           must be above that number
-- Returns {Redis's time in µs} if that is past the deadline. Else {Redis's time in µs, number of accepted writes that
-- took the place of a pending one, 1 if the waiting jobs take up all their room or else 0, an answer for each write}.
-- An answer is one of
--   16 digits  accepted with this version
--   refused    the record of this client is for another token
--   expired    the token has expired
--   unknown    no record can tell
--   marked     the account has an erasure mark
--   full       the limits leave no room
--   absent     delete: a delete of this key is pending already
--   taken      new post: its key is pending already
--   look, then 8 digits of the epoch and 16 of the last version accepted in the slot
--              delete: nothing of this epoch is pending, so MongoDB must tell if there is something to delete. After
--              F: MongoDB may have changed since that look
-- Returns the error NOEPOCH, and does nothing, if the partition has no epoch.

-- include include/entry-head.lua

local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local nowText = string.format('%.0f', now)
if now > tonumber(ARGV[1]) then return {nowText} end

local maxBytes, maxEntries = tonumber(ARGV[2]), tonumber(ARGV[3])
local maxJobBytes, ownJobBytes = tonumber(ARGV[4]), tonumber(ARGV[5])
local accounts, tokens = tonumber(ARGV[6]), tonumber(ARGV[7])
-- Versions have 16 digits, also if Redis's clock is before 2001
local clock = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now - 1, 1e15)
local entries = redis.call('ZCARD', KEYS[2])
local bytes = tonumber(redis.call('GET', KEYS[3]) or 0)
local bytesBefore, coalesced = bytes, 0
local jobsKey, slots = KEYS[#KEYS - 2], KEYS[#KEYS - 1]
local epochKey = KEYS[#KEYS]
-- Arguments of the commands that write the group at the end: HSET for each pending hash, ZADD, BITFIELD
local texts, members, versions = {}, {}, {}
-- Length of the text of each entry that this group writes
local lengths = {}

-- include include/current-epoch.lua
-- include include/token-state.lua

-- BullMQ takes jobs from the list, so their bytes are an estimate: those that it has taken since the last commit had
-- the average size.
local jobs = redis.call('LLEN', KEYS[4])
local jobsBefore, jobBytes = string.match(redis.call('GET', jobsKey) or '0 0', '(%d+) (%d+)')
if jobs < tonumber(jobsBefore) then jobBytes = jobBytes * jobs / jobsBefore end
jobBytes = tonumber(jobBytes)

local firstToken = 8 + accounts
local accountOf, tokenStates = {}, {}
for token = 1, tokens do
  local at = firstToken + 3 * (token - 1)
  local account = tonumber(ARGV[at])
  local name = string.format('%04d', token)
  accountOf[name] = account
  if redis.call('EXISTS', KEYS[3 * account + 3]) == 1 then
    tokenStates[name] = 'marked'
  else
    tokenStates[name] = tokenState(KEYS[3 * account + 4], ARGV[at + 1], ARGV[at + 2], now)
  end
end

-- Returns a text that changes before MongoDB can have another value for an entry of the slot
local function lookAt(slot)
  local last = redis.call('BITFIELD', slots, 'GET', 'i64', slot)[1]
  return epoch .. string.format('%016.0f', last)
end

local function accept(token, slot, key, change)
  if tokenStates[token] ~= 'live' then return tokenStates[token] end

  local account = accountOf[token]
  local member = ARGV[7 + account] .. '/' .. key
  local pending = KEYS[3 * account + 2]
  local ofGroup = lengths[member]
  local before = ofGroup or redis.call('HSTRLEN', pending, key)
  local operation = string.sub(change, 1, 1)
  if operation == 'N' then
    if before > 0 then return 'taken' end
    change = 'P' .. string.sub(change, 2)
    clock = math.max(clock, tonumber(string.sub(key, 2, 14), 16))
  elseif operation ~= 'P' then
    local isOld = before > 0 and not ofGroup and string.sub(redis.call('HGET', pending, key), 1, #epoch) ~= epoch
    if before == headLength and not isOld then return 'absent' end
    if (before == 0 or isOld) and lookAt(slot) ~= string.sub(change, 2) then return 'look' .. lookAt(slot) end
    change = 'D'
  end

  local grows = headLength - 1 + #change - before
  if before == 0 then grows = grows + #key end
  if (grows > 0 and bytes + grows > maxBytes) or (before == 0 and entries >= maxEntries) then return 'full' end

  clock = clock + 1
  local version = string.format('%016d', clock)
  lengths[member] = headLength - 1 + #change
  local text = texts[pending]
  if not text then
    text = {}
    texts[pending] = text
  end
  local at = #members
  text[#text + 1], text[#text + 2] = key, epoch .. version .. change
  members[at + 1], members[at + 2] = version, member
  at = 2 * at
  versions[at + 1], versions[at + 2], versions[at + 3], versions[at + 4] = 'SET', 'i64', slot, version
  if before == 0 then entries = entries + 1 else coalesced = coalesced + 1 end
  bytes = bytes + grows
  return version
end

local answers = {nowText, 0, 0}
for at = firstToken + 3 * tokens, #ARGV, 3 do
  answers[#answers + 1] = accept(string.sub(ARGV[at], 1, 4), string.sub(ARGV[at], 5), ARGV[at + 1], ARGV[at + 2])
end

answers[2] = coalesced
if #members > 0 then
  if ownJobBytes > 0 then
    jobBytes = jobBytes + ownJobBytes
    redis.call('SET', jobsKey, string.format('%.0f %.0f', jobs + 1, jobBytes))
  end
  for pending, text in pairs(texts) do redis.call('HSET', pending, unpack(text)) end
  redis.call('ZADD', KEYS[2], 'NX', unpack(members))
  redis.call('BITFIELD', slots, unpack(versions))
  redis.call('SET', KEYS[1], string.format('%.0f', clock))
  if bytes ~= bytesBefore then redis.call('INCRBY', KEYS[3], string.format('%.0f', bytes - bytesBefore)) end
end
if jobBytes >= maxJobBytes then answers[3] = 1 end
return answers
