"""The scripts that Redis runs for bans and mutes."""

from gchat.store.redis.preludes import NOW

IMPOSE = (
    NOW
    + """
if tonumber(redis.call('GET', KEYS[2]) or 0) < tonumber(ARGV[1]) then return 0 end
for _, each in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', now / 1000)) do
    redis.call('HDEL', KEYS[1], each)
    redis.call('ZREM', KEYS[3], each)
end
local lifts, is_there = ARGV[3] == '', redis.call('HEXISTS', KEYS[1], ARGV[2]) == 1
if not (lifts or is_there) and redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[5]) then return -1 end
local version = redis.call('INCR', KEYS[2])
redis.call('ZREM', KEYS[3], ARGV[2])
if lifts then redis.call('HDEL', KEYS[1], ARGV[2])
else
    redis.call('HSET', KEYS[1], ARGV[2], version .. ' ' .. ARGV[3])
    if ARGV[4] ~= '' then redis.call('ZADD', KEYS[3], ARGV[4], ARGV[2]) end
end
return version
"""
)
"""Set a sanction, or lift it, and drop those that have expired. Returns the version.

0, and nothing is done, if Redis has lost earlier ones; -1 if there are too many. KEYS: sanctions,
their version, and when they expire. ARGV: the version that the server knows; the field, and what is
set, or nothing; when that expires, or nothing; how many there may be."""

GIVE_SANCTIONS = """
local version = tonumber(redis.call('GET', KEYS[2]) or 0)
if version >= tonumber(ARGV[1]) then return 0 end
for i = 2, #ARGV, 3 do
    local is_new = redis.call('HSETNX', KEYS[1], ARGV[i], '0 ' .. ARGV[i + 1]) == 1
    if is_new and ARGV[i + 2] ~= '' then redis.call('ZADD', KEYS[3], ARGV[i + 2], ARGV[i]) end
end
redis.call('SET', KEYS[2], version + tonumber(ARGV[1]) + 1)
return 1
"""
"""Add sanctions that Redis has lost, unless another server has done that.

KEYS: sanctions, their version, and when they expire. ARGV: the version that the server knows; of
each: field, value, when it expires, or nothing."""

SANCTIONS = """
return {tonumber(redis.call('GET', KEYS[2]) or 0), redis.call('HGETALL', KEYS[1])}
"""
"""Read all sanctions, with their version. KEYS: sanctions, their version."""

ALL = IMPOSE, GIVE_SANCTIONS, SANCTIONS
