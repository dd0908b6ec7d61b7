"""Being in several rooms: what programs ask for in JSON, and people cannot type."""

from gchat.commands.arguments import room_named
from gchat.commands.rooms import opening
from gchat.commands.table import MAX_SHOWN, Refused, request
from gchat.hub import membership
from gchat.hub.client import Client
from gchat.hub.hub import Hub
from gchat.hub.membership import TooManySeats
from gchat.hub.welcome import welcome_to_room
from gchat.text.naming import name_key


@request("join", cost=20)
def join(hub: Hub, client: Client, typed: str) -> None:
    """Be in a room besides those that the program is in. What answers it comes in that room."""
    name = room_named(typed)
    if client.seat_in(name):
        raise Refused(f"You are in #{name} already", "same room")
    if not client.display.json:  # it was sent before /json off
        raise Refused("Only programs that speak JSON can be in several rooms", "no JSON")
    with opening(hub, name):
        try:
            seat = membership.enter_further(hub, client, name)
        except TooManySeats as error:
            raise Refused(f"Not in #{name}: {error}", "too many rooms for a client") from None
    membership.answer_in(seat)
    if client.display.notices:
        welcome_to_room(hub, seat)


@request("leave", cost=20)
def leave(hub: Hub, client: Client, typed: str) -> None:
    """Be no longer in a room, which may be the first one: then the next one is the first."""
    seat = client.seat_in(name_key(typed.removeprefix("#")))
    if seat is None:
        raise Refused(f"You are not in #{typed[:MAX_SHOWN].removeprefix('#')}", "not in that room")
    if len(client.seats) == 1:
        raise Refused(
            f"#{seat.log.room} is the only room that you are in; /quit leaves the chat, /join ROOM "
            "goes to another room",
            "only room",
        )
    room = seat.log.room
    membership.leave_room(hub, seat)
    hub.confirm(client, f"You left #{room}")
