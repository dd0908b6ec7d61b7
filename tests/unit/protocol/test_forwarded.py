"""protocol.forwarded: for whom an HTTP proxy asks."""

from ipaddress import ip_network

import pytest

from gchat.protocol.forwarded import NotForwarded, forwarded_for, is_health_check

PROXIES = [ip_network("10.0.0.0/8"), ip_network("2001:db8:1::/64")]
HEAD = "GET / HTTP/1.1\r\nHost: chat.example\r\n{}\r\n"


def head(*values: str, name: str = "X-Forwarded-For") -> bytes:
    return HEAD.format("".join(f"{name}: {value}\r\n" for value in values)).encode()


@pytest.mark.parametrize(
    ("values", "client"),
    [
        (["192.0.2.7"], "192.0.2.7"),
        (["192.0.2.7, 10.0.0.1"], "192.0.2.7"),
        (["198.51.100.1, 192.0.2.7,10.1.2.3 , 10.0.0.1"], "192.0.2.7"),  # the first is made up
        (["198.51.100.1", "192.0.2.7"], "192.0.2.7"),  # a proxy that adds a line of its own
        (["nonsense, 192.0.2.7"], "192.0.2.7"),
        (["10.0.0.2, 10.0.0.1"], "10.0.0.2"),  # all are proxies: the first of them asks
        (["192.0.2.7:4711"], "192.0.2.7"),
        (["2001:db8::7"], "2001:db8::7"),
        (["[2001:db8::7]"], "2001:db8::7"),
        (["[2001:db8::7]:4711, 2001:db8:1::1"], "2001:db8::7"),
        (["::ffff:192.0.2.7"], "192.0.2.7"),
        (["192.0.2.7, ::ffff:10.0.0.1"], "192.0.2.7"),
    ],
)
def test_the_client_is_the_first_from_the_right_that_is_no_proxy(
    values: list[str], client: str
) -> None:
    assert forwarded_for(head(*values), PROXIES) == client
    assert forwarded_for(head(*values, name="x-forwarded-FOR"), PROXIES) == client


@pytest.mark.parametrize(
    "values",
    [[], [""], ["unknown"], ["192.0.2.7, "], ["192.0.2.7, unknown, 10.0.0.1"], ["192.0.2.300"],
     ["192.0.2.7:port"], ["[192.0.2.7"], ["192.0.2.0/24"]],
)  # fmt: skip
def test_a_request_without_an_address_where_it_should_be_names_nobody(values: list[str]) -> None:
    with pytest.raises(NotForwarded):
        forwarded_for(head(*values), PROXIES)


def test_what_only_looks_like_the_header_is_none() -> None:
    for made_up in ("X: a\nX-Forwarded-For: 192.0.2.7", "X-Forwarded-For : 192.0.2.7"):
        with pytest.raises(NotForwarded):
            forwarded_for(HEAD.format(f"{made_up}\r\n").encode(), PROXIES)


def test_a_proxy_asks_for_itself_how_the_server_is() -> None:
    assert is_health_check(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    assert is_health_check(b"HEAD /healthz HTTP/1.0\r\n\r\n")
    for other in (b"POST /healthz", b"GET /healthz/x", b"GET /metrics", b"GET /?/healthz"):
        assert not is_health_check(other + b" HTTP/1.1\r\n\r\n")
