"""What vandals send, and how they end."""

from hypothesis import strategies as st

from tests.blackbox.connection import Connection

MAX_LINE = 65_536
"""Bytes that a line may have."""

TELNET = (
    b"\xff\xfb\x1f", b"\xff\xfd\x03", b"\xff\xf4\xff\xfd\x06", b"\xff\xf6", b"\xff\xff",
    b"\xff\xfa\x1f\x00\x50\x00\x18\xff\xf0", b"\xff\xfa\x18", b"\xff\xfb", b"\xff",
)  # fmt: skip
"""Whole commands of telnet's, and some that are cut."""

COMMANDS = (
    b"/", b"/ ", b"/?", b"/m x y", b"/nick", b"/nick ann", b"/nick \xff\xfe", b"/msg",
    b"/msg nobody x", b"/msg \x00 x", b"/reply x", b"/join", b"/join pair", b"/topic",
    b"/who " + b"x" * 5000, b"/history 99999999999", b"/since x", b"/find \x1b", b"/time on",
    b"/time ../x", b"/color on", b"/redraw on", b"/bell on", b"/json", b"/json off", b"/ignore",
    b"/quiet off", b"/help x", b"/why", b"/me \x1b[2J", b"/away \x9b", b"/quit x", b"/nosuch",
    b"/\xff", b"//", b"/" * 1000,
)  # fmt: skip
"""Cut short, wrong, or with a sting. None takes the vandal to others than the bystanders, or
gives it another name."""

JSON = (
    b"{}", b"[" * 70, b'{"text": 7}', b'{"text": "x", "ref": []}', b'{"command": "/nick"}',
    b'{"text": "\\ud800\\u0000", "ref": 1}', b'{"text": "x", "to": "nobody"}', b'"', b"{\xff}",
)  # fmt: skip

ENDS = (b"\n", b"\r\n", b"\r\0", b"\r", b"\0", b"")

PIECE = st.one_of(
    # Without a slash: it might happen to begin a command.
    st.binary(max_size=60).map(lambda data: data.replace(b"/", b"")),
    st.sampled_from(TELNET),
    st.builds(bytes.__add__, st.sampled_from(COMMANDS + JSON), st.sampled_from(ENDS)),
    st.integers(1, 3).map(lambda times: b"x" * (times * MAX_LINE)),
)

RUBBISH = st.lists(PIECE, max_size=12)


def end_input(connection: Connection) -> None:
    """Say that nothing more will come, and take what does."""
    connection.end_input()
    while connection.socket.recv(MAX_LINE):
        pass


ENDINGS = st.sampled_from([Connection.close, Connection.reset, end_input])
