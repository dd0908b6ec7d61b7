"""People who may do what operators may."""

from tests.blackbox.connection import Connection, Person
from tests.blackbox.server import Server

OP_PASSWORD = "drück mich 123"

OPERATORS = {"GCHAT_OP_PASSWORD": OP_PASSWORD}
"""The environment of a server on which there can be some."""


def promote(person: Connection) -> None:
    """Make `person` an operator."""
    person.say(f"/op {OP_PASSWORD}")
    person.expect(" * you are an operator now")


def operator(server: Server, name: str = "op") -> Person:
    """One who is called `name`, and has been shown nothing more up to now."""
    person = server.person(name)
    promote(person)
    return person
