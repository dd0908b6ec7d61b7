"""What HTTP tells of the server itself: how to join, whether it is well, its figures."""

from collections.abc import Iterator
from heapq import nlargest

from gchat import __version__
from gchat.doors.http_web import Web
from gchat.doors.listener import Address, show_address
from gchat.doors.newcomer import Newcomer
from gchat.doors.reception import Reception
from gchat.protocol.http_answers import METRICS, Problem, answer, json_answer, text
from gchat.protocol.http_requests import Request
from gchat.protocol.http_routes import WEB, Route, wants_html
from gchat.protocol.metrics import Metric, render
from gchat.runtime.watchdog import LIMIT
from gchat.text.addresses import address_of

ROOMS_SHOWN = 50
"""Rooms that the first page lists, the largest ones."""

UNWELL = 5.0
"""Seconds by which the loop has been late in the last minute if the server is not well. A machine
that is busy with other things makes it late by a tenth of that."""

FIRST_PAGE = """\
gchat, a chat server. To join:

{ways}

With HTTP:

  curl -d 'hello' '{scheme}://{host}/ROOM?name=NAME'     say something
  curl -N {scheme}://{host}/ROOM/raw                     listen: lines of text
  curl -N {scheme}://{host}/ROOM/json                    JSON lines
  curl -N {scheme}://{host}/ROOM/sse                     server-sent events
  curl '{scheme}://{host}/ROOM/raw?poll=1&since=10m'     what was said, and no more

Rooms:

{rooms}
"""


class Pages:
    """Answers requests that are for no room."""

    def __init__(self, reception: Reception) -> None:
        self._hub = reception.hub
        self._admission = reception.admission
        self._web = Web(reception.hub.settings.web_title)

    def show(self, newcomer: Newcomer, request: Request, asked: Route) -> bytes:
        """The answer to a request for one of http_routes.PAGES, or a file. Raises Problem."""
        page = asked.page
        if page == "healthz":
            return self._health(request.method)
        if page == WEB or (page == "" and wants_html(request.headers)):
            self._admission.count_no_connection(newcomer.network)
            return self._web.show(request, asked.file)
        if page == "metrics":
            self._check_may_measure(newcomer, request)
            return answer(200, render(self._metrics()).encode(), METRICS, method=request.method)
        local = newcomer.connection.local_address
        host = request.headers.get("host", show_address(local))
        page = FIRST_PAGE.format(
            ways="\n".join(f"  {way}" for way in self._ways_to_join(local, host)),
            scheme="https" if newcomer.connection.is_secure else "http",
            host=host,
            rooms=self._rooms(),
        )
        return text(200, page, request.method)

    def _ways_to_join(self, local: Address, host: str) -> Iterator[str]:
        """The ways in at this address, which the client calls `host`."""
        settings = self._hub.settings
        for program in settings.join_commands:
            yield f"{program} {local[0].removeprefix('::ffff:')} {local[1]}"
        yield f"{settings.page_scheme}://{host}/"

    def _rooms(self) -> str:
        rooms = nlargest(
            ROOMS_SHOWN, self._hub.rooms.by_name.values(), key=lambda room: len(room.clients)
        )
        return "\n".join(
            f"  #{room.name}  {len(room.clients)} here  "
            f"{room.topic.text if room.topic else ''}".rstrip()
            for room in rooms
        )

    def _health(self, method: str) -> bytes:
        hub = self._hub
        late = hub.watchdog.delay()
        trouble = {
            "closing": hub.shutdown.closing or hub.shutdown.asked.is_set(),
            "loop": late.typical > LIMIT or late.worst > UNWELL,
            "store": hub.store.is_unusable,
            "history": bool(hub.store.trouble) and not hub.store.is_unusable,
        }
        found = [name for name, is_there in trouble.items() if is_there]
        fields = {
            "status": "unwell" if found else "ok",
            "trouble": found,
            "clients": len(hub.clients),
            "loop_delay_median": late.typical,
            "loop_delay_max": late.worst,
            "history": "file" if hub.store.is_kept else "memory only",
        }
        return json_answer(503 if found else 200, fields, method)

    def _check_may_measure(self, newcomer: Newcomer, request: Request) -> None:
        """Raise Problem if figures are not for where `request` comes from."""
        settings, address = self._hub.settings, address_of(newcomer.host)
        if any(address in each for each in settings.metrics_from):
            return
        # A proxy on this machine, of which nobody has told us, asks for somebody else.
        is_for_other = "x-forwarded-for" in request.headers and not newcomer.is_introduced
        if address.is_loopback and not is_for_other:
            return
        why = "Metrics are for this machine; --metrics-from of gchat lets others read them"
        raise Problem(403, why, "not from there")

    def _metrics(self) -> list[Metric]:
        hub, stats, late = self._hub, self._hub.stats, self._hub.watchdog.delay()
        rooms = hub.rooms.by_name.values()
        return [
            Metric("info", "gauge", "The version.", {__version__: 1}, "version"),
            Metric("uptime_seconds", "gauge", "Since the start.", hub.clock.elapsed()),
            Metric("clients", "gauge", "Clients that are there.", len(hub.clients)),
            Metric("connections", "gauge", "Slots that are taken.", hub.slots.total),
            Metric("rooms", "gauge", "Rooms that are open.", len(rooms)),
            Metric(
                "log_bytes",
                "gauge",
                "What the messages of all rooms take in memory.",
                sum(room.log.size for room in rooms),
            ),
            Metric("joined", "counter", "Clients that came.", stats.joined),
            Metric(
                "refused",
                "counter",
                "Newcomers that were turned away.",
                dict(self._admission.refusals),
                "reason",
            ),
            Metric("messages", "counter", "Lines said in rooms.", stats.messages),
            Metric("deliveries", "counter", "Lines, for each client reached.", stats.deliveries),
            Metric("received_bytes", "counter", "Sent by clients.", stats.bytes_in),
            Metric("sent_bytes", "counter", "Sent to clients.", stats.bytes_out),
            Metric(
                "send_threads",
                "gauge",
                "Threads that send besides the event loop.",
                hub.send_threads,
            ),
            Metric(
                "loop_delay_seconds",
                "gauge",
                "How late the event loop was in the last minute.",
                {"median": late.typical, "max": late.worst},
                "of",
            ),
            Metric(
                "unwritten_messages",
                "gauge",
                "Messages that the history file is owed.",
                hub.store.unwritten,
            ),
            Metric(
                "history_trouble",
                "gauge",
                "1 while the history file cannot be written.",
                bool(hub.store.trouble),
            ),
            Metric("errors", "counter", "Errors in the log.", hub.faults.total),
        ]
