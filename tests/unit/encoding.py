"""Messages as lines, one at a time, and a look at which have been encoded."""

from collections.abc import Callable

from gchat.model.display import Display
from gchat.model.message import Message
from gchat.protocol.voices import encoder


def encode(message: Message, display: Display) -> bytes:
    """`message` as a client with this look sees it."""
    return encoder(display)(message)


class CountingEncoder:
    """In the place of wire.encoder: what it has encoded is in `encoded`."""

    def __init__(self) -> None:
        self.encoded: list[Message] = []

    def __call__(self, display: Display) -> Callable[[Message], bytes]:
        encode = encoder(display)

        def encode_and_count(message: Message) -> bytes:
            self.encoded.append(message)
            return encode(message)

        return encode_and_count
