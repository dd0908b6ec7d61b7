"""Fixtures for all tests. Nothing here patches the standard library."""

from collections.abc import Callable, Iterator

import pytest

from tests.blackbox.bystanders import Bystanders
from tests.blackbox.server import Server

StartServer = Callable[..., Server]
"""Takes what `Server` takes."""


@pytest.fixture
def start_server() -> Iterator[StartServer]:
    """Starts servers with other options; at the end each must be in order (see Server.finish)."""
    servers: list[Server] = []

    def start(*options: str, **surroundings: object) -> Server:
        servers.append(Server(*options, **surroundings))  # type: ignore[arg-type]
        servers[-1].wait_until_it_listens()
        return servers[-1]

    yield start
    try:
        for server in servers:
            server.finish()
    finally:
        for server in servers:
            server.dispose()


@pytest.fixture
def server(start_server: StartServer, request: pytest.FixtureRequest) -> Server:
    """A server with its default options, but for the port and those that a test is marked with."""
    marker = request.node.get_closest_marker("options")
    return start_server(*(marker.args if marker else ()))


@pytest.fixture
def bystanders(server: Server) -> Bystanders:
    """Ann and Bob, who are in the room of `server`; they talk in a `with bystanders:`."""
    return Bystanders(server)
