"""Up to where a client has got what it was sent: what its side has acknowledged, and no more."""

from typing import NamedTuple

from gchat.hub.client import Client
from gchat.model.log import Cursor
from gchat.model.message import Private
from gchat.protocol.wire import encoder


class Received(NamedTuple):
    """What is known of a client."""

    place: Cursor
    """It has got what was said in its room up to here."""
    own_ahead: int
    """How many messages behind that it has said itself."""
    lost: list[Private]
    """What others have sent it alone that was sent to it, and has not arrived."""


def received(client: Client, known: Cursor) -> Received:
    """What `client` has got, whose connection may hang with much of it on its way.

    Exact to a message, but for answers in other looks than it has now, and if something is
    deleted while it is on its way: then it is said to have got less than it has. Up to `known` it
    had got all before; that is the answer if memory does not reach back far enough to tell.
    """
    log, cursor, own = client.log, client.cursor, client.own_ahead
    left = client.unacknowledged + len(client.cut)
    if not left:
        return Received(cursor, own, [])
    lost, in_flight = list[Private](), list(client.in_flight)
    encode = encoder(client.look)
    while left > 0:
        if in_flight and in_flight[-1].after.id >= cursor.id:
            _, size, private = in_flight.pop()
            left -= size
            if private:
                lost.append(private)
        elif cursor.id <= client.entered.id:
            break
        elif cursor.id <= log.start.id:
            return Received(max(known, client.entered), own, lost[::-1])
        else:
            (message,) = log.after(cursor.id - 1, 1)
            cursor = Cursor(message.id - 1, message.spoken_before)
            if message.sender in (client.number, client.former):
                own += message.is_counted
            elif not client.ignores.hides(message.sender, message.name):
                left -= len(encode(message))
    return Received(cursor, own, lost[::-1])
