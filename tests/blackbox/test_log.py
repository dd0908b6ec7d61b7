"""The server's own log as JSON, for programs."""

import json
import re
from datetime import UTC, datetime, timedelta

from tests.blackbox.operators import OPERATORS, operator
from tests.blackbox.safety import assert_safe
from tests.conftest import StartServer

ABUSER = "127.0.0.2"
"""An address of this machine from which no operator comes."""

HOSTILE = 'a "quoted" \x1b[2J\x07\x9b31m\u202e\u2028 \\ \udcff reason'

EVENTS = (
    "listens on 127.0.0.1:", "join 127.0.0.1:", "refuse carl (127.0.0.2:", "rate-limited carl",
    "wrong operator password (carl", "refused 127.0.0.2:", "op (127.0.0.1:", "is an operator",
    "set the limit rate to 50", "carl is muted by op", "op unmuted carl", "announces: a",
    "carl was kicked by op: a", "leave carl (127.0.0.2:", "127.0.0.2 is banned by op: a",
    "the ban of 127.0.0.2 is lifted", "shutdown now, by op: a", "stopping: ", "stopped",
)  # fmt: skip
"""What the messages are about."""


def test_each_line_of_the_log_is_an_object_whatever_happens(start_server: StartServer) -> None:
    server = start_server(
        "--log-json",
        "--log-level=debug",
        "--max-per-address=3",
        "--burst=100",
        environment=OPERATORS,
    )
    began = datetime.now(UTC)
    op, carl = operator(server), server.person("carl", source=ABUSER)
    others = [server.connect(source=ABUSER) for _ in range(2)]
    server.connect(source=ABUSER).rest()
    carl.send(f"/nick {HOSTILE}\n/{HOSTILE}\n/op {HOSTILE}\n".encode(errors="surrogateescape"))
    carl.expect("Wrong operator password")
    carl.say(*map(str, range(110)))
    op.expect("carl: 109")
    for line in (
        "/limits rate 50", "/mute carl 1h", "/unmute carl", "/announce ", "/kick carl ",
        f"/ban {ABUSER} ", f"/unban {ABUSER}", "/shutdown 0s ",
    ):  # fmt: skip
        op.send(f"{line}{HOSTILE if line[-1] == ' ' else ''}\n".encode(errors="surrogateescape"))
    for client in (op, carl, *others):
        client.rest()
    assert server.wait() == 0

    levels, messages = set(), []
    for line in server.log().splitlines():
        fields = json.loads(line)
        assert fields.keys() == {"time", "level", "logger", "message"}
        assert line.isascii()
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", fields["time"])
        logged = datetime.fromisoformat(fields["time"])
        assert began - timedelta(minutes=1) < logged < datetime.now(UTC)
        assert fields["logger"].startswith("gchat")
        assert_safe(fields["message"].encode())
        levels.add(fields["level"])
        messages.append(fields["message"])
    assert levels == {"debug", "info", "warning"}
    for event in EVENTS:
        assert any(event in message for message in messages), event
