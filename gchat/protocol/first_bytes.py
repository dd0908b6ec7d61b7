"""Tell by the first bytes of a connection which protocol its other end speaks.

People and programs join with plain lines. To the same port come web browsers (any page that
somebody on this machine opens can have its browser connect here), TLS and SSH clients, and IRC
clients, which send their password first. What these send must not be said in a room. Nothing here
reads a socket.

What real clients send first was captured with a server that says nothing: curl and browsers send a
whole request, OpenSSL a ClientHello, OpenSSH its version; irssi sends `CAP LS 302` and waits for
the answer, WeeChat `PASS`, `CAP LS 302`, `NICK` and `USER` in some packets within a millisecond.
"""

import re
from collections.abc import Callable
from enum import StrEnum


class Protocol(StrEnum):
    """What a connection speaks; the values are what the server's log says."""

    CHAT = "chat"
    HTTP = "HTTP"
    TLS = "TLS"
    SSH = "SSH"
    IRC = "IRC"


Recognise = Callable[[bytes], Protocol | None]
"""Takes all that has come; returns None while what follows may decide."""

LONGEST_LINE = 16 * 1024
"""Bytes of a request line that are waited for. Web servers take 8 KiB as a rule, and nobody wants
to say a word that is longer."""

MOST_HEAD = 16 * 1024
"""Bytes of a request line and headers: twice what web servers take as a rule."""

_HELLO = (b"\x16", b"\x03", bytes(range(5)), bytes(range(0x41)), bytes(range(256)), b"\x01")
"""What the first bytes of a ClientHello may be: those of a handshake record of at most 16 KiB, and
of its first message (RFC 8446, 5.1). A line of text does not begin with Ctrl-V."""

_VERSION = b"SSH-2.0-"

# A script in a page can make up a method (RFC 9110, 5.6.2: a token), but its target begins with /.
_METHOD = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,1024}"
_METHODS = rb"(?:GET|HEAD|POST|PUT|DELETE|CONNECT|OPTIONS|TRACE|PATCH)"
_REQUEST_LINE = re.compile(
    rb"(?:" + _METHODS + rb" \S+|" + _METHOD + rb" /\S*) HTTP/\d\.\d|PRI \* HTTP/2\.0"
)
_REQUEST_BEGUN = re.compile(
    rb"(?:" + _METHODS + rb" \S+|" + _METHOD + rb" /\S*)(?: [HTP/\d.]*)?\r?"
)
_PERHAPS_A_REQUEST = re.compile(_METHOD + rb"(?: \S*(?: [HTP/\d.]*)?)?\r?")

_CAPABILITIES = re.compile(rb"CAP (?:LS(?: :?30\d)? ?|LIST|END|REQ .+)")
_REGISTRATION = re.compile(rb"PASS (?::.+|\S+)|NICK \S+|USER \S+ \S+ \S+ (?::.*|\S+)")
_IRC_COMMANDS = (b"CAP ", b"PASS ", b"NICK ", b"USER ")


def recognise(data: bytes) -> Protocol | None:
    """The protocol that begins with `data`, the first bytes; None while that is open.

    Whatever is not exactly another protocol is chat: `GET lost`, `NICK is here`, `PASS the salt`.
    So is all behind an empty line.
    """
    if is_hello_begun(data):
        return Protocol.TLS if len(data) >= len(_HELLO) else None
    if data.startswith(_VERSION):
        return Protocol.SSH
    line, ended, rest = data.partition(b"\n")
    line = line.removesuffix(b"\r")
    if not ended:
        may_be_other = _VERSION.startswith(data) or may_be_irc(data) or may_be_request(data)
        if may_be_other and len(data) >= LONGEST_LINE:
            return Protocol.HTTP if is_request_begun(data) else Protocol.CHAT
        return None if may_be_other else Protocol.CHAT
    if _REQUEST_LINE.fullmatch(line):
        return Protocol.HTTP
    if _CAPABILITIES.fullmatch(line):
        return Protocol.IRC
    return _recognise_login(line, rest)


def recognise_late_request(data: bytes) -> Protocol | None:
    """HTTP if `data` is a browser's request, on a connection that has been silent until now.

    Browsers connect ahead of time, and a page can make them do so; the request comes when the page
    likes, after it was decided that a person sits there. It comes in one piece, with `Host` in the
    second line. Nobody types that: what people type comes line by line, and is chat, whatever it
    says. None while what follows may decide.
    """
    line, ended, rest = data.partition(b"\n")
    if not ended:
        # Nobody types kilobytes without an end either.
        is_endless = is_request_begun(data) and len(data) >= LONGEST_LINE
        return Protocol.HTTP if is_endless else None if is_request_begun(data) else Protocol.CHAT
    if not (line.endswith(b"\r") and _REQUEST_LINE.fullmatch(line[:-1])):
        return Protocol.CHAT
    header = rest[:5].lower()
    if header == b"host:":
        return Protocol.HTTP
    return None if b"host:".startswith(header) else Protocol.CHAT


def is_hello_begun(data: bytes) -> bool:
    """Whether `data` begins a ClientHello of TLS, or is nothing."""
    if data[:1] not in (b"", _HELLO[0]):  # nearly always
        return False
    return all(byte in may_be for byte, may_be in zip(data, _HELLO, strict=False))


def is_login_begun(data: bytes) -> bool:
    """Whether `data` is the first line of a login to IRC, and the next one may be another."""
    line, _, rest = data.partition(b"\n")
    return b"\n" not in rest and _REGISTRATION.fullmatch(line.removesuffix(b"\r")) is not None


def is_request_begun(data: bytes) -> bool:
    """Whether `data` is an HTTP request line up to somewhere in its target or behind it."""
    return _REQUEST_BEGUN.fullmatch(data) is not None


def may_be_request(data: bytes) -> bool:
    """Whether `data` could be the beginning of an HTTP request line."""
    return not data or _PERHAPS_A_REQUEST.fullmatch(data) is not None


def may_be_irc(line: bytes) -> bool:
    """Whether `line` is, or could be the beginning of, a command that IRC clients send first."""
    return any(start.startswith(line[: len(start)]) for start in _IRC_COMMANDS)


def _recognise_login(line: bytes, rest: bytes) -> Protocol | None:
    """IRC if `line` and the one behind it are two parts of a login there."""
    if not _REGISTRATION.fullmatch(line):
        return Protocol.CHAT
    second, ended, _ = rest.partition(b"\n")
    if not ended:
        return None if may_be_irc(second) else Protocol.CHAT
    second = second.removesuffix(b"\r")
    is_login = _REGISTRATION.fullmatch(second) and second[:4] != line[:4]
    # No client says one part twice, but two lines of a text may well begin alike.
    return Protocol.IRC if is_login or _CAPABILITIES.fullmatch(second) else Protocol.CHAT
