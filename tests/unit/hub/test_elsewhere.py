"""hub.elsewhere: the clients of other servers, each counted once."""

from gchat.hub.elsewhere import Elsewhere
from gchat.model.peers import Peer

ANN = Peer(7, "ann", ["lobby"], True, False, None)
BOB = Peer(8, "bob", ["lobby"], True, False, None)


def names(elsewhere: Elsewhere) -> list[str]:
    """Who is in the lobby at other servers."""
    return [peer.name for peer in elsewhere.people("lobby")]


def test_one_who_goes_from_one_server_to_another_counts_once() -> None:
    """Both tell of it for a moment."""
    elsewhere = Elsewhere()
    elsewhere.learn({"1": [ANN, BOB], "2": [ANN]})
    assert names(elsewhere) == ["ann", "bob"]


def test_one_who_has_come_to_this_server_is_not_elsewhere() -> None:
    elsewhere = Elsewhere()
    elsewhere.learn({"1": [ANN, BOB]})
    elsewhere.has_come_here(ANN.number)
    assert names(elsewhere) == ["bob"]
    assert (
        elsewhere.called("ann") is elsewhere.numbered(ANN.number) is elsewhere.like("ann") is None
    )
    elsewhere.learn({"1": [ANN, BOB], "2": []}, here={ANN.number})
    assert names(elsewhere) == ["bob"]
