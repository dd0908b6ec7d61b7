"""How scripts begin that Redis runs."""

RUN = """
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
if run ~= ARGV[1] then return {'CLOSED'} end
"""
"""Ends a script unless it runs in the Redis that is meant. ARGV begins with its run."""

IS_OPEN = """
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
if redis.call('GET', KEYS[1]) ~= run then return {'CLOSED'} end
"""
"""Ends a script unless the servers have agreed how all rooms go on. KEYS begins with the gate."""

NOW = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
"""
"""The time in milliseconds."""
