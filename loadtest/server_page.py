"""The server's figures, and the verdict, beside locust's own: in the web UI and in the report."""

import json
from dataclasses import asdict
from html import escape
from pathlib import Path
from typing import Any

import gevent
import latency
from flask import Response, request
from locust.env import Environment
from phases import Coordinator
from server_figures import UNITS, Figures, NotFound, Server, growth, summary
from users.booking import address_of

INTERVAL = 1.0
"""Seconds between two looks at the server."""

KEPT = 2 * 60 * 60
"""Looks that are kept, besides the first one: two hours."""

STYLE = "margin: 0; padding: 1em; white-space: pre-wrap; background: #fff; color: #333"
"""How the verdict looks in a report."""

CHARTS = Path(__file__).with_name("charts.html").read_text(encoding="utf-8")
"""The page; it draws what follows it as `figures`, or asks for that every second."""


class ServerPage:
    """Looks at the server during a run, and shows what it sees."""

    def __init__(self, environment: Environment, coordinator: Coordinator) -> None:
        self._environment = environment
        self._coordinator = coordinator
        self._options: Any = environment.parsed_options
        self._looking: Any = None
        self._figures: list[Figures] = []
        self._logs = 0.0
        """By how much the logs of the server's rooms have grown, in MiB."""
        self._trouble = ""
        self._ended = False

    def begin(self, **_: Any) -> None:
        """A run begins."""
        self._figures.clear()
        self._logs = 0.0
        self._trouble = ""
        self._ended = False
        if self._looking:
            self._looking.kill()
        host = self._environment.host or self._environment.user_classes[0].host
        try:
            self._server = Server(address_of(host)[1])
            self._looking = gevent.spawn(self._display, self._server)
        except (NotFound, ValueError) as error:  # ValueError: a host that is none
            self._trouble = str(error)

    def _display(self, server: Server) -> None:
        try:
            self._figures.append(server.display())
            self._logs -= server.logs()  # now: the first look would see the connection for it
            while True:
                gevent.sleep(INTERVAL)
                self._figures.append(server.display())
                del self._figures[1:-KEPT]
        except NotFound as error:
            self._trouble = str(error)

    def judge(self, environment: Environment, **_: Any) -> None:
        """All users are gone: a last look at what is left, which decides on the exit status."""
        if self._looking:
            gevent.sleep(2 * INTERVAL)
            self._looking.kill()
            self._logs += self._server.logs()
        self._ended = True
        if self.growth():
            environment.process_exit_code = 1

    def growth(self) -> str:
        """Why --max-growth fails the run that has ended; nothing if it does not."""
        most = self._options.max_growth
        if not most or not self._ended:
            return ""
        if self._trouble or not self._figures:
            return "whether the server has grown could not be seen"
        return growth(self._figures[0], self._figures[-1], self._logs, most)

    def end(self, **_: Any) -> None:
        """A line about the whole run, and the verdict and the charts in the report."""
        print(f"server: {self._trouble or summary(self._figures)}", flush=True)
        if self._options.html_file:
            report = Path(self._options.html_file)
            report.write_text(self.complete(report.read_text("utf-8")), "utf-8")

    def complete(self, report: str) -> str:
        """Locust's `report` with the verdict above it, and the server's charts below."""
        lines = [row["line"] for row in self.verdict()] + latency.summary(self._environment.stats)
        shown = escape("\n".join(lines) or "no run yet")
        verdict = f'<pre id="verdict" style="{STYLE}">verdict: {shown}</pre>'
        above = report.replace("<body>", f"<body>{verdict}", 1)
        return above + (self.charts() if self._figures else "")

    def charts(self) -> str:
        """The charts of what has been seen, as a piece of HTML that needs nothing else."""
        figures = json.dumps([asdict(moment) for moment in self._figures])
        return f"{CHARTS}\n<script>draw({figures})</script>\n"

    def rows(self) -> list[dict[str, str]]:
        """The table in the web UI's tab."""
        if not self._figures:
            return [{"figure": self._trouble or "no run yet", "now": "", "most": "", "first": ""}]
        first, last = asdict(self._figures[0]), asdict(self._figures[-1])
        most = {name: max(getattr(moment, name) for moment in self._figures) for name in UNITS}
        return [
            {
                "figure": title,
                "now": f"{last[name]:g}",
                "most": f"{most[name]:g}",
                "first": f"{first[name]:g}",
            }
            for name, title in UNITS.items()
        ]

    def verdict(self) -> list[dict[str, str]]:
        """Make a row of each line of the verdict, or one of how the run stands."""
        if not self._coordinator.judged:
            self._coordinator.look()
            so_far = self._coordinator.so_far()
            return [{"line": so_far}] if so_far else []
        return [{"line": line.strip()} for line in self._coordinator.verdict()[1].splitlines()]

    def extend(self, web_ui: Any) -> None:
        """Add tabs, whose tables locust draws, and the page with the charts, at /server."""
        web_ui.template_args["extended_tabs"] = [
            {"title": "Server", "key": "server"},
            {"title": "Verdict", "key": "verdict"},
        ]
        columns = {"figure": "Charts: /server", "now": "Now", "most": "Most", "first": "First"}
        web_ui.template_args["extended_tables"] = [
            {
                "key": "server",
                "structure": [{"key": key, "title": title} for key, title in columns.items()],
            },
            {
                "key": "verdict",
                "structure": [{"key": "line", "title": "Verdict on the run"}],
            },
        ]

        def page() -> str:
            return f"<!doctype html><title>Server</title>{CHARTS}<script>follow()</script>"

        def figures() -> Response:
            data = [asdict(moment) for moment in self._figures]
            return Response(json.dumps(data), mimetype="application/json")

        def add_rows(response: Response) -> Response:
            if request.path == "/stats/requests" and response.is_json:
                stats = response.get_json() | {
                    "extended_stats": [
                        {"key": "server", "data": self.rows()},
                        {"key": "verdict", "data": self.verdict()},
                    ]
                }
                response.set_data(json.dumps(stats))
            elif request.path == "/stats/report":
                response.set_data(self.complete(response.get_data(as_text=True)))
            return response

        web_ui.app.add_url_rule("/server", view_func=page)
        web_ui.app.add_url_rule("/server/figures", view_func=figures)
        web_ui.app.after_request(add_rows)


def look_at_server(environment: Environment, coordinator: Coordinator) -> None:
    """Do all that, in the process that coordinates the others.

    The coordinator has to have its part already: it is what ends a run that was interrupted.
    """
    page = ServerPage(environment, coordinator)
    coordinator.further_objections.append(page.growth)
    events: Any = environment.events
    events.test_start.add_listener(page.begin)
    events.quitting.add_listener(page.judge)
    events.quit.add_listener(page.end)
    if environment.web_ui:
        page.extend(environment.web_ui)
