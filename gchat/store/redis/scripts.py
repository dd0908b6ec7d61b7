"""The scripts that Redis runs: each is one step, in which nothing else happens there.

A Redis that is full refuses a command that needs memory, but not if the script has written
something before: so what needs memory comes first.

Each begins by finding out whether it runs in the Redis that the server means (`run`): one that was
restarted, or another one that has taken its place, may know less than was shown to clients.
"""

from hashlib import sha1

from gchat.store.redis import identity_scripts, sanction_scripts
from gchat.store.redis.preludes import IS_OPEN, NOW, RUN

_WAKE = """
local function wake(said, count, id)
    redis.call('XADD', said, 'MAXLEN', '~', 10000, '*', 'n', redis.call('INCR', count),
        'log', KEYS[1], 'id', id)
end
"""
"""Tell servers that follow many rooms that one ends with another id: the entries are numbered, so
that a server finds out if it has missed some."""

_META = """
local meta = redis.call('HMGET', KEYS[2], 'id', 'spoken', 'time', 'epoch', 'mark', 'run')
local id, spoken, time = tonumber(meta[1] or 0), tonumber(meta[2] or 0), tonumber(meta[3] or 0)
local epoch, mark = tonumber(meta[4] or 0), tonumber(meta[5] or 0)
"""

OPEN = (
    RUN
    + _META
    + """
if not meta[4] then epoch = tonumber(ARGV[2])
elseif meta[6] ~= run then epoch = epoch + tonumber(ARGV[3]) end
redis.call('HSET', KEYS[2], 'id', id, 'spoken', spoken, 'time', meta[3] or '0',
    'epoch', string.format('%.0f', epoch), 'mark', mark, 'run', run)
if id == 0 then redis.call('EXPIRE', KEYS[2], 3600) end
return {'OK', id, spoken, meta[3] or '0', string.format('%.0f', epoch), mark}
"""
)
"""Find the end of a room, which begins if there is none, in the epoch ARGV[2]. In another run than
before it is in a new epoch, later by ARGV[3]: some ids may have been lost, and be given out anew.
A room in which nothing was said is forgotten after an hour. KEYS: log, meta."""

APPEND = (
    RUN
    + _WAKE
    + _META
    + """
local known, number = tonumber(ARGV[2]), tonumber(ARGV[4])
if id < known then return {'BEHIND'} end
if ARGV[3] ~= '' then
    local there = nil
    if id == known then there = mark
    else
        local found = redis.call('XRANGE', KEYS[1], known .. '-0', known .. '-0')
        if found[1] then
            there = tonumber(string.match(found[1][2][2], '^%S+ %S+ %S+ (%S+)'))
        end
    end
    if there and there ~= tonumber(ARGV[3]) then return {'FORKED'} end
end
local before = redis.call('GET', KEYS[3])
if before and tonumber(string.match(before, '^%d+')) >= number then
    return {'OK', string.match(before, '%d+$')}
end
if ARGV[10] ~= '' then
    local node = string.match(ARGV[5], '^%d+')
    local lease = redis.call('HGET', KEYS[7], node)
    if lease ~= ARGV[10] and (lease or not redis.call('ZSCORE', KEYS[6], node)) then
        return {'LAPSED'}
    end
end
if not meta[4] then epoch = tonumber(ARGV[6])
elseif meta[6] ~= run then epoch = epoch + tonumber(ARGV[7]) end
local in_epoch = string.format('%.0f', epoch)
local latest = meta[3] or '0'
for i = 11, #ARGV, 5 do
    if tonumber(ARGV[i]) > time then time, latest = tonumber(ARGV[i]), ARGV[i] end
    id, spoken = id + 1, spoken + tonumber(ARGV[i + 1])
    mark = (mark * 1000003 + tonumber(ARGV[i + 2])) % 2147483647
    redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[8], id .. '-0',
        'p', spoken .. ' ' .. latest .. ' ' .. in_epoch .. ' ' .. mark .. ' ' .. ARGV[5] ..
            '.' .. (i - 11) / 5,
        'm', ARGV[i + 3], 'x', ARGV[i + 4])
end
if redis.call('MEMORY', 'USAGE', KEYS[1]) > tonumber(ARGV[9]) then
    redis.call('XTRIM', KEYS[1], 'MAXLEN', '~', math.floor(redis.call('XLEN', KEYS[1]) * 0.9))
end
redis.call('HSET', KEYS[2], 'id', id, 'spoken', spoken, 'time', latest, 'epoch', in_epoch,
    'mark', mark, 'run', run)
redis.call('PERSIST', KEYS[2])
redis.call('SET', KEYS[3], number .. ' ' .. id, 'EX', 86400)
wake(KEYS[4], KEYS[5], id)
return {'OK', id}
"""
)
"""Give the messages of a batch their places, unless that was done before; returns the last of them.

Refuses them if the lease of the server has ended, also if it has another one by now: the server may
have been paused since they were said, and their senders be at other servers.

KEYS: log, meta, batch, said, its count, alive, leases. ARGV: run; the id and the mark up to which
the server knows the room (no mark if it does not know that); the number of the batch, and what its
entries name it; epochs as for OPEN; how many messages the stream keeps, and how many bytes; the
lease, or nothing if that does not matter; of each message: time, 1 or 0 (spoken or not), crc, `m`,
`x`."""

GIVE_BACK = (
    RUN
    + _WAKE
    + """
local meta = redis.call('HMGET', KEYS[2], 'id', 'mark')
if (meta[1] or '0') ~= ARGV[2] or (meta[2] or '0') ~= ARGV[3] then return {'MOVED'} end
for i = 9, #ARGV, 4 do
    redis.call('XADD', KEYS[1], ARGV[i] .. '-0', 'p', ARGV[i + 1], 'm', ARGV[i + 2],
        'x', ARGV[i + 3])
    local node, number = string.match(ARGV[i + 1], '(%S+)%.(%d+)%.%d+$')
    if node then
        local batch = string.sub(KEYS[1], 1, -4) .. 'batch:' .. node
        redis.call('SET', batch, number .. ' ' .. ARGV[i], 'EX', 86400)
    end
end
redis.call('PERSIST', KEYS[2])
redis.call('HSET', KEYS[2], 'id', ARGV[4], 'spoken', ARGV[5], 'time', ARGV[6], 'epoch', ARGV[7],
    'mark', ARGV[8])
wake(KEYS[3], KEYS[4], ARGV[4])
return {'OK'}
"""
)
"""Add messages that have places, and that Redis has lost, if it ends where the server believes.

With them comes which batches were placed: a server that has not seen that would send one again.
KEYS: log, meta, said, its count. ARGV: run; the id and the mark at which it ends; id, spoken, time,
epoch and mark of the new end; of each message: id, `p`, `m`, `x`."""

DELETE = """
redis.call('SADD', KEYS[4], ARGV[1])
local deleted = {}
for i = 3, #ARGV do
    local id = ARGV[i]
    redis.call('SETBIT', KEYS[3], id, 1)
    local found = redis.call('XRANGE', KEYS[1], id .. '-0', id .. '-0')
    if found[1] then
        local fields = found[1][2]
        if string.match(fields[4], '^%["say"') or string.match(fields[4], '^%["action"') then
            redis.call('ZREMRANGEBYSCORE', KEYS[2], id, id)
            redis.call('ZADD', KEYS[2], id, id .. '\\n' .. fields[2] .. '\\n' .. fields[4])
            redis.call('XDEL', KEYS[1], id .. '-0')
            deleted[#deleted + 1] = tonumber(id)
        end
    end
end
redis.call('ZREMRANGEBYRANK', KEYS[2], 0, -1 - tonumber(ARGV[2]))
return deleted
"""
"""Delete the texts of messages, but not of events; returns the ids of those that had one.

KEYS: log, gone, deleted, rooms with deletions. ARGV: the room; of how many messages it is kept what
is left of them; ids."""

JOIN = (
    RUN
    + NOW
    + """
if redis.call('GET', KEYS[1]) == run then return {'OPEN'} end
local since = redis.call('GET', KEYS[4])
if not since or string.match(since, '^%w+') ~= run then
    redis.call('DEL', KEYS[2], KEYS[3])
    since = run .. ' ' .. string.format('%.0f', now)
    redis.call('SET', KEYS[4], since)
end
if ARGV[3] == '1' then
    redis.call('SADD', KEYS[2], ARGV[2])
    for _, each in ipairs({ARGV[2], unpack(ARGV, 6)}) do
        redis.call('SADD', KEYS[3], each)
        if tonumber(redis.call('GET', KEYS[6]) or 0) < tonumber(each) then
            redis.call('SET', KEYS[6], each)
        end
    end
end
local missing = #redis.call('SDIFF', KEYS[3], KEYS[2])
local up = tonumber(string.match(redis.call('INFO', 'server'), 'uptime_in_seconds:(%d+)'))
local may_know_all = ARGV[3] == '1' or up >= tonumber(ARGV[5])
local waited = now - tonumber(string.match(since, '%d+$'))
if not (missing == 0 and may_know_all) and waited < tonumber(ARGV[4]) then return {'WAIT'} end
for _, each in ipairs(redis.call('SMEMBERS', KEYS[2])) do redis.call('ZADD', KEYS[5], now, each) end
redis.call('SET', KEYS[1], run)
redis.call('DEL', KEYS[2], KEYS[3], KEYS[4])
return {'OPEN'}
"""
)
"""Learn whether all servers have given back what this run of Redis has lost: then rooms go on.

Also which numbers servers have: none of them is given out again. KEYS: gate, joined, known, since,
alive, nodes. ARGV: run; the server, and 1 if it was here before this run;
milliseconds after which nobody is waited for any more; seconds for which Redis has to be up if only
newcomers have joined; the servers that it knew."""

NUMBER = (
    IS_OPEN
    + """
local last = tonumber(redis.call('GET', KEYS[2]) or ARGV[1])
if last < tonumber(ARGV[2]) then last = tonumber(ARGV[2]) end
redis.call('SET', KEYS[2], last + 1)
return {'OK', last + 1}
"""
)
"""Give a server its number, above all before; behind ARGV[1] if there are none, and ARGV[2].

KEYS: gate, nodes."""

LEASE = (
    IS_OPEN
    + NOW
    + """
local begun = string.format('%.0f', now)
local last = tonumber(redis.call('GET', KEYS[3]) or 0)
redis.call('SET', KEYS[3], begun)
if now - last > tonumber(ARGV[3]) then
    for _, each in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do
        redis.call('ZADD', KEYS[2], now, each)
    end
end
local lease = redis.call('HGET', KEYS[6], ARGV[1])
if not redis.call('ZSCORE', KEYS[2], ARGV[1]) then lease = begun
elseif not lease then lease = ARGV[6] ~= '' and ARGV[6] or begun end
redis.call('HSET', KEYS[6], ARGV[1], lease)
redis.call('ZADD', KEYS[2], now, ARGV[1])
if ARGV[5] ~= '' then
    redis.call('HSET', KEYS[4], ARGV[1], ARGV[5])
    redis.call('HSET', KEYS[5], ARGV[1], ARGV[4])
end
for _, each in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], 0, now - tonumber(ARGV[2]))) do
    redis.call('ZREM', KEYS[2], each)
    for i = 4, 6 do redis.call('HDEL', KEYS[i], each) end
end
return {'OK', lease, redis.call('ZRANGE', KEYS[2], 0, -1), redis.call('HGETALL', KEYS[5]),
    redis.call('HGETALL', KEYS[6])}
"""
)
"""Renew the lease of a server, and end those that have not been renewed.

Returns its lease, another one than before if that was ended; the servers that are alive, the
versions of what they told of their clients, and their leases. If nobody could renew for a while, it
was Redis that was away, and all leases go on. KEYS: gate, alive, leased, people, versions, leases.
ARGV: the server; milliseconds that a lease lasts, and after which Redis was away; the version of
its clients, and these if they have changed; its lease, or nothing."""

CLAIM = (
    IS_OPEN
    + """
local held, reserved = redis.call('HGET', KEYS[2], ARGV[4]), '0'
if held then
    local node, number, till, name = string.match(held, '^(%S+) (%S+) (%S+) (.*)$')
    local is_there = redis.call('ZSCORE', KEYS[3], node)
    if number ~= ARGV[2] then
        if tonumber(till) > tonumber(ARGV[3]) or is_there then return {'OK', name} end
    elseif ARGV[6] == '1' and node ~= ARGV[1] and is_there then return {'OK', ''}
    else reserved = till end
end
local function is_ascii(name) return not string.find(name, '[\\128-\\255]') end
for i = 4, #KEYS do
    local latest = redis.call('GET', KEYS[i]) or ''
    local number, key, name = string.match(latest, '^(%S+) (%S+) (.*)$')
    if number and number ~= ARGV[2] and key ~= ARGV[4] and
        not (is_ascii(name) and is_ascii(ARGV[5])) then return {'OK', name} end
end
for i = 4, #KEYS do
    redis.call('SET', KEYS[i], ARGV[2] .. ' ' .. ARGV[4] .. ' ' .. ARGV[5], 'PX', ARGV[7])
end
local claim = ARGV[1] .. ' ' .. ARGV[2] .. ' ' .. reserved .. ' ' .. ARGV[5]
redis.call('HSET', KEYS[2], ARGV[4], claim)
return {'OK', ''}
"""
)
"""Give a client a name, unless another one has it, who is here, or whom it is reserved for.

Nor if another one has just taken one that looks like it. Returns the name of that one, or an empty
string. KEYS: gate, names, alive, what was called last so that it looks like this. ARGV: the server,
the number of the client, the time, the key of the name, the name; 1 if it has had the name before:
then it has none any more if the same client has it at another server; milliseconds after which all
servers know what names look like."""

SWEEP = (
    IS_OPEN
    + """
local found = redis.call('HSCAN', KEYS[2], ARGV[1], 'COUNT', ARGV[2])
for i = 1, #found[2], 2 do
    local node, till = string.match(found[2][i + 1], '^(%S+) %S+ (%S+) ')
    if tonumber(till) <= tonumber(ARGV[3]) and not redis.call('ZSCORE', KEYS[3], node) then
        redis.call('HDEL', KEYS[2], found[2][i])
    end
end
return {'OK', found[1]}
"""
)
"""Forget some names that nobody has any more: of servers that have ended, and no longer reserved.

Returns where to go on. KEYS: gate, names, alive. ARGV: where to begin, how many, the time."""

RELEASE = """
local held = redis.call('HGET', KEYS[1], ARGV[1])
if not held then return 0 end
local node, number, _, name = string.match(held, '^(%S+) (%S+) (%S+) (.*)$')
if number ~= ARGV[2] or (node ~= ARGV[4] and node ~= '-') then return 0 end
if tonumber(ARGV[3]) > 0 then
    redis.call('HSET', KEYS[1], ARGV[1], '- ' .. number .. ' ' .. ARGV[3] .. ' ' .. name)
else
    redis.call('HDEL', KEYS[1], ARGV[1])
end
return 1
"""
"""Take a name away from a client of a server that has it; it is reserved until then.

KEYS: names. ARGV: the key of the name, the number of the client, a time or 0, the server."""

SEND = """
if not redis.call('ZSCORE', KEYS[2], ARGV[1]) then return 0 end
redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[2], '*', 'letter', ARGV[4])
redis.call('EXPIRE', KEYS[1], ARGV[3])
return 1
"""
"""Put a letter into the inbox of a server, unless that has ended; returns 0 then.

KEYS: inbox, alive. ARGV: the server, the length of the inbox, the seconds that it is kept for, the
letter."""

ALL = (
    *(OPEN, APPEND, GIVE_BACK, DELETE, JOIN, NUMBER, LEASE, CLAIM, RELEASE),
    *(SWEEP, SEND),
    *sanction_scripts.ALL,
    *identity_scripts.ALL,
)


def sha(script: str) -> str:
    """What Redis knows `script` by when it was loaded."""
    return _SHAS[script]


_SHAS = {script: sha1(script.encode()).hexdigest() for script in ALL}
