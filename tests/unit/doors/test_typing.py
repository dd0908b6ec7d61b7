"""doors.dialects: what people type by mistake."""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gchat.commands.slips import CUT, ONLY_KEYS, TERMINAL_LINE, slip_in
from gchat.doors import opening
from gchat.model import presence
from gchat.text.safe import visible
from tests.field_inputs import SAID, SLIPS
from tests.unit.peers import Company, Peer


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "QUIET_MOMENT", 0.01)
    monkeypatch.setattr(presence, "INTERVAL", 0.01)


@pytest.fixture
def company() -> Iterator[Company]:
    with Company() as company:
        yield company


@pytest.fixture
def bystander(company: Company) -> Peer:
    return company.join("bob")


@pytest.fixture
def ann(company: Company, bystander: Peer) -> Peer:
    ann = company.converse(max_line=10_000)
    ann.read_until("/help lists")
    ann.send(b"/nick ann\n")
    ann.read_until("You are now ann")
    return ann


def answer(ann: Peer) -> str:
    """The next thing that ann is told that is no consequence of arriving."""
    return ann.read_line().rstrip("\n").removeprefix(" * ")


@pytest.mark.parametrize("line", SLIPS)
def test_a_slip_is_answered_and_not_sent(line: bytes, ann: Peer, bystander: Peer) -> None:
    ann.send(line + b"\n")
    assert answer(ann).startswith(SLIPS[line])
    ann.send(b"hello\n")
    assert not [each for each in bystander.read_until("ann: hello")[:-1] if each.startswith("ann:")]


@pytest.mark.parametrize("line", SAID)
def test_what_is_no_slip_is_sent(line: bytes, ann: Peer, bystander: Peer) -> None:
    ann.send(line + b"\n")
    assert bystander.read_until("ann: ")[-1] == f"ann: {SAID[line]}"


@pytest.mark.parametrize("line", SLIPS)
def test_a_program_has_no_slips(line: bytes, company: Company, bystander: Peer) -> None:
    program = company.converse(b"text\n" + line + b"\n")
    assert bystander.read_until("127.0.0.1")[-1].endswith(": text")
    assert bystander.read_line().partition(": ")[2] == f"{visible(line)}\n"
    program.end_input()


def test_a_line_that_a_terminal_has_cut_is_sent_and_told(ann: Peer, bystander: Peer) -> None:
    for length, told in ((TERMINAL_LINE, True), (TERMINAL_LINE - 1, False)):
        ann.send(b"x" * length + b"\n/version\n")
        assert bystander.read_until("ann: ")[-1] == f"ann: {'x' * length}"
        assert (f" * {CUT}" in ann.read_until("gchat ")) == told


KEYS = st.sampled_from([b"\x1b[A", b"\x1b[D", b"\x1bOA", b"\x1b[1;5C", b"\x1b[15~", b" ", b"\t"])


@settings(deadline=None)
@given(st.lists(KEYS, min_size=1, max_size=20), st.binary(max_size=3))
def test_keys_alone_are_a_slip_and_with_any_letter_they_are_not(
    keys: list[bytes], more: bytes
) -> None:
    line = b"".join(keys)
    if b"\x1b" in line:
        assert slip_in(line, visible(line)) == ONLY_KEYS
    if more.isalnum():
        assert slip_in(line + b"z" + more, visible(line + b"z" + more)) is None
