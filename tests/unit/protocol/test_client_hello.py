"""protocol.client_hello: what a client offers, whatever it has sent."""

import ssl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gchat.protocol.client_hello import X25519, offers_group

P256, P521 = 23, 25


def hello(curve: str = "", version: ssl.TLSVersion | None = None) -> bytes:
    """The first bytes of a client that offers one curve, or those that OpenSSL does."""
    context = ssl.create_default_context()
    if version:
        context.minimum_version = context.maximum_version = version
    if curve:
        context.set_ecdh_curve(curve)
    outgoing = ssl.MemoryBIO()
    client = context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="chat.example")
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


@pytest.mark.parametrize("version", [None, ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_what_openssl_offers_is_found(version: ssl.TLSVersion | None) -> None:
    usual = hello(version=version)
    assert offers_group(usual, X25519)
    assert offers_group(usual, P256)
    assert not offers_group(usual, 1)
    one = hello("secp521r1", version)
    assert offers_group(one, P521)
    assert not offers_group(one, X25519)


def test_of_a_part_only_what_is_there_is_found() -> None:
    whole = hello()
    found = [offers_group(whole[:size], X25519) for size in range(len(whole) + 1)]
    assert found == sorted(found)
    assert not any(found[:60])
    assert found[-1]


@given(st.binary(max_size=300), st.integers(0, 300))
def test_nothing_is_too_strange(data: bytes, at: int) -> None:
    offers_group(data, X25519)
    whole = hello()
    offers_group(whole[:at] + data + whole[at:], X25519)
