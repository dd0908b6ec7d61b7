"""config.password: what can be a password, and what matches it."""

import hmac
import os
import tracemalloc
from pathlib import Path

import pytest

from gchat.config.password import MAX_PASSWORD, BadPassword, Password, password_from
from gchat.text.safe import visible


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "password"
    path.write_bytes(b"swordfish\n")
    return path


def test_it_matches_itself_and_nothing_else() -> None:
    password = Password("swordfish")
    assert password.matches("swordfish")
    for typed in ("", "swordfis", "sword fish", "Swordfish", "swordfishy", "swordfish."):
        assert not password.matches(typed)


@pytest.mark.parametrize(
    "end", ["", "\n", "\r\n", "\r", " ", "\t\n", "\u00a0\n", "\ufeff", " \ufeff "]
)
@pytest.mark.parametrize("begin", ["", " ", "\ufeff", "\ufeff "])
def test_what_stands_around_it_by_accident_is_no_part_of_it(
    file: Path, begin: str, end: str
) -> None:
    file.write_text(f"{begin}sword fish{end}", newline="")
    for password in (Password(path=str(file)), Password(f"{begin}sword fish{end}")):
        for typed in (
            "sword fish",
            " sword fish",
            "sword fish ",
            "\ufeffsword fish",
            begin + "sword fish" + end.strip("\r\n"),
        ):
            assert password.matches(visible(typed.encode()))
        assert not password.matches("swordfish")


@pytest.mark.parametrize("secret", ["pässwörd".encode(), b"\xff\xfe", b"tab\tbell\x07", b"\xe4"])
def test_whatever_bytes_it_has_it_can_be_typed(file: Path, secret: bytes) -> None:
    file.write_bytes(secret + b"\n")
    for password in (Password(path=str(file)), Password(os.fsdecode(secret))):
        assert password.matches(visible(secret))
        assert not password.matches(visible(secret[:-1]))


@pytest.mark.parametrize(
    ("secret", "why"),
    [
        ("", "empty"),
        ("\n", "empty"),
        ("\r\n", "empty"),
        (" \t", "empty"),
        ("\ufeff\n", "empty"),
        ("x" * (MAX_PASSWORD + 1), f"longer than {MAX_PASSWORD} bytes"),
        ("ä" * (MAX_PASSWORD // 2) + "x", f"longer than {MAX_PASSWORD} bytes"),
        ("one\ntwo", "more than one line"),
        ("one\rtwo\n", "more than one line"),
        ("one\n\n", "more than one line"),
    ],
)
def test_what_cannot_be_a_password_is_refused_with_the_reason(
    file: Path, secret: str, why: str
) -> None:
    file.write_text(secret, newline="")
    for given in ({"text": secret}, {"path": str(file)}):
        with pytest.raises(BadPassword) as refused:
            Password(**given)
        assert str(refused.value) == why


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_the_longest_one_is_taken(file: Path, end: str) -> None:
    secret = "x" * MAX_PASSWORD
    file.write_text(secret + end, newline="")
    assert Password(path=str(file)).matches(secret)
    assert Password(secret).matches(secret)


def test_a_file_that_is_none_is_an_error_and_a_large_one_costs_no_memory(file: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Password(path=f"{file}2")
    with pytest.raises(IsADirectoryError):
        Password(path=str(file.parent))
    os.truncate(file, 32 * 2**20)
    tracemalloc.start()
    try:
        with pytest.raises(BadPassword):
            Password(path=str(file))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2**20


def test_it_is_read_again_when_that_is_asked_for(file: Path) -> None:
    password = Password(path=str(file))
    file.write_bytes(b"tuna\n")
    assert password.matches("swordfish")
    assert password.reload()
    assert password.matches("tuna")
    assert not password.reload()
    assert not password.matches("swordfish")


@pytest.mark.parametrize("spoil", [Path.unlink, lambda file: file.write_bytes(b"\n")])
def test_if_it_cannot_be_read_again_it_stays_as_it_was(file: Path, spoil: object) -> None:
    password = Password(path=str(file))
    assert callable(spoil)
    spoil(file)
    with pytest.raises((OSError, BadPassword)):
        password.reload()
    assert password.matches("swordfish")


def test_one_that_is_in_no_file_stays_as_it_is() -> None:
    password = Password("swordfish")
    assert not password.reload()
    assert password.matches("swordfish")


def test_only_its_hash_is_kept(file: Path) -> None:
    for password in (Password("swordfish"), Password(path=str(file))):
        assert "swordfish" not in str(vars(password)) + repr(password)


def test_to_compare_takes_the_same_time_however_long_what_is_typed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compared: list[tuple[bytes, bytes]] = []
    password = Password("swordfish")
    with monkeypatch.context() as patched:
        patched.setattr(hmac, "compare_digest", lambda *both: compared.append(both))
        for typed in ("", "sword", "swordfish", "x" * 1000):
            password.matches(typed)
    assert {len(each) for both in compared for each in both} == {32}
    assert len(compared) == 4


def test_it_is_given_as_a_text_or_in_a_file_or_not_at_all(file: Path) -> None:
    assert password_from(None, None) is None
    for password in (password_from("swordfish", None), password_from(None, str(file))):
        assert password is not None
        assert password.matches("swordfish")
    with pytest.raises(BadPassword):
        password_from("", None)
