"""The door for plain lines: nc, telnet, and programs that pipe text."""

from gchat.doors.admission import Objection
from gchat.doors.login import Login
from gchat.doors.newcomer import Newcomer
from gchat.doors.opening import Greeting, Opening, open_lines
from gchat.doors.reception import Reception
from gchat.doors.session import Session
from gchat.protocol.framing import LineFramer


class PlainDoor:
    """Asks for the password, if there is one, and lets a client in for a session of lines."""

    def __init__(self, reception: Reception) -> None:
        self._reception = reception

    def admit(self, newcomer: Newcomer, greeting: Greeting) -> Session:
        """Let in `newcomer`, which has begun with `greeting`.

        Raises TurnedAway, OtherProtocol and OSError.
        """
        hub = self._reception.hub
        framer = LineFramer(hub.settings.max_line)
        with self._reception.among_strangers():
            opening = self._ask(newcomer, greeting, framer)
        self._reception.check_bars(newcomer)
        client = self._reception.new_client(newcomer.connection, newcomer.address)
        return Session(hub, client, framer, opening)

    def refusal(self, _greeting: Greeting, _objection: Objection) -> bytes:
        """Nothing: a line of text will do."""
        return b""

    def _ask(self, newcomer: Newcomer, greeting: Greeting, framer: LineFramer) -> Opening:
        """Find out who a newcomer is, and ask for the password if there is one.

        Returns what it opens with. Raises as `admit`.
        """
        hub, connection = self._reception.hub, newcomer.connection
        opening = open_lines(connection, framer, greeting)
        if password := hub.settings.password:
            login = Login(connection, newcomer.network, password, hub.password_attempts)
            opening = login.run(framer, opening)
        return opening
