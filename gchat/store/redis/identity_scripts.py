"""Scripts about identities: whom tokens stand for, and which server has each.

Of each token, by its digest, a hash has

    owner   the number of the server that has the identity; `-` if none has
    state   who that is (identity_records.record_of)
    places  how far they have got in their rooms (identity_records.places_of)
    seen    when they were last there
    untold  until when nobody need be told that they left, in milliseconds; if that is so

What a server writes of an identity that it has no more is refused: so two never have the same one.
"""

from gchat.store.redis.preludes import NOW

_WRITE = """
local function write(key, owner, state, places, seen, untold)
    redis.call('HSET', key, 'owner', owner, 'places', places, 'seen', seen)
    if state ~= '' then redis.call('HSET', key, 'state', state) end
    if untold ~= '' then redis.call('HSET', key, 'untold', now + tonumber(untold))
    else redis.call('HDEL', key, 'untold') end
end
"""

KEEP = (
    NOW
    + _WRITE
    + """
local me, lost, unknown = ARGV[1], {}, {}
for i = 2, #KEYS do
    local a = 4 + (i - 2) * 6
    local number, state, name = ARGV[a], ARGV[a + 1], ARGV[a + 5]
    local owner = redis.call('HGET', KEYS[i], 'owner')
    if owner and owner ~= me then lost[#lost + 1] = tonumber(number)
    elseif not owner and state == '' then unknown[#unknown + 1] = tonumber(number)
    else
        write(KEYS[i], me, state, ARGV[a + 2], ARGV[a + 3], ARGV[a + 4])
        redis.call('EXPIRE', KEYS[i], ARGV[2])
        local held = state ~= '' and redis.call('HGET', KEYS[1], name)
        local node, of, called = string.match(held or '', '^(%S+) (%S+) %S+ (.*)$')
        if node == me and of == number then
            local claim = me .. ' ' .. number .. ' ' .. ARGV[3] .. ' ' .. called
            redis.call('HSET', KEYS[1], name, claim)
        end
    end
end
return {lost, unknown}
"""
)
"""Write identities of a server; their names stay reserved for a while, should it be killed.

Returns the numbers of those that it has no more, and of those of which Redis does not know all.
KEYS: names, then the hash of each. ARGV: the server; the seconds for which they are kept, and the
time until then; of each: number, state or nothing, places, seen, milliseconds for which nobody is
told that it left or nothing, the key of the name."""

LET_GO = (
    NOW
    + _WRITE
    + """
local owner = redis.call('HGET', KEYS[1], 'owner')
if owner and owner ~= ARGV[1] then return 0 end
write(KEYS[1], '-', ARGV[3], ARGV[4], ARGV[5], ARGV[6])
redis.call('EXPIRE', KEYS[1], ARGV[2])
redis.call('DEL', KEYS[2])
for i = 7, #ARGV, 2 do redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1]) end
redis.call('EXPIRE', KEYS[2], ARGV[2])
return 1
"""
)
"""Have any server take an identity that this one has; returns 0 if it has it no more.

KEYS: its hash, that of its direct messages. ARGV: as for KEEP, without what is about the name; then
each message, with its number before it."""

TAKE = (
    NOW
    + """
local found = redis.call('HMGET', KEYS[1], 'owner', 'state', 'places', 'seen', 'untold')
local owner, me = found[1], ARGV[1]
if not owner then return {'NONE'} end
if me ~= '' then
    if owner ~= me and owner ~= '-' and redis.call('ZSCORE', KEYS[2], owner) then
        return {'HELD', owner}
    end
    redis.call('HSET', KEYS[1], 'owner', me)
    redis.call('HDEL', KEYS[1], 'untold')
end
local left = math.max(0, tonumber(found[5] or 0) - now)
return {'OK', owner, found[2], found[3], found[4], string.format('%.0f', left)}
"""
)
"""Have a server have an identity, unless another one has it that is there.

KEYS: its hash, alive. ARGV: the server, or nothing: then it is only read."""

FREE = """
if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'owner', '-')
return 1
"""
"""Have any server take an identity that this one has taken. KEYS: its hash. ARGV: the server."""

FORGET = """
if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1], KEYS[2])
return 1
"""
"""Forget an identity that a server has, with its direct messages. KEYS: as for LET_GO. ARGV: the
server."""

LEAVE = """
local held = redis.call('HGET', KEYS[1], ARGV[1]) or ''
local node, number, till = string.match(held, '^(%S+) (%S+) (%S+) ')
if number ~= ARGV[2] or tonumber(till) <= tonumber(ARGV[3]) then return 'GONE' end
if redis.call('ZSCORE', KEYS[2], node) then return 'GONE' end
local size = 0
for _, each in ipairs(redis.call('HVALS', KEYS[3])) do size = size + #each end
if size > tonumber(ARGV[4]) then return 'FULL' end
redis.call('HSET', KEYS[3], ARGV[6], ARGV[7])
redis.call('EXPIRE', KEYS[3], ARGV[5])
return 'OK'
"""
"""Keep a direct message for an identity, if its name is reserved and no server has its client.

A server claims the name before it reads the messages: so none is left behind. KEYS: names, alive,
the hash of its direct messages. ARGV: the key of its name, its number, the time; the bytes above
which nothing is kept, the seconds for which it is; the number of the message, and the message."""

ALL = (KEEP, LET_GO, TAKE, FREE, FORGET, LEAVE)
