"""/token and /resume: what they tell and refuse. What comes back is in test_resumption."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from chat.commands import returning
from chat.guesses import RULE
from chat.history import History
from chat.tokens import make_token
from tests.unit.commands.typing_lines import a_program, person, refusal, run, shown, told
from tests.unit.peers import Company


@pytest.fixture(autouse=True)
def _no_penalty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(returning, "PENALTY", 0.0)


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Company]:
    history = History(str(tmp_path / "chat.db"))
    with Company(history=history) as company:
        yield company
    history.close()


def test_a_token_comes_with_the_first_name(company: Company) -> None:
    peer = person(company)
    first, second = told(company, peer, "/nick ann")
    assert first == "you are now ann"
    assert second == f"to go on after a lost connection: /resume {peer.client.token}"
    assert told(company, peer, "/nick anna") == ["you are now anna"]
    assert company.hub.identities.called("anna") is company.hub.identities.of(peer.client.number)
    assert told(company, peer, "/token") == [second]


def test_a_program_is_given_one_only_if_it_asks(company: Company) -> None:
    program = a_program(company, "ci")
    run(company, program, "/nick bot")
    assert shown(company, program) == []
    assert company.hub.identities.called("bot") is None
    (line,) = told(company, program, "/token")
    assert line.endswith(program.client.token)
    assert company.hub.identities.called("bot")


def test_who_has_no_name_has_nothing_to_come_back_to(company: Company) -> None:
    assert refusal(company, person(company), "/token") == (
        "take a name first, with /nick: it is what you come back to"
    )


def test_a_wrong_token_is_refused_and_after_some_none_is_looked_at(company: Company) -> None:
    ann, other = person(company, "ann"), person(company)
    run(company, ann, "/token")
    for _ in range(int(RULE.burst)):
        assert refusal(company, other, f"/resume {make_token()}") == (
            "nobody has that token, or its name was not used for 7 d; /nick NAME gives a new one"
        )
    why = refusal(company, other, f"/resume {ann.client.token}")
    assert why.startswith("too many wrong tokens came from your address; try again in")


def test_ones_own_token_brings_nothing_back(company: Company) -> None:
    ann = person(company, "ann")
    run(company, ann, "/token")
    assert refusal(company, ann, f"/resume {ann.client.token}") == "you are ann already"


def test_without_a_history_file_nobody_comes_back() -> None:
    with Company() as company:
        ann = person(company)
        assert told(company, ann, "/nick ann") == ["you are now ann"]
        for line in ("/token", "/resume lusab-babad-gutih-tugad"):
            assert refusal(company, ann, line) == (
                "nobody can come back: this server has no history file"
            )
