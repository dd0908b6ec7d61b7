"""Those who are there as people are: they talk, they only listen, they go from room to room."""

import random

import gevent
from locust import task

from users.person import Person

HOPS = 10
"""Rooms that a RoomHopper goes to, unless --rooms says how many there are."""


class Thinker(Person):
    """Does something every --think seconds, more or less."""

    abstract = True

    def on_start(self) -> None:
        """Join, wait for the others, and then think for a while: not all are as quick."""
        super().on_start()
        gevent.sleep(self.pause(random.uniform(0, self.options.think)))

    def wait_time(self) -> float:
        """Until the next line is due."""
        return self.pause(self.options.think)


class Chatter(Thinker):
    """Talks at a human pace: a line every --think seconds, more or less."""

    @task
    def chat(self) -> None:
        """Say something."""
        self.say()


class Lurker(Person):
    """Only listens."""

    @task
    def listen(self) -> None:
        """Do nothing for a second."""
        gevent.sleep(1)


class RoomHopper(Thinker):
    """Goes from room to room, says something in each, and looks who and what there is."""

    @task(4)
    def chat(self) -> None:
        """Say something in the room where it is."""
        self.say()

    @task(2)
    def hop(self) -> None:
        """Go to another room."""
        with self.booked("JOIN"):
            self.move(f"load-{random.randrange(self.options.rooms or HOPS)}")

    @task(1)
    def display(self) -> None:
        """See who is here."""
        with self.booked("WHO"):
            self.command("/who", " * #")

    @task(1)
    def rename(self) -> None:
        """Take a new name."""
        with self.booked("NICK"):
            name = f"hopper-{random.randrange(10**9)}"
            self.command(f"/nick {name}", f" * You are now {name}")


class Flooder(Person):
    """Talks as fast as the server lets it."""

    buffer = 16 * 1024  # what is under way is waited for at the end: it should not be much

    @task
    def flood(self) -> None:
        """Say something, at once."""
        self.say(due=False)
