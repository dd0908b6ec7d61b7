"""Plain data of the chat: messages, a room's log, identities. No I/O, no gevent, no clock."""
