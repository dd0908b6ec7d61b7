"""The door for HTTP/1.1: curl, scripts, monitoring, browsers' EventSource.

One request on a connection: it is read within REQUEST_TIME, looked at, and answered; or it becomes
a client that listens in a room like all others (http_listening), as long as its connection lives.
What is posted is said by a client that is there for as long as that takes (http_posting).
"""

import logging
from collections.abc import Collection
from contextlib import suppress
from math import ceil
from time import monotonic
from urllib.parse import urlsplit

import gevent
from gevent.event import Event

from gchat.doors.admission import Objection
from gchat.doors.http_allowance import Allowance
from gchat.doors.http_listening import head_of, listener_for
from gchat.doors.http_pages import Pages
from gchat.doors.http_posting import Posts
from gchat.doors.http_refusals import problem_with
from gchat.doors.newcomer import Newcomer
from gchat.doors.opening import RECEIVE, REQUEST_TIME, Greeting
from gchat.doors.reception import Reception, TurnedAway
from gchat.doors.visit import Visit
from gchat.doors.websocket import WebSocketDoor
from gchat.hub.connection import Connection
from gchat.hub.password_attempts import PENALTY, too_many_attempts
from gchat.protocol.http_answers import Problem, refusal
from gchat.protocol.http_requests import Fault, Request, RequestEar
from gchat.protocol.http_routes import STREAMS, WEB, Route, route, wants_html
from gchat.protocol.http_trust import (
    NO_SECRET,
    Credentials,
    check_host,
    check_origin,
    credentials_in,
)
from gchat.text.safe import escape

ANSWER_TIME = 10.0
"""Seconds that a client may take none of its answer, before that is given up."""

OPEN_TO_ALL = ("healthz", "metrics", WEB)
"""Pages that need no password: they tell nothing of what is said. (The web page asks for it.)"""

log = logging.getLogger(__name__)


class HttpDoor:
    """Answers requests, and lets in clients that listen."""

    def __init__(self, reception: Reception) -> None:
        self._reception = reception
        self._hub = reception.hub
        self._pages = Pages(reception)
        self._allowance = Allowance(reception.hub)
        self._posts = Posts(reception, self._allowance)
        self._websocket = WebSocketDoor(reception)

    def admit(self, newcomer: Newcomer, greeting: Greeting) -> Visit | None:
        """Answer the request that begins with `greeting`; returns the visit of who listens.

        Raises OSError if the connection breaks.
        """
        method = ""
        try:
            with self._reception.among_strangers():
                request = self._read(newcomer.connection, greeting)
                method = request.method
                asked = route(method, request.target)
                shown = self._check(newcomer, request, asked)
            if asked.page == "ws" and not asked.room:
                is_known = bool(credentials_in(request.headers).secret)
                return self._websocket.admit(newcomer, request, is_known=is_known)
            self._reception.check_bars(newcomer)
            if asked.page in STREAMS:
                if method != "HEAD":
                    return listener_for(self._reception, self._allowance, newcomer, request, asked)
                answer = head_of(asked)
            elif asked.room:
                answer = self._posts.say(newcomer, request, asked, shown)
            else:
                answer = self._pages.show(newcomer, request, asked)
        except Problem as problem:
            answer = refusal(problem, method)
            log.debug("HTTP %d for %s: %s", problem.status, newcomer.address, problem.reason)
        except TurnedAway as turned_away:
            if turned_away.reply:  # in the language of WebSocket
                raise
            answer = refusal(problem_with(turned_away.why), method)
        except OSError:
            raise
        except Exception:  # a mistake of ours: it costs this request, not the server
            self._hub.faults.report("cannot answer an HTTP request of %s", newcomer.address)
            failed = Problem(500, "Internal error; details are in the server's log", "an error")
            answer = refusal(failed, method)
        self._send(newcomer.connection, answer)
        self._reception.admission.end_politely(newcomer.connection)
        return None

    def refusal(self, greeting: Greeting, objection: Objection) -> bytes:
        """The answer to a newcomer that may not come in."""
        request = RequestEar().feed(greeting.data)
        if isinstance(request, Request) and request.headers.get("upgrade"):
            with suppress(Problem):
                self._check_site(request, route(request.method, request.target))
                return self._websocket.refusal(request, objection)
        return refusal(problem_with(objection), greeting.data.partition(b" ")[0].decode("latin-1"))

    def _read(self, connection: Connection, greeting: Greeting) -> Request:
        """Read a request. Raises Problem and OSError."""
        ear, deadline = RequestEar(), monotonic() + REQUEST_TIME
        if greeting.data.startswith(b"PRI "):
            raise Problem(505, "This server speaks HTTP/1.1", "HTTP/2")
        self._hub.stats.bytes_in += len(greeting.data)
        heard = ear.feed(greeting.data)
        while heard is None:
            if ear.replies:
                connection.send(ear.replies)  # a new connection takes so little at once
                ear.replies = b""
            try:
                connection.wait_until_readable(deadline)
                data = connection.recv(RECEIVE)
            except TimeoutError:
                raise Problem(
                    408, f"The request was not whole within {REQUEST_TIME:.0f} seconds", "too slow"
                ) from None
            except BlockingIOError:
                continue
            self._hub.stats.bytes_in += len(data)
            heard = ear.feed(data) if data else ear.end()
        if isinstance(heard, Fault):
            raise Problem(heard.status, escape(heard.why), "no request")
        return heard

    def _check(self, newcomer: Newcomer, request: Request, asked: Route) -> Credentials:
        """Find out whether the request may be made; returns what it shows besides the password.

        Raises Problem and OSError.
        """
        self._check_site(request, asked)
        shown = credentials_in(request.headers)
        password = self._hub.settings.password
        if password is None or self._is_open_to_all(request, asked):
            return shown
        if asked.page == "ws" and not asked.room and not shown.secret:  # it asks for it itself
            return shown
        attempts, network = self._hub.password_attempts, newcomer.network
        if wait := attempts.wait(network):
            later = {"Retry-After": str(ceil(wait))}
            raise Problem(429, too_many_attempts(wait), "too many wrong passwords", later)
        if not shown.secret:
            why = "This server has a password: curl -u :PASSWORD, or Authorization: Bearer PASSWORD"
            raise Problem(401, why, "no password", NO_SECRET)
        if not password.matches(escape(shown.secret)):
            attempts.wrong(network, "password for the server")
            gevent.sleep(PENALTY)
            raise Problem(401, "Wrong password", "wrong password", NO_SECRET)
        return Credentials(shown.name, "")

    def _check_site(self, request: Request, asked: Route) -> None:
        """Raise Problem if it is a page of another site that asks."""
        origins = self._hub.settings.origins
        if asked.page != "healthz" or asked.room:
            check_host(request.headers, _hosts(origins))
        check_origin(request.method, request.headers, origins)

    def _is_open_to_all(self, request: Request, asked: Route) -> bool:
        """Whether what is asked for needs no password."""
        if asked.room:
            return False
        return asked.page in OPEN_TO_ALL or (asked.page == "" and wants_html(request.headers))

    def _send(self, connection: Connection, answer: bytes) -> None:
        """Send all of `answer`. Raises OSError."""
        left = memoryview(answer)
        while left:
            with suppress(BlockingIOError):
                taken = connection.send(left)
                self._hub.stats.bytes_out += taken
                left = left[taken:]
                continue
            has_room = Event()
            connection.block(has_room.set)
            if not has_room.wait(ANSWER_TIME):
                return


def _hosts(origins: Collection[str]) -> set[str]:
    return {urlsplit(origin).hostname or "" for origin in origins}
