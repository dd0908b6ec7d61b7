"""The certificate of the server, and the settings of TLS that connections are made with."""

import hashlib
import logging
import ssl
from contextlib import suppress
from pathlib import Path

from gchat.protocol.client_hello import X25519, offers_group
from gchat.runtime.self_signed import make_certificate, place_for_certificate

CIPHERS = ":".join(
    f"ECDHE-{signature}-{cipher}"
    for cipher in ("AES128-GCM-SHA256", "AES256-GCM-SHA384", "CHACHA20-POLY1305")
    for signature in ("ECDSA", "RSA")
)
"""The ciphers for TLS 1.2: those of Mozilla's intermediate settings (version 5.7) without the ones
with DHE, which cost the server more than the client. TLS 1.3 has its own, and all are taken."""

CURVE, OTHER_CURVE = "X25519", "prime256v1"
"""What keys are exchanged with; the second one if the client does not offer the first, as in FIPS
mode. By default OpenSSL takes whatever the client proposes, such as a group of 8192 bits, with
which one handshake holds everybody up for 12 ms. A context has one curve or all; with P-256 alone,
nearly all clients need one step more, and the server 3.6 KiB more for each (measured)."""

ALPN = ["http/1.1"]
"""What browsers are told that they can speak here; nc's clients propose nothing."""

STEPS = 8
"""More than a handshake has."""

REASONS = {
    "KEY_VALUES_MISMATCH": "the key is not the one of the certificate",
    "NO_START_LINE": "there is no certificate or key in PEM format in it",
    "BAD_PASSWORD_READ": "the key is encrypted with a passphrase; store it without one",
}
"""What OpenSSL's errors mean here."""


log = logging.getLogger(__name__)


class Certificate:
    """A certificate and its key, which are in one file or in two."""

    def __init__(self, path: str, key: str = "", *, is_own: bool = False) -> None:
        """Read the files at `path` and, if it is not empty, `key`. Raises ValueError."""
        self.path = path
        self._key = key
        self.is_own = is_own
        """The server has made it itself: nobody else can say whose it is."""
        self._contexts = _contexts(path, key)
        self.fingerprint = _handshake(self._contexts[CURVE])
        """The certificate's SHA-256, as openssl writes it: `A1:B2:...`."""
        log.info("certificate %s, SHA-256 fingerprint %s", path, self.fingerprint)

    def context_for(self, hello: bytes) -> ssl.SSLContext:
        """What the connection of a client is made with that begins with `hello`."""
        return self._contexts[CURVE if offers_group(hello, X25519) else OTHER_CURVE]

    def reload(self) -> bool:
        """Read the files again; returns whether that is another certificate.

        Raises ValueError: then the old one stays. A context that is in use is not touched: OpenSSL
        would leave it without any, if the new key did not match.
        """
        contexts = _contexts(self.path, self._key)
        before, self.fingerprint = self.fingerprint, _handshake(contexts[CURVE])
        self._contexts = contexts
        if self.fingerprint == before:
            return False
        log.info("certificate %s, SHA-256 fingerprint %s", self.path, self.fingerprint)
        return True


def find_certificate(path: str | None, key: str, history: str | None) -> Certificate:
    """The certificate at `path`, of which `key` may have the key; or the server's own.

    That is made if there is none yet (see self_signed). `history` is the history file, if there is
    one. Raises ValueError, a line that says what cannot be used.
    """
    if path is not None:
        try:
            return Certificate(path, key)
        except ValueError as why:
            raise ValueError(f"cannot use certificate {path}: {why}") from why
    try:
        own = place_for_certificate(history)
        if make_certificate(own):
            log.info("made a certificate: %s", own)
        return Certificate(str(own), is_own=True)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ValueError(
            f"cannot make a certificate for --tls: {reason}; name one with --tls-cert FILE"
        ) from error


def _contexts(path: str, key: str) -> dict[str, ssl.SSLContext]:
    """Contexts with the certificate in these files, by curve. Raises ValueError, a clause."""
    return {curve: _context(path, key, curve) for curve in (CURVE, OTHER_CURVE)}


def _context(path: str, key: str, curve: str) -> ssl.SSLContext:
    for file in filter(None, (key, path)):  # OpenSSL does not say which one it cannot read
        try:
            Path(file).open("rb").close()
        except OSError as error:
            raise ValueError(f"{file}: {error.strerror}") from error
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE
    context.set_ciphers(CIPHERS)
    context.set_ecdh_curve(curve)
    context.set_alpn_protocols(ALPN)
    # More would only be for clients that connect several times at once. With none, the end of a
    # client's handshake is not answered: what it says first is kept back by Nagle's algorithm, for
    # the 40 ms after which the kernel acknowledges that end.
    context.num_tickets = 1
    try:
        context.load_cert_chain(path, key or None, password=_no_passphrase)
    except ssl.SSLError as error:
        raise ValueError(_reason(error)) from error
    return context


def _no_passphrase() -> str:
    # OpenSSL would ask for one on the terminal.
    raise ValueError(REASONS["BAD_PASSWORD_READ"])


def _handshake(server: ssl.SSLContext) -> str:
    """Try a context, without a connection; returns the fingerprint. Raises ValueError."""
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    theirs = client.wrap_bio(to_client, to_server)
    ours = server.wrap_bio(to_server, to_client, server_side=True)
    try:
        for _ in range(STEPS):
            for side in (theirs, ours):
                with suppress(ssl.SSLWantReadError):
                    side.do_handshake()
    except ssl.SSLError as error:
        raise ValueError(f"no handshake is possible with it: {_reason(error)}") from error
    shown = theirs.getpeercert(binary_form=True)
    if not shown:
        raise ValueError("no handshake is possible with it")
    return hashlib.sha256(shown).digest().hex(":").upper()


def _reason(error: ssl.SSLError) -> str:
    reason = error.reason or ""
    return REASONS.get(reason) or reason.lower().replace("_", " ") or REASONS["NO_START_LINE"]
