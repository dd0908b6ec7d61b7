"""People who may do what operators may."""

from tests.blackbox.connection import Connection, Person
from tests.blackbox.server import Server

OP_PASSWORD = "drück mich 123"

OPERATORS = {"GCHAT_OP_PASSWORD": OP_PASSWORD}
"""The environment of a server on which there can be some."""

ABUSER, NEIGHBOUR = "127.0.0.2", "127.0.0.3"
"""Addresses of this machine from which neither an operator nor a bystander comes."""


def promote(person: Connection) -> None:
    """Make `person` an operator."""
    person.say(f"/op {OP_PASSWORD}")
    person.expect(" * You are now an operator")


def operator(server: Server, name: str = "op") -> Person:
    """One who is called `name`, and has been shown nothing more up to now."""
    person = server.person(name)
    promote(person)
    return person


def answers(person: Person, *lines: str) -> list[str]:
    """What `person` is told when it says `lines`; what came before them is skipped."""
    person.unread()
    person.say(*lines)
    told = [line for line in person.unread() if line.startswith(" * ")]
    return [line for line in told if not line.endswith((" joined", " left"))]


def refused(server: Server, source: str) -> str:
    """The line that one is told who comes from `source` and is not let in."""
    (line,) = server.connect(source=source).rest()
    return line
