"""Clients of other servers that share the store, as they were about a second ago."""

from collections.abc import Container, Mapping, Sequence

from gchat.model.peers import Peer
from gchat.text.lookalikes import LookAlikes
from gchat.text.naming import name_key

NOBODY: Sequence[Peer] = ()


class Elsewhere:
    """The clients of all other servers; there are none if the server is alone."""

    def __init__(self) -> None:
        self._present: Mapping[str, Sequence[Peer]] = {}
        self._of_room: dict[str, list[Peer]] = {}
        self._called: dict[str, Peer] = {}
        self._numbered: dict[int, Peer] = {}
        self._looks = LookAlikes()

    def learn(
        self, present: Mapping[str, Sequence[Peer]], here: Container[int] = frozenset()
    ) -> None:
        """Learn who is there, by server; but for the clients of the numbers `here`.

        These have just come from there. Who goes from one server to another counts once as well.
        """
        if all(present.get(each) is self._present.get(each) for each in {*present, *self._present}):
            return
        self._present = dict(present)
        self._of_room, called, seen = {}, dict[str, Peer](), set[int]()
        for peers in self._present.values():
            for peer in peers:
                if peer.number in here or peer.number in seen:
                    continue
                seen.add(peer.number)
                called[name_key(peer.name)] = peer
                for room in peer.rooms:
                    self._of_room.setdefault(room, []).append(peer)
        for key in self._called.keys() - called.keys():
            self._looks.remove(self._called[key].name, key)
        for key in called.keys() - self._called.keys():
            self._looks.add(called[key].name, key)
        self._called = called
        self._numbered = {peer.number: peer for peer in called.values()}

    def has_come_here(self, number: int) -> None:
        """Learn that the client of this number is at this server from now on."""
        peer = self._numbered.pop(number, None)
        if peer is None:
            return
        for room in peer.rooms:
            self._of_room[room] = [each for each in self._of_room[room] if each is not peer]
        key = name_key(peer.name)
        if self._called.get(key) is peer:
            del self._called[key]
            self._looks.remove(peer.name, key)

    @property
    def servers(self) -> list[str]:
        """The other servers."""
        return [*self._present]

    def people(self, room: str) -> Sequence[Peer]:
        """The clients of other servers that are in `room`."""
        return self._of_room.get(room, NOBODY)

    def called(self, name: str) -> Peer | None:
        """The client of another server that is called `name`, or None."""
        return self._called.get(name_key(name))

    def numbered(self, number: int) -> Peer | None:
        """The client of another server that has this number, or None."""
        return self._numbered.get(number)

    def beginning_with(self, key: str) -> list[str]:
        """The names that clients of other servers have taken and whose keys begin with `key`."""
        return [
            peer.name
            for called, peer in self._called.items()
            if called.startswith(key) and ":" not in peer.name  # no address
        ]

    def like(self, name: str) -> Peer | None:
        """The client of another server called `name`, or else one whose name looks like it."""
        if not self._called:
            return None
        keys = [name_key(name), *self._looks.of(name)]
        return next((self._called[key] for key in keys if key in self._called), None)

    @property
    def rooms(self) -> Mapping[str, Sequence[Peer]]:
        """The clients of other servers by the rooms that they are in."""
        return self._of_room
