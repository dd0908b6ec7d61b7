"""A way from a server to Redis that may be cut, slow, or lose what Redis answers."""

import socket
import threading
import time
from contextlib import suppress
from pathlib import Path
from select import select


class Proxy:
    """Listens on a Unix socket, and passes everything to and from another one."""

    def __init__(self, path: Path, to: Path) -> None:
        self.path = path
        self._to = to
        self.delay = 0.0
        """Seconds by which everything is late, in either direction."""
        self.late_news = 0.0
        """Seconds by which a server learns late what was said."""
        self.is_cut = False
        """No connection gets through."""
        self.loses = 0
        """So many connections are still to be cut when Redis answers something on them that is
        shorter than a kilobyte; the answer is lost."""
        self.lost = 0
        self.is_lost = is_append
        """Which requests these answers belong to."""
        self._open = set[socket.socket]()
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def url(self) -> str:
        return f"unix://{self.path}"

    def cut(self) -> None:
        """Cut all connections, and let none through until `mend`."""
        self.is_cut = True
        for each in list(self._open):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        """Let connections through again."""
        self.is_cut = False

    def close(self) -> None:
        """End it."""
        self.cut()
        self._listener.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._join, args=(client,), daemon=True).start()

    def _join(self, client: socket.socket) -> None:
        server = socket.socket(socket.AF_UNIX)
        self._open |= {client, server}
        with client, server, suppress(OSError):
            if not self.is_cut:
                server.connect(str(self._to))
                self._pass(client, server)
        self._open -= {client, server}

    def _pass(self, client: socket.socket, server: socket.socket) -> None:
        asked = b""
        while not self.is_cut:
            for each in select([client, server], [], [])[0]:
                data = each.recv(65536)
                if not data:
                    return
                late = self.late_news if each is server and b"XREAD" in asked else self.delay
                time.sleep(late)
                if each is client:
                    asked = data
                elif self.loses and self.is_lost(asked):
                    self.loses -= 1
                    self.lost += 1
                    return
                (server if each is client else client).sendall(data)


def is_append(asked: bytes) -> bool:
    """Whether a request places messages."""
    return b"EVALSHA" in asked and b":batch:" in asked


def is_letter(asked: bytes) -> bool:
    """Whether a request puts something into the inbox of a server."""
    return b"EVALSHA" in asked and b":inbox:" in asked
