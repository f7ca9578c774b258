#!lua flags=allow-oom
-- Settles applied entries: they are no longer pending, except those that another one has replaced since.
-- `allow-oom`: a Redis at `maxmemory` would refuse `DECRBY` and `ZADD`, and could then never be drained. This script
-- makes it smaller, or leaves its size as it is.
--
-- KEYS  1 clock  2 waiting  3 bytes  4 deleted  5 rejected  6 epoch
--       then for each account: pending
-- ARGV  1 store to which they were applied; empty if any store may own the queue
--       2 how long deletes are remembered, ms: longer than a delete takes from its look to its `F`
--       then for each account: user id, number of its entries
--       then for each of those: key, text, stored
--         text    pending entry as it was read before it was applied; empty if there was none
--         stored  16 digits if the database has this larger version, or another value with the same version; else empty
-- An entry that is still pending as it was read
--   if the database has it:        leaves pending, waiting and rejected, and its bytes are given back. A delete is
--                                  remembered in `deleted`, for deletes of the key that looked into the database
--                                  before this one came there.
--   if the database has `stored`:  was accepted by a Redis that had lost its clock. It gets a new version above
--                                  `stored`, keeps its age in waiting and must be applied again. So no accepted
--                                  write is dropped as stale.
-- An entry that was replaced moves on in waiting to its own version. An entry that is not pending leaves waiting.
-- Returns the positions, from 1, of the entries that must be applied again. Returns an error, and settles nothing, if
-- another store owns the queue.

local owner = redis.call('HGET', KEYS[6], 'store')
if ARGV[1] ~= '' and owner and owner ~= ARGV[1] then return redis.error_reply('FOREIGN The queue in Redis belongs to another store') end

local headLength = 17
local rememberMs = tonumber(ARGV[2])

local clock
local freed = 0
local deletes = {}
local again = {}

local function later(stored)
  clock = math.max(clock or tonumber(redis.call('GET', KEYS[1]) or 0), tonumber(stored)) + 1
  return string.format('%016.0f', clock)
end

local function settle(pending, member, key, text, stored)
  local current = redis.call('HGET', pending, key)
  if not current then
    redis.call('ZREM', KEYS[2], member)
  elseif current ~= text then
    redis.call('ZADD', KEYS[2], 'XX', string.sub(current, 1, 16), member)
  elseif stored == '' then
    redis.call('HDEL', pending, key)
    redis.call('ZREM', KEYS[2], member)
    redis.call('HDEL', KEYS[5], member)
    freed = freed + #key + #text
    if #text == headLength then
      deletes[#deletes + 1] = string.sub(text, 1, 16)
      deletes[#deletes + 1] = member
    end
  else
    redis.call('HSET', pending, key, later(stored) .. string.sub(text, 17))
    return true
  end
  return false
end

local at, position = 3, 0
for account = 1, #KEYS - 6 do
  local pending = KEYS[account + 6]
  local user, count = ARGV[at], tonumber(ARGV[at + 1])
  at = at + 2
  for _ = 1, count do
    position = position + 1
    local key = ARGV[at]
    if settle(pending, user .. '/' .. key, key, ARGV[at + 1], ARGV[at + 2]) then again[#again + 1] = position end
    at = at + 3
  end
end

if clock then redis.call('SET', KEYS[1], string.format('%.0f', clock)) end
if #deletes > 0 then
  local latest = clock or tonumber(redis.call('GET', KEYS[1]) or 0)
  for first = 1, #deletes, 1000 do
    redis.call('ZADD', KEYS[4], unpack(deletes, first, math.min(first + 999, #deletes)))
  end
  redis.call('ZREMRANGEBYSCORE', KEYS[4], '-inf', string.format('(%.0f', latest - rememberMs * 1000))
  redis.call('PEXPIRE', KEYS[4], rememberMs)
end
if freed > 0 then redis.call('DECRBY', KEYS[3], freed) end
return again
