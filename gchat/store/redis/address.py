"""Where Redis is: at an address, or wherever the Sentinels that watch over it say.

`redis://:PASSWORD@HOST:PORT/DATABASE`, `rediss://` for the same inside TLS, `unix:///PATH`, or
`redis+sentinel://:PASSWORD@HOST:PORT,HOST:PORT,…/NAME/DATABASE` with the addresses of Sentinels,
and the name under which they watch over the Redis. What is between a `?` and the end are options:
`ssl_ca_certs`, `ssl_certfile` and `ssl_keyfile` of `rediss://`, `sentinel_password` of Sentinels
that want one.
"""

from collections.abc import Collection
from typing import Any, Protocol
from urllib.parse import parse_qs, unquote, urlsplit

from redis.connection import (
    Connection,
    SSLConnection,
    UnixDomainSocketConnection,
    parse_url,
)
from redis.exceptions import AuthenticationError, RedisError
from redis.exceptions import ConnectionError as NoConnection

SENTINEL = "redis+sentinel"

SENTINEL_PORT = 26379

SENTINEL_PASSWORD = "sentinel_password"

TLS_OPTIONS = {"ssl_ca_certs", "ssl_certfile", "ssl_keyfile"}

PATIENCE = 1.0
"""Seconds that Redis has to take a connection, and a Sentinel to answer."""

PLAIN = {"retry": None, "protocol": 2}
"""What all connections have in common. Whatever fails is tried again by whoever knows whether that
does harm; redis-py would do so ten times by itself."""


class Address(Protocol):
    """Where Redis is to be found."""

    def connect(self) -> Any:
        """A new connection of redis-py's. Raises RedisError and OSError."""


def address_of(url: str, patience: float) -> Address:
    """The address in `url`; Redis has so many seconds to answer. Raises ValueError."""
    if url.startswith(f"{SENTINEL}://"):
        return Watched(url, patience)
    return Fixed(url, patience)


class Fixed:
    """A Redis that is always at the same address."""

    def __init__(self, url: str, patience: float) -> None:
        """Raises ValueError if `url` has a mistake."""
        options: dict[str, Any] = parse_url(url)  # type: ignore[no-untyped-call]
        self._kind: Any = options.pop("connection_class", Connection)
        if self._kind is SSLConnection:
            from gchat.store.redis.tls import TlsConnection  # what TLS needs takes 10 ms to import

            self._kind = TlsConnection
        known = TLS_OPTIONS if url.startswith("rediss:") else set[str]()
        _options_of(url, known)
        if self._kind is UnixDomainSocketConnection:
            options.pop("host", None)
        self._options = _with_patience(patience) | options | PLAIN

    def connect(self) -> Any:
        """A connection to it. Raises RedisError and OSError."""
        return _open(self._kind(**self._options))


class Watched:
    """The Redis that Sentinels call by a name: another one, when they have replaced it."""

    def __init__(self, url: str, patience: float) -> None:
        """Raises ValueError if `url` has a mistake."""
        parts = urlsplit(url)
        given = _options_of(url, {SENTINEL_PASSWORD})
        self._sentinel_password = given.get(SENTINEL_PASSWORD)
        login, _, hosts = parts.netloc.rpartition("@")
        user, _, password = map(unquote, login.partition(":"))
        self._sentinels = [_host_and_port(each) for each in hosts.split(",")]
        name, _, database = parts.path.strip("/").partition("/")
        if not name:
            raise ValueError("the name of the Redis is missing: …/NAME at the end")
        self._name = name
        self._options = {
            **_with_patience(patience),
            **PLAIN,
            "db": int(database or 0),
            "username": user or None,
            "password": password or None,
        }

    def connect(self) -> Any:
        """A connection to the one that Sentinels say is it now. Raises RedisError and OSError."""
        host, port = self._find()
        connection = _open(_to(host, port, self._options))
        try:
            if _ask(connection, "ROLE")[0] != b"master":  # they have not all heard of it yet
                raise NoConnection(f"{host}:{port} is being replaced")
        except BaseException:
            connection.disconnect()
            raise
        return connection

    def _find(self) -> tuple[str, int]:
        why = ""
        for host, port in self._sentinels:
            try:
                return self._ask_sentinel(host, port)
            except AuthenticationError as error:
                why = f"Sentinel {host}:{port} refuses ?{SENTINEL_PASSWORD}=…: {error}"
            except (RedisError, OSError) as error:
                why = f"Sentinel {host}:{port}: {error}"
        raise NoConnection(why)

    def _ask_sentinel(self, host: str, port: int) -> tuple[str, int]:
        options = {**_with_patience(PATIENCE), **PLAIN, "password": self._sentinel_password}
        sentinel = _open(_to(host, port, options))
        try:
            found = _ask(sentinel, "SENTINEL", "get-master-addr-by-name", self._name)
        finally:
            sentinel.disconnect()
        if not found:
            raise NoConnection(f"it knows no {self._name}")
        return found[0].decode(), int(found[1])


def _to(host: str, port: int, options: dict[str, Any]) -> Any:
    return Connection(host=host, port=port, **options)  # type: ignore[no-untyped-call]


def _open(connection: Any) -> Any:
    try:
        connection.connect()
    except BaseException:
        connection.disconnect()
        raise
    return connection


def _ask(connection: Any, *command: str) -> Any:
    connection.send_packed_command(connection.pack_commands([command]))
    return connection.read_response()


def _with_patience(seconds: float) -> dict[str, Any]:
    return {"socket_timeout": seconds, "socket_connect_timeout": PATIENCE}


def _options_of(url: str, known: Collection[str]) -> dict[str, str]:
    """The options at the end of `url`. Raises ValueError if one is not `known`."""
    given = parse_qs(urlsplit(url).query, keep_blank_values=True)
    for name in given:
        if name not in known:
            raise ValueError(f"there is no option {name} for such an address")
    return {name: values[-1] for name, values in given.items()}


def _host_and_port(text: str) -> tuple[str, int]:
    parts = urlsplit(f"//{text}")
    if not parts.hostname:
        raise ValueError(f"{text!r} is not like HOST:PORT")
    return parts.hostname, parts.port or SENTINEL_PORT
