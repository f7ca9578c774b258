#!lua flags=allow-oom
-- Claims a partition for the store to which its entries go, unless another store owns it.
-- `allow-oom`: this is one short field.
--
-- KEYS  1 epoch
-- ARGV  1 store
-- Returns the store that owns the partition.

redis.call('HSETNX', KEYS[1], 'store', ARGV[1])
return redis.call('HGET', KEYS[1], 'store')
