"""What tests/checker finds wrong with what users of a Disk were shown."""

from collections.abc import Sequence

from tests.checker.histories import Fault, History, Line, Witness, faults
from tests.unit.resuming.disk import Disk
from tests.unit.resuming.user import User


def room_faults(room: str, users: Sequence[User], strangers: Witness, disk: Disk) -> list[Fault]:
    """Find all faults of a room, except that users may be shown what they said as strangers.

    The connection on which a user said that before it resumed may be over. `strangers` has said it.
    """
    witnesses = {
        f"{user.name} {number}": visit.witness
        for user in users
        for number, visit in enumerate(user.visits)
        if visit.room == room
    }
    stored = [
        Line("", message.id, message.text.split()[0])
        for message in disk.rooms[room]
        if message.is_spoken
    ]
    found = faults(History({**witnesses, "strangers": strangers}, stored))
    strange = {*strangers.sent}
    return [fault for fault in found if fault.what != "echoed" or fault.text not in strange]
