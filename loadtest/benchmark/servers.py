"""The servers that race: how each is built, configured, and started."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple
from zlib import crc32

from benchmark.member import Member
from benchmark.protocols import Dialect, Gchat, Irc, Lines, Mqtt, Nats, Redis

LOADTEST = Path(__file__).resolve().parents[1]
PEERS = LOADTEST / "peers"
PROGRAM = LOADTEST.parent / "gchat.py"

CACHE = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "gchat-peers"
"""Where the peers are kept that have to be compiled."""

GCHAT = "gchat"
REFERENCE = "C batching"
REFERENCE_AT_ONCE = "C at once"
THREADS = "Rust threads"
NGIRCD = "ngircd"
INSPIRCD = "inspircd"
NATS = "nats-server"
MOSQUITTO = "mosquitto"
REDIS = "redis-server"
SENDALL = "gevent sendall"
ASYNCIO = "asyncio"
UVLOOP = "uvloop"


class Missing(Exception):
    """Why a server cannot be raced here."""


class Server(NamedTuple):
    """One of them."""

    name: str
    command: Callable[[int, Path], list[str]]
    """What starts it, at a port of 127.0.0.1, with a directory for its files. Raises Missing."""
    dialect: Dialect
    most_in_room: int = 10_000
    """With how many in a room it is still raced: with more, a measurement of those that are slow
    takes minutes, to let all in or to deliver what is in flight."""
    at_once: int = 256
    """How many are on their way in at the same time: with more than a server listens for, they
    are turned away, and try again a second later."""
    environment: Mapping[str, str] = {}
    member: type[Member] = Member
    """What its clients are."""


def check(server: Server) -> None:
    """Make what `server` needs. Raises Missing if that is not to be had."""
    with TemporaryDirectory() as directory:
        server.command(0, Path(directory))


def gchat(port: int, directory: Path) -> list[str]:
    """What starts gchat with its limits for each client taken off."""
    limits = ["--rate", "0", "--max-per-address", "0", "--connect-rate", "0"]
    return [sys.executable, str(PROGRAM), "--port", str(port), *limits]


def _compiled(source: str, compiler: list[str], *options: str) -> Callable[[int, Path], list[str]]:
    def command(port: int, directory: Path) -> list[str]:
        path = PEERS / source
        version = crc32(path.read_bytes() + " ".join(compiler).encode())
        program = CACHE / f"{path.stem}-{version:08x}"
        if not program.exists():
            CACHE.mkdir(parents=True, exist_ok=True)
            arguments = [find(compiler[0]), *compiler[1:], "-o", str(program), str(path)]
            if subprocess.run(arguments, check=False).returncode:
                raise Missing(f"{compiler[0]} cannot compile {source}")
        return [str(program), str(port), *options]

    return command


def _python(source: str, module: str, *options: str) -> Callable[[int, Path], list[str]]:
    def command(port: int, directory: Path) -> list[str]:
        if find_spec(module) is None:
            raise Missing(f"there is no Python module {module}")
        return [sys.executable, str(PEERS / source), str(port), *options]

    return command


def _configured(program: str, *options: str) -> Callable[[int, Path], list[str]]:
    """A program with a configuration in `peers`, in which PORT, DIRECTORY, UID, GID are filled in.

    In `options` CONFIG is the path of what comes of that.
    """

    def command(port: int, directory: Path) -> list[str]:
        text = (PEERS / f"{program}.conf").read_text()
        for word, value in (
            ("DIRECTORY", str(directory)),
            ("= UID", f"= {os.getuid()}"),
            ("= GID", f"= {os.getgid()}"),
            ("PORT", str(port)),
        ):
            text = text.replace(word, value)
        config = directory / f"{program}.conf"
        config.write_text(text)
        return [find(program), *(each.replace("CONFIG", str(config)) for each in options)]

    return command


def find(program: str) -> str:
    """The path of a program. Raises Missing. Daemons are where not everybody looks."""
    places = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "~/.cargo/bin"))
    found = shutil.which(program, path=os.path.expanduser(places))
    if found is None:
        raise Missing(f"there is no program {program}")
    return found


_C = ["gcc", "-O2", "-Wall", "-Wextra"]

SERVERS = {
    server.name: server
    for server in (
        Server(GCHAT, gchat, Gchat()),
        Server(REFERENCE, _compiled("epoll_loop.c", _C), Lines()),
        Server(REFERENCE_AT_ONCE, _compiled("epoll_loop.c", _C, "--at-once"), Lines()),
        # It has one core: with threads for more, they would wait for each other.
        Server(NATS, _configured(NATS, "-c", "CONFIG"), Nats(), environment={"GOMAXPROCS": "1"}),
        Server(MOSQUITTO, _configured(MOSQUITTO, "-c", "CONFIG"), Mqtt(), at_once=64),
        Server(REDIS, _configured(REDIS, "CONFIG"), Redis()),
        # In IRC each one in a channel is told of all who come later.
        Server(NGIRCD, _configured(NGIRCD, "-n", "-f", "CONFIG"), Irc(), 1000, at_once=8),
        Server(
            INSPIRCD,
            _configured(INSPIRCD, "--nofork", "--runasroot", "--config=CONFIG"),
            Irc(),
            1000,
        ),
        Server(THREADS, _compiled("threads.rs", ["rustc", "-O"]), Lines(), 1000),
        Server(UVLOOP, _python("asyncio_write.py", "uvloop", "--uvloop"), Lines(), 1000),
        Server(ASYNCIO, _python("asyncio_write.py", "asyncio"), Lines(), 1000),
        Server(SENDALL, _python("gevent_sendall.py", "gevent"), Lines(), 1000),
    )
}
"""All of them by name."""
