"""doors.certificate: what TLS is made with."""

import ssl

import pytest

from gchat.doors.certificate import Certificate
from gchat.doors.tls_connection import TlsConnection, TlsFailed
from tests.unit.doors.tls_peer import Client, TlsPeer, any_certificate
from tests.unit.peers import connect

INTERMEDIATE = {
    *("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"),
    *("ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256"),
    *("ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-RSA-AES256-GCM-SHA384"),
    *("ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-RSA-CHACHA20-POLY1305"),
}
"""Mozilla's intermediate settings, version 5.7, without DHE."""


def test_the_ciphers_are_those_of_mozillas_intermediate_settings(
    server_context: ssl.SSLContext,
) -> None:
    assert {cipher["name"] for cipher in server_context.get_ciphers()} == INTERMEDIATE


def with_curve(name: str, version: ssl.TLSVersion | None = None) -> ssl.SSLContext:
    context = any_certificate(version)
    context.set_ecdh_curve(name)
    return context


def peer_of(certificate: Certificate, context: ssl.SSLContext) -> TlsPeer:
    """A connection of a client with these settings."""
    return TlsPeer(certificate.context_for(Client(context).shake_hands()), context)


@pytest.mark.parametrize(
    "context",
    [
        *(any_certificate(ssl.TLSVersion.TLSv1_2), any_certificate(ssl.TLSVersion.TLSv1_3)),
        *(with_curve("X25519"), with_curve("prime256v1")),
        with_curve("prime256v1", ssl.TLSVersion.TLSv1_2),
    ],
    ids=["TLS 1.2", "TLS 1.3", "X25519 alone", "P-256 alone", "P-256 alone in TLS 1.2"],
)
def test_each_client_finds_a_curve(certificate: Certificate, context: ssl.SSLContext) -> None:
    peer = peer_of(certificate, context)
    peer.say(b"hello")
    assert peer.recv() == b"hello"
    peer.close()


def test_what_most_clients_offer_is_taken_at_once(server_context: ssl.SSLContext) -> None:
    plain, peer = connect()
    client, connection = Client(), TlsConnection(plain, server_context)
    assert not connection.shake_hands(client.shake_hands())
    assert connection.shake_hands(client.shake_hands(peer.socket.recv(65536)))
    connection.close()
    peer.close()


@pytest.mark.parametrize("curve", ["secp521r1", "X448"])
def test_no_other_curve_is_taken_whatever_that_would_cost(
    certificate: Certificate, curve: str
) -> None:
    with pytest.raises(TlsFailed, match="no suitable key share"):
        peer_of(certificate, with_curve(curve))


def test_the_fingerprint_is_that_of_what_clients_are_shown(
    certificate: Certificate, server_context: ssl.SSLContext
) -> None:
    peer = TlsPeer(server_context)
    assert len(certificate.fingerprint) == 32 * 3 - 1
    assert peer.client.tls.getpeercert(binary_form=True)
    peer.close()
