"""store.redis.address: where Redis is, as people write it."""

import pytest

from gchat.config.values import without_password
from gchat.store.redis.address import Fixed, Watched, address_of


@pytest.mark.parametrize(
    "url",
    [
        "redis+sentinel://10.0.0.1:26379",
        "redis+sentinel://10.0.0.1:26379/",
        "redis+sentinel:///chat",
        "redis+sentinel://10.0.0.1,,10.0.0.2/chat",
        "redis+sentinel://10.0.0.1:port/chat",
        "redis+sentinel://10.0.0.1/chat/first",
        "redis://10.0.0.1:port",
        "redis://10.0.0.1?retry=3",
        "redis://10.0.0.1?ssl_ca_certs=ca.pem",
        "rediss://10.0.0.1?ssl_cert_reqs=none",
        "redis+sentinel://10.0.0.1/chat?password=secret",
    ],
)
def test_a_mistake_in_an_address_is_found_at_once(url: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        address_of(url, 1.0)


def test_there_are_two_kinds_of_addresses() -> None:
    assert isinstance(address_of("redis://:secret@10.0.0.1:6379/2", 1.0), Fixed)
    assert isinstance(address_of("unix:///run/redis.sock", 1.0), Fixed)
    watched = address_of("redis+sentinel://u:p%40ss@10.0.0.1,[::1]:5000/chat/3", 1.0)
    assert isinstance(watched, Watched)
    assert watched._sentinels == [("10.0.0.1", 26379), ("::1", 5000)]
    assert watched._name == "chat"
    assert watched._options["db"] == 3
    assert (watched._options["username"], watched._options["password"]) == ("u", "p@ss")
    assert watched._sentinel_password is None


def test_sentinels_may_have_a_password_of_their_own() -> None:
    watched = address_of("redis+sentinel://:one@10.0.0.1/chat?sentinel_password=an%40other", 1.0)
    assert isinstance(watched, Watched)
    assert watched._options["password"] == "one"
    assert watched._sentinel_password == "an@other"


def test_no_password_in_an_address_is_shown() -> None:
    url = "redis+sentinel://:secret@10.0.0.1/chat?sentinel_password=secret"
    assert "secret" not in without_password(url)
    assert "10.0.0.1/chat" in without_password(url)
