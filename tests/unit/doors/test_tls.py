"""doors.tls: handshakes, one at a time, within their time, and within their share of it."""

import gevent
import pytest

from gchat.config.settings import Settings
from gchat.doors import tls
from gchat.doors.certificate import Certificate
from gchat.doors.newcomer import Newcomer
from gchat.doors.reception import TurnedAway
from gchat.doors.tls import SHARE, STEP, Handshakes
from gchat.doors.tls_connection import TlsConnection
from gchat.protocol.other_protocols import ALERT
from gchat.runtime.loop import give_way
from gchat.text.addresses import network_of
from tests.unit.doors.tls_peer import Client
from tests.unit.peers import Peer, connect, within_deadline

NEAR, FAR = "127.0.0.1", "10.0.0.1"


@pytest.fixture
def settings() -> Settings:
    return Settings()


@pytest.fixture
def handshakes(certificate: Certificate, settings: Settings) -> Handshakes:
    return Handshakes(certificate, settings)


def newcomer(host: str = NEAR) -> tuple[Newcomer, Peer]:
    connection, peer = connect()
    return Newcomer(connection, f"{host}:1", network_of(host)), peer


def shake_hands(handshakes: Handshakes, host: str = NEAR) -> TlsConnection:
    """A whole handshake; returns the server's side."""
    someone, peer = newcomer(host)
    client = Client()
    opening = gevent.spawn(handshakes.open, someone, client.shake_hands(), is_patient=True)
    with within_deadline("the handshake is over"):
        while not client.is_through:
            peer.send(client.shake_hands(peer.socket.recv(65536)))
        connection: TlsConnection = opening.get()
    peer.close()
    return connection


def test_it_opens_tls(handshakes: Handshakes, settings: Settings, certificate: Certificate) -> None:
    connection = shake_hands(handshakes)
    assert connection.is_secure
    assert settings.fingerprint == certificate.fingerprint
    connection.close()


def test_who_is_slow_is_turned_away_with_an_alert(
    handshakes: Handshakes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tls, "HANDSHAKE_TIME", 0.01)
    someone, peer = newcomer()
    with pytest.raises(TurnedAway, match="not over in time") as raised:
        handshakes.open(someone, Client().shake_hands()[:50], is_patient=True)
    assert raised.value.reply == ALERT
    someone.connection.close()
    peer.close()
    shake_hands(handshakes).close()


def test_rubbish_is_turned_away_with_openssls_alert(handshakes: Handshakes) -> None:
    someone, peer = newcomer()
    with pytest.raises(TurnedAway, match="TLS handshake failed: ") as raised:
        handshakes.open(someone, b"\x16\x03\x01\x00\x05\x01" + bytes(100), is_patient=True)
    assert raised.value.reply[0] == ALERT[0]
    someone.connection.close()
    peer.close()
    shake_hands(handshakes).close()


def test_one_that_breaks_off_is_an_error_of_the_connection(handshakes: Handshakes) -> None:
    someone, peer = newcomer()
    peer.close()
    with pytest.raises(ConnectionError):
        handshakes.open(someone, Client().shake_hands(), is_patient=True)
    someone.connection.close()


class Clock:
    """Time, which steps of handshakes take, and pauses between them."""

    def __init__(self, step: float = 0.01) -> None:
        self.now = 1000.0
        self.worked = 0.0
        self.turns = 0
        self._step = step

    def rule(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Have handshakes go by this time, and take a step of it each."""
        for name in ("perf_counter", "thread_time"):
            monkeypatch.setattr(tls, name, lambda: self.now)
        monkeypatch.setattr(TlsConnection, "shake_hands", lambda *_: self.step())

    def give_way(self) -> None:
        self.turns += 1
        give_way()

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds
        give_way()

    def step(self) -> bool:
        self.now += self._step
        self.worked += self._step
        return True


def test_all_together_have_a_share_of_the_time(
    handshakes: Handshakes, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    clock.rule(monkeypatch)
    monkeypatch.setattr(gevent, "sleep", clock.sleep)
    began, people = clock.now, [newcomer() for _ in range(20)]
    with within_deadline("all are through"):
        gevent.joinall(
            [gevent.spawn(handshakes.open, each, b"", is_patient=True) for each, _ in people]
        )
    assert clock.worked == pytest.approx(0.2)
    assert clock.worked / (clock.now - began) == pytest.approx(SHARE, rel=0.1)
    for each, peer in people:
        each.connection.close()
        peer.close()


@pytest.mark.parametrize(("step", "turns"), [(STEP * 1.01, 9), (STEP / 2.5, 3)])
def test_about_one_is_done_in_a_turn_of_the_loop(
    handshakes: Handshakes, monkeypatch: pytest.MonkeyPatch, step: float, turns: int
) -> None:
    clock = Clock(step)
    clock.rule(monkeypatch)
    monkeypatch.setattr(tls, "SLACK", 1.0)
    monkeypatch.setattr(tls, "give_way", clock.give_way)
    people = [newcomer() for _ in range(10)]
    with within_deadline("all are through"):
        gevent.joinall(
            [gevent.spawn(handshakes.open, each, b"", is_patient=True) for each, _ in people]
        )
    assert clock.turns == turns
    for each, peer in people:
        each.connection.close()
        peer.close()


def test_a_network_that_has_sent_few_comes_before_the_rest_of_one_that_has_sent_many(
    handshakes: Handshakes, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    clock.rule(monkeypatch)
    monkeypatch.setattr(gevent, "sleep", clock.sleep)
    through: list[str] = []
    people = [newcomer(host) for host in [NEAR] * 20 + [FAR]]

    def open_for(each: Newcomer) -> None:
        handshakes.open(each, b"", is_patient=True)
        through.append(each.host)

    with within_deadline("all are through"):
        gevent.joinall([gevent.spawn(open_for, each) for each, _ in people])
    assert through.index(FAR) < 5
    for each, peer in people:
        each.connection.close()
        peer.close()
