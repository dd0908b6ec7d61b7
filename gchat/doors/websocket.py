"""The door for WebSocket, behind that for HTTP: a handshake, the password, a session.

A page is not told how a handshake was refused. So one that may not come in is let through it, and
told why by the frame that closes the connection.
"""

from collections.abc import Sequence

from gchat.doors.admission import Objection
from gchat.doors.newcomer import Newcomer
from gchat.doors.reception import Reception, TurnedAway
from gchat.doors.websocket_login import WebSocketLogin
from gchat.doors.websocket_session import DISPLAY, WebSocketSession
from gchat.protocol.http_requests import Request
from gchat.protocol.voices import voice_of
from gchat.protocol.websocket_ear import WebSocketEar
from gchat.protocol.websocket_frames import CloseCode, close_frame
from gchat.protocol.websocket_handshake import accept, check_handshake

CODES = {
    "closing": CloseCode.SERVICE_RESTART,
    "full": CloseCode.TRY_AGAIN_LATER,
    "crowded": CloseCode.TRY_AGAIN_LATER,
    "too fast": CloseCode.TRY_AGAIN_LATER,
    "other": CloseCode.TRY_AGAIN_LATER,
}
"""How the connection of a newcomer is closed that may not come in, by the reason; else it has
broken a rule."""


class WebSocketDoor:
    """Lets in clients whose HTTP request asks for WebSocket."""

    def __init__(self, reception: Reception) -> None:
        self._reception = reception
        self._hub = reception.hub

    def admit(self, newcomer: Newcomer, request: Request, *, is_known: bool) -> WebSocketSession:
        """Let in `newcomer`, which has shown the password already if it `is_known`.

        Raises Problem, TurnedAway and OSError.
        """
        check_handshake(request)
        ear = WebSocketEar(self._hub.settings.max_line)
        try:
            with self._reception.among_strangers():
                first = self._open(newcomer, request, ear, is_known=is_known)
            self._reception.check_bars(newcomer)
        except TurnedAway as turned_away:
            why = turned_away.why
            raise TurnedAway(why, turned_away.reply or _goodbye(why)) from None
        client = self._reception.new_client(newcomer.connection, newcomer.address)
        client.display = DISPLAY
        return WebSocketSession(self._hub, client, ear, first)

    def refusal(self, request: Request, objection: Objection) -> bytes:
        """What a newcomer is told that may not come in. Raises Problem if it asks wrongly."""
        check_handshake(request)
        return accept(request) + _goodbye(objection)

    def _open(
        self, newcomer: Newcomer, request: Request, ear: WebSocketEar, *, is_known: bool
    ) -> Sequence[bytes]:
        """Answer the handshake, and ask for the password; returns the messages behind that.

        Raises TurnedAway and OSError.
        """
        answer, connection = accept(request), newcomer.connection
        if connection.send(answer) < len(answer):
            raise BlockingIOError("client does not read")
        hub = self._hub
        password = hub.settings.password
        if password is None or is_known:
            return ()
        login = WebSocketLogin(connection, voice_of(DISPLAY), ear)
        return login.run(newcomer.network, password, hub.password_attempts)


def _goodbye(why: str) -> bytes:
    """The frame that turns a newcomer away."""
    reason = why.reason if isinstance(why, Objection) else ""
    return close_frame(CODES.get(reason, CloseCode.POLICY_VIOLATION), why)
