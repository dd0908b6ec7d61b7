"""How the servers are talked to: lines as gchat takes them, IRC, NATS, MQTT, Redis."""

from typing import NamedTuple, Protocol

LINE = 64
"""Bytes of what is said, its end included, whatever a protocol adds to that."""


class CohortSend(NamedTuple):
    """A part of the conversation in which a client gets in."""

    send: bytes
    answer: bytes = b""
    """What comes when that was done; empty if nothing does."""


class Dialect(Protocol):
    """What a client sends. Rooms and clients are numbered from 0."""

    echoes: bool
    """Whether a client is sent its own lines as well, which count as deliveries then."""

    def enter(self, client: int, room: int) -> list[CohortSend]:
        """What brings a client into a room, in which it is sent what the others say."""

    def say(self, client: int, room: int, number: int) -> bytes:
        """Its line of this number, of LINE bytes."""


class Lines:
    """What a simple server takes: lines. There is one room."""

    echoes = False

    def enter(self, client: int, room: int) -> list[CohortSend]:
        """It is there as soon as it is connected."""
        if room:
            raise ValueError("this server has no rooms")
        return [CohortSend(b"")]

    def say(self, client: int, room: int, number: int) -> bytes:
        """The line itself."""
        return _text(client, number)


class Gchat(Lines):
    """gchat's lines. Who says something at once is a program, and told only what is said."""

    def enter(self, client: int, room: int) -> list[CohortSend]:
        """The first room is the lobby, where it arrives; the others are joined."""
        if room:
            return [CohortSend(b"/join r%02d\n/who\n" % room, b" * #r%02d, " % room)]
        return [CohortSend(b"\n")]


class Irc:
    """RFC 1459 and 2812, as far as it is needed."""

    echoes = False

    def enter(self, client: int, room: int) -> list[CohortSend]:
        """A nickname of 7 characters; joining ends with the list of names."""
        return [
            CohortSend(b"NICK u%06d\r\nUSER u 0 * :u\r\n" % client, b" 001 "),
            CohortSend(b"JOIN #r%02d\r\n" % room, b" 366 "),
        ]

    def say(self, client: int, room: int, number: int) -> bytes:
        """A message to the channel."""
        return b"PRIVMSG #r%02d :" % room + _text(client, number)[:-1] + b"\r\n"


class Nats:
    """NATS's client protocol: a room is a subject."""

    echoes = False

    def enter(self, client: int, room: int) -> list[CohortSend]:
        """Subscribed, without an echo of its own; the ping is answered when that is done."""
        return [
            CohortSend(
                b'CONNECT {"verbose":false,"pedantic":false,"echo":false,"lang":"python"}\r\n'
                b"SUB r%02d 1\r\nPING\r\n" % room,
                b"PONG\r\n",
            )
        ]

    def say(self, client: int, room: int, number: int) -> bytes:
        """A message to the subject, whose payload is the line."""
        return b"PUB r%02d %d\r\n" % (room, LINE) + _text(client, number) + b"\r\n"


class Mqtt:
    """MQTT 5 without acknowledgements (QoS 0): a room is a topic."""

    echoes = False

    def enter(self, client: int, room: int) -> list[CohortSend]:
        """Subscribed, without an echo of its own (No Local); it is answered when that is done."""
        name, topic = b"u%06d" % client, b"r%02d" % room
        connect = b"\0\4MQTT\5\2\0\0\0" + _counted(name)  # a clean start, no keepalive
        subscribe = b"\0\1\0" + _counted(topic) + b"\4"
        return [
            CohortSend(
                b"\x10%c%b\x82%c%b" % (len(connect), connect, len(subscribe), subscribe),
                b"\x90\4\0\1\0\0",
            )
        ]

    def say(self, client: int, room: int, number: int) -> bytes:
        """A message to the topic, whose payload is the line."""
        body = _counted(b"r%02d" % room) + b"\0" + _text(client, number)
        return b"\x30%c%b" % (len(body), body)


class Redis:
    """RESP3, in which who has subscribed may also publish: a room is a channel."""

    echoes = True  # it knows no way to be spared them

    def enter(self, client: int, room: int) -> list[CohortSend]:
        """Subscribed; what it publishes is not answered with the number of those it reached."""
        return [
            CohortSend(b"HELLO 3\r\n", b"modules"),
            CohortSend(b"SUBSCRIBE r%02d\r\n" % room, b"subscribe\r\n$3\r\nr%02d\r\n:1\r\n" % room),
            CohortSend(b"CLIENT REPLY OFF\r\n"),
        ]

    def say(self, client: int, room: int, number: int) -> bytes:
        """A message to the channel, which is the line without its end."""
        text = _text(client, number)
        return b"*3\r\n$7\r\nPUBLISH\r\n$3\r\nr%02d\r\n$%d\r\n%b\r\n" % (room, LINE, text)


def _counted(text: bytes) -> bytes:
    return b"\0%c%b" % (len(text), text)


def _text(client: int, number: int) -> bytes:
    start = b"%d %d " % (client, number)
    return start + b"." * (LINE - 1 - len(start)) + b"\n"
