"""Those who come and go while others talk."""

import random
import time

import gevent
from gevent import Timeout
from locust import task
from receipts import Message

from users.booking import Booking, process
from users.person import LOBBY, Person

PATIENCE = 20.0
"""Seconds that the server has to answer those who come and go. A run is longer: what hangs is
noticed in it."""


class Pipe(Booking):
    """Connects, posts a line, leaves, again and again, as `echo done | nc -N HOST PORT` does."""

    def on_start(self) -> None:
        """Wait for those who listen."""
        self._name = f"{process.new_name(type(self).__name__)}@{LOBBY}"
        process.senders += 1
        process.user_is_ready()
        process.talking.wait()

    def wait_time(self) -> float:
        """Seconds until the next post."""
        return random.uniform(0.5, 1.5) * float(self.options.think)

    @task
    def post(self) -> None:
        """Say one line in a connection of its own, booked to the polite end as POST."""
        if not process.talking.is_set():
            return
        sent = process.sent_by(self._name)
        due = time.monotonic_ns()
        with self.booked("POST"), Timeout(PATIENCE, ConnectionError("the server does not end it")):
            client = self.connect()
            try:
                sent.append(time.monotonic_ns())
                client.say(Message(self._name, len(sent), due).text())
                client.end_input()
                while client.receive() is not None:
                    pass
            finally:
                client.close()


class Churner(Person):
    """Joins, talks, and breaks off in each of four ways, again and again."""

    passing = True
    patience = PATIENCE

    def on_start(self) -> None:
        """Wait for the others; it joins in its task."""
        process.user_is_ready()
        process.talking.wait()

    @task
    def come_and_go(self) -> None:
        """Join, say a few lines, and be gone. What was said then has to reach the others."""
        with self.booked("STAY"):
            try:
                self.join()
                for _ in range(random.randint(1, 5)):
                    self.say(due=False)
                    gevent.sleep(random.uniform(0, self.options.think))
                self.settle()
                random.choice([self.half_close, self.quit, self.vanish, self.reset])()
            except OSError:
                self.leave()  # or it would be there twice the next time
                raise

    def quit(self) -> None:
        """Say goodbye."""
        if self._client:
            self._leaving = True
            self._client.say("/quit")
        self.half_close()

    def half_close(self) -> None:
        """End the input. Raises OSError if the server does not end the connection then."""
        if not self.leave(self.patience):
            raise ConnectionError("the server does not end the connection")

    def vanish(self) -> None:
        """Close in the middle of a line."""
        if self._client:
            self._client.send(b"and what I wanted to say is")
        self.break_off(reset=False)

    def reset(self) -> None:
        """Reset the connection."""
        self.break_off(reset=True)
