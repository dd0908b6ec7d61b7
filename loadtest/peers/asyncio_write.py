"""The usual chat server on asyncio: a `write` to everybody for each line.

    python asyncio_write.py PORT [--uvloop]

A line of one client appears at all the others as `ADDRESS:PORT: line`.
"""

import asyncio
import sys

BACKLOG = 4096

clients: dict[str, asyncio.StreamWriter] = {}


def broadcast(sender: str, line: bytes) -> None:
    """Write to everybody but `sender`; what a socket does not take is kept for it."""
    message = f"{sender}: ".encode() + line
    for name, writer in clients.items():
        if name != sender:
            writer.write(message)


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One client, from its first line to its last."""
    name = "{}:{}".format(*writer.get_extra_info("peername"))
    clients[name] = writer
    try:
        async for line in reader:
            if line != b"\n":
                broadcast(name, line)
    finally:
        del clients[name]
        writer.close()


async def main(port: int) -> None:
    """Serve for ever."""
    server = await asyncio.start_server(serve, "127.0.0.1", port, backlog=BACKLOG)
    await server.serve_forever()


if __name__ == "__main__":
    if "--uvloop" in sys.argv:
        import uvloop

        uvloop.run(main(int(sys.argv[1])))
    else:
        asyncio.run(main(int(sys.argv[1])))
