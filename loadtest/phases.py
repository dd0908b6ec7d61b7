"""The phases of a run: all join, all talk, nobody talks any more, all is counted.

Users may be spread over processes: each process has a `Process`, and a `Coordinator`, where
the users are not, takes them through the phases. In a run of one process both are in that
one, and locust hands their messages over as if they were two.
"""

import os
import random
import time
from array import array
from collections.abc import Callable, Iterator
from dataclasses import asdict
from itertools import count as numbers_from
from itertools import product
from typing import Any

import gevent
from gevent.event import Event
from latency import duration, percentile, summary, together
from locust.env import Environment
from locust.runners import MasterRunner, WorkerRunner
from order import RoomOrder, Witness, contradictions, witness_of
from receipts import EXAMPLES, Receipts, room_of
from verdict import Counts, by_room, count, unheard

STILL_SECONDS = 0.25
"""A process in which nothing is missing looks so long for messages that come again."""

REPLY_SECONDS = 5.0
"""How long the coordinator waits for an answer that needs no waiting for anything else."""

AT_ONCE = 100
"""Receivers that are looked at before others get a turn: some milliseconds."""

TELL_SECONDS = 5.0
"""How often it is told, at the end, for how many lines the run waits."""

BOOKINGS_PER_SECOND = 10_000
"""DELIVERY requests that a process books in a second. Each costs 12 µs; when more messages
arrive, only some of them are booked, chosen at random. All are counted."""


class Process:
    """What the users of this process have sent and received."""

    def __init__(self) -> None:
        self.runner: Any = None
        self._numbers = numbers_from(1)
        self.begin()

    def begin(self, **_: Any) -> None:
        """A new run: nothing has been sent or received."""
        self.talking = Event()
        """Set as long as users may talk."""
        self.receivers: list[Receipts] = []
        self.sent: dict[str, array[int]] = {}
        self.senders = 0
        """Users of this process who receive nothing that is counted."""
        self.closed: list[str] = []
        """Who found their connection ended without having asked for it, and how."""
        self.orders: dict[str, RoomOrder] = {}
        """By room, what those in it have seen."""
        self._ready = 0
        self._arrived = self._booked_of = 0
        self._chance = 1.0
        self._next_look = 0

    def new_name(self, kind: str) -> str:
        """What a new user of that kind is called: nobody else in this run, whatever the process."""
        return f"{kind}-{os.getpid()}.{next(self._numbers)}"

    def new_stay(self, name: str, *, slow: bool = False, passing: bool = False) -> Receipts:
        """Where somebody keeps what it receives in a room; `name` is a sender (see Message)."""
        order = self.orders.setdefault(room_of(name), RoomOrder())
        receipts = Receipts(name, order, slow=slow, passing=passing)
        self.receivers.append(receipts)
        return receipts

    def sent_by(self, name: str) -> "array[int]":
        """When that one sent what; to be added to."""
        return self.sent.setdefault(name, array("q"))

    def user_is_ready(self) -> None:
        """A user has joined, or has failed to: the others need not wait for it any more."""
        self._ready += 1
        self.runner.send_message("chat-ready", self._ready)

    def is_to_be_booked(self, now: int) -> bool:
        """Whether to book a delivery at `now` (monotonic nanoseconds)."""
        self._arrived += 1
        if now >= self._next_look:
            arrived = self._arrived - self._booked_of
            self._chance = min(1.0, BOOKINGS_PER_SECOND / arrived)
            self._booked_of, self._next_look = self._arrived, now + 1_000_000_000
        return self._chance == 1.0 or random.random() < self._chance

    # What the coordinator asks for

    def on_talk(self, **_: Any) -> None:
        """Everybody is there."""
        self.talking.set()

    def on_stop_talking(self, **_: Any) -> None:
        """Say nothing more, and tell what was said, and when."""
        self.talking.clear()
        moments = {sender: sent.tobytes() for sender, sent in self.sent.items()}
        self.runner.send_message("chat-sent", moments)

    def on_look(self, **_: Any) -> None:
        """Tell the counts so far, of which none is a fault that waiting would mend."""
        counts = count(self._each_receiver(), self.sent, {})
        counts += Counts(senders=self.senders, closed=len(self.closed))
        self.runner.send_message("chat-so-far", asdict(counts))

    def on_count(self, environment: Environment, msg: Any, **_: Any) -> None:
        """Wait for what is still to come of all that was sent, and tell the counts."""
        sent = {sender: array("q", moments) for sender, moments in msg.data.items()}
        options: Any = environment.parsed_options
        counts, orders = Counts(uncounted=1), {}
        try:
            self._drain(sent, options.drain)
            counts = count(self._each_receiver(), self.sent, sent)
            counts += Counts(
                senders=self.senders, closed=len(self.closed), examples=self.closed[:EXAMPLES]
            )
            orders = {
                room: [(witness.name, witness.messages()) for witness in order.witnesses]
                for room, order in self.orders.items()
            }
        finally:  # or it would be waited for, for ever
            self._report(environment)
            self.runner.send_message("chat-counts", {"counts": asdict(counts), "orders": orders})

    def _report(self, environment: Environment) -> None:
        """Send locust's figures ahead of the counts, so that the verdict can rely on them.

        At the end of a run locust itself waits for them for half a second, which a busy machine
        exceeds: what was slow in the last seconds would then be missing.
        """
        if isinstance(self.runner, WorkerRunner):
            figures: dict[str, Any] = {}
            report: Any = environment.events.report_to_master
            report.fire(client_id=self.runner.client_id, data=figures)
            self.runner.send_message("stats", figures)

    def _each_receiver(self) -> Iterator[Receipts]:
        """Those of all users; now and then others have a turn, as locust's sign of life has to."""
        for number, receipts in enumerate(self.receivers):
            if number % AT_ONCE == 0:
                gevent.sleep(0)
            yield receipts

    def _drain(self, sent: dict[str, "array[int]"], patience: float) -> None:
        """Wait until all of `sent` has arrived, or nothing has for `patience` seconds."""
        deliveries = -1
        deadline = told = 0.0
        rooms = by_room(sent)
        while True:
            before, deliveries = deliveries, sum(r.deliveries for r in self.receivers)
            if deliveries != before:
                deadline = time.monotonic() + patience
            elif time.monotonic() > deadline or not any(
                receipts.missing(rooms.get(receipts.room, {})) for receipts in self._each_receiver()
            ):
                return
            gevent.sleep(STILL_SECONDS)
            if time.monotonic() > told and (lines := unheard(self._each_receiver(), rooms)):
                self.runner.send_message("chat-waiting", lines)
                told = time.monotonic() + TELL_SECONDS


class Coordinator:
    """Takes the processes that have users through the phases of a run, and sums up."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._runner: Any = environment.runner
        self.further_objections: list[Callable[[], str]] = []
        """What else may fail the run: each returns why, or nothing."""
        self.begin()

    def begin(self, **_: Any) -> None:
        """A new run."""
        self._users: int | None = None
        self._ready: dict[str, int] = {}
        self._sent: dict[str, dict[str, bytes]] = {}
        self._counts: dict[str, Counts] = {}
        self._witnesses: dict[str, list[Witness]] = {}
        self._talked = False
        self._late: set[str] = set()
        """The processes whose users have said what the others are not asked about."""
        self._so_far: dict[str, Counts] = {}
        self._unheard: dict[str, int] = {}
        """By process, the lines that it waits for at the end."""
        self._told = 0.0
        self._finished = False
        self.judged = False
        """Whether there is a verdict on a run that has ended."""

    def on_spawning_complete(self, user_count: int, **_: Any) -> None:
        """So many users have been started."""
        self._users = user_count
        self._talk_when_ready()

    def on_ready(self, msg: Any, **_: Any) -> None:
        """A process tells how many of its users are ready."""
        self._ready[msg.node_id] = msg.data
        self._talk_when_ready()

    def _talk_when_ready(self) -> None:
        if not self._finished and self._users and sum(self._ready.values()) >= self._users:
            self._talked = True
            self._runner.send_message("chat-talk")

    def on_sent(self, msg: Any, **_: Any) -> None:
        """A process tells what its users have sent, and when."""
        self._sent[msg.node_id] = msg.data

    def look(self) -> None:
        """Ask the processes for the counts so far, which come by and by: see `so_far`."""
        if self._talked and not self._finished:
            self._runner.send_message("chat-look")

    def on_so_far(self, msg: Any, **_: Any) -> None:
        """A process tells its counts so far."""
        self._so_far[msg.node_id] = Counts(**msg.data)

    def so_far(self) -> str:
        """How the run that is under way stands, in a line; nothing if there is none."""
        if not self._ready or self.judged:
            return ""
        if not self._talked:
            return f"joining: {sum(self._ready.values())} users are ready"
        if self._finished:
            return f"ending: waiting for {max(self._unheard.values(), default=0)} lines"
        counts = sum(self._so_far.values(), Counts())
        state = "failing" if counts.faults else "good so far"
        return f"{state}: {counts.standing()} (missing lines are counted at the end)"

    def on_waiting(self, msg: Any, **_: Any) -> None:
        """A process tells how many lines it waits for. Others may wait for the same ones."""
        self._unheard[msg.node_id] = msg.data
        lines = max(self._unheard.values())
        if time.monotonic() > self._told:
            noun = "line" if lines == 1 else "lines"
            print(f"waiting for {lines} {noun} that the server has not delivered yet", flush=True)
            self._told = time.monotonic() + TELL_SECONDS / 2

    def on_counts(self, msg: Any, **_: Any) -> None:
        """A process tells what its part of the run comes to."""
        self._counts[msg.node_id] = Counts(**msg.data["counts"])
        for room, seen in msg.data["orders"].items():
            others = self._witnesses.setdefault(room, [])
            here = [witness_of(name, messages) for name, messages in seen]
            for mine, other in product(here, others):
                for sender, number in contradictions(other, mine.messages()):
                    fault = f"{mine.name} got {sender} {number} in another order than {other.name}"
                    self._counts[msg.node_id] += Counts(reordered=1, examples=[fault])
            others += here

    def finish(self, **_: Any) -> None:
        """Have everybody stop talking, wait until all has arrived, and count.

        Locust stops the users when this returns, and not before.
        """
        if self._finished:
            return
        self._finished = True
        self._runner.send_message("chat-stop-talking")
        deadline = time.monotonic() + REPLY_SECONDS
        while self._ready.keys() - self._sent.keys() and time.monotonic() < deadline:
            gevent.sleep(0.01)
        self._late = self._ready.keys() - self._sent.keys()
        together = {sender: sent for part in self._sent.values() for sender, sent in part.items()}
        self._runner.send_message("chat-count", together)
        while (self._sent.keys() & self._living()) - self._counts.keys():
            gevent.sleep(0.01)
        self.judged = True

    def _living(self) -> set[str]:
        """The processes that can still answer."""
        if isinstance(self._runner, MasterRunner):
            return {node.id for node in self._runner.clients.running}
        return set(self._sent)

    def verdict(self) -> tuple[bool, str]:
        """Whether the run has passed, and the verdict: a line, and below it the first faults."""
        counts = sum(self._counts.values(), Counts())
        objections = []
        if self._finished and not self._talked:
            objections.append("it ended before all users had joined, so nobody talked")
        if silent := len((self._ready.keys() - self._counts.keys()) | self._late):
            objections.append(f"{silent} of {len(self._ready)} processes did not report")
        if failures := self._environment.stats.total.num_failures:
            objections.append(f"{failures} requests failed")
        options: Any = self._environment.parsed_options
        p99 = percentile(together(self._environment.stats), 0.99)
        if options.max_p99 and p99 > options.max_p99:
            objections.append(f"p99 of delivery {duration(p99)}, over {duration(options.max_p99)}")
        objections += filter(None, (objection() for objection in self.further_objections))
        passed = counts.passed and not objections
        line = "; ".join([f"{'passed' if passed else 'failed'}: {counts}", *objections])
        return passed, "\n    ".join([line, *counts.examples])

    def on_quitting(self, environment: Environment, **_: Any) -> None:
        """Set the exit status. A run that was interrupted is brought to its end before."""
        if not self._finished:
            self._runner.quit()
        if not self.verdict()[0]:
            environment.process_exit_code = 1

    def on_quit(self, **_: Any) -> None:
        """The last words, behind locust's tables."""
        for line in summary(self._environment.stats):
            print(line)
        print(f"verdict: {self.verdict()[1]}", flush=True)


def take_part(process: Process, environment: Environment) -> None:
    """Give `process` its part in the runs of this environment, if it has users."""
    runner: Any = environment.runner
    events: Any = environment.events
    if not isinstance(runner, MasterRunner):
        process.runner = runner
        runner.register_message("chat-talk", process.on_talk)
        runner.register_message("chat-look", process.on_look, concurrent=True)
        runner.register_message("chat-stop-talking", process.on_stop_talking)
        runner.register_message("chat-count", process.on_count, concurrent=True)
        events.test_start.add_listener(process.begin)


def coordinate(coordinator: Coordinator, environment: Environment) -> None:
    """Give `coordinator`, which is where there are no users, or all of them, its part."""
    runner: Any = environment.runner
    events: Any = environment.events
    runner.register_message("chat-ready", coordinator.on_ready)
    runner.register_message("chat-sent", coordinator.on_sent)
    runner.register_message("chat-so-far", coordinator.on_so_far)
    runner.register_message("chat-waiting", coordinator.on_waiting)
    runner.register_message("chat-counts", coordinator.on_counts)
    events.test_start.add_listener(coordinator.begin)
    events.spawning_complete.add_listener(coordinator.on_spawning_complete)
    events.test_stopping.add_listener(coordinator.finish)
    events.quitting.add_listener(coordinator.on_quitting)
    events.quit.add_listener(coordinator.on_quit)
