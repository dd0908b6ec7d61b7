"""A server of lines that is not to be relied on: the benchmark has to notice.

python tests/loadtest/crooked_server.py PORT FAULT [EVERY]

FAULT is what befalls each EVERYth delivery: `lost`, `twice`, `echoed` (to its sender as well),
`longer`, or `ended` (its receiver's connection is closed); or `none`.
"""

import asyncio
import sys
from itertools import count

ADDRESS = "127.0.0.1"


class Crooked:
    """Passes lines on, with a fault."""

    def __init__(self, fault: str, every: int) -> None:
        self._fault = fault
        self._every = every
        self._writers = dict[str, asyncio.StreamWriter]()
        self._deliveries = count(1)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        name = "{}:{}".format(*writer.get_extra_info("peername"))
        self._writers[name] = writer
        try:
            async for line in reader:
                self._broadcast(name, f"{name}: ".encode() + line)
        finally:
            del self._writers[name]
            writer.close()

    def _broadcast(self, sender: str, message: bytes) -> None:
        for name, writer in self._writers.items():
            if name != sender:
                faulty = next(self._deliveries) % self._every == 0
                self._deliver(writer, sender, message, self._fault if faulty else "none")

    def _deliver(
        self, writer: asyncio.StreamWriter, sender: str, message: bytes, fault: str
    ) -> None:
        if fault != "lost":
            writer.write(message)
        if fault == "twice":
            writer.write(message)
        if fault == "longer":
            writer.write(b"!\n")
        if fault == "echoed":
            self._writers[sender].write(message)
        if fault == "ended":
            writer.close()


async def main() -> None:
    port, fault, every = sys.argv[1:]
    crooked = Crooked(fault, int(every))
    server = await asyncio.start_server(crooked.serve, ADDRESS, int(port))
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
