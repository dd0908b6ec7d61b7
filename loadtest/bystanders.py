"""Whether anybody is on a server already, who would be sent everything that the users say.

The question is asked as a person would ask it: with a command, over a connection of its own.
"""

import re
import time
from contextlib import closing

import gevent
from client import ChatClient
from gevent import Timeout

SECONDS = 10.0
"""How long the server has for an answer."""

LEAVING = 3.0
"""Seconds for the users of the run before to have left."""

AGAIN = 0.2
"""Seconds between two questions."""

_ROOM = re.compile(r" \* #\S+ +(\d+) here\b")
"""A room in the answer to /rooms: who asks is counted in one of them."""


class Unclear(Exception):
    """The server did not say who is there; the text says why, as the end of a sentence."""


def refusal(url: str, address: tuple[str, int]) -> str:
    """Say why no run should begin against the server at `address`; nothing if it may.

    `url` is what the server is called in the sentence, which says what to do as well.
    """
    deadline = time.monotonic() + LEAVING
    try:
        while others := count_others(*address):
            if time.monotonic() > deadline:
                clients = "1 client is" if others == 1 else f"{others} clients are"
                return (
                    f"{clients} on {url} already, and would be sent everything that the users say: "
                    "test a server of its own (python gchat.py --port 0), or add --anyway"
                )
            gevent.sleep(AGAIN)
    except OSError as error:
        return f"cannot connect to {url}: {error.strerror or error}; start a server there first"
    except Unclear as error:
        return f"{url} does not say who is there: {error}; to run all the same, add --anyway"
    return ""


def count_others(host: str, port: int) -> int:
    """Ask the server how many are in all of its rooms, besides the client that asks.

    Raises OSError if it cannot be connected to, Unclear if the answer is not understood.
    """
    lines: list[str] = []
    with closing(ChatClient(host, port, SECONDS)) as client:
        try:
            with Timeout(SECONDS, TimeoutError()):
                client.say("/rooms")
                client.say("/quit")
                while (more := client.receive()) is not None:
                    lines += more
        except TimeoutError:
            raise Unclear(f"no answer to /rooms within {SECONDS:g} s") from None
        except OSError as error:
            raise Unclear(f"the connection broke ({error.strerror or error})") from None
    rooms = [int(found[1]) for line in lines if (found := _ROOM.match(line))]
    if not sum(rooms):
        said = lines[0].strip()[:80] if lines else "nothing"
        raise Unclear(f"/rooms was answered with {said!r}")
    return sum(rooms) - 1
