"""Frames as clients send them, also wrong ones."""

from gchat.protocol.websocket_ear import unmask
from gchat.protocol.websocket_frames import Opcode

KEY = b"\x01\xfe\x80\x2a"


def masked(
    data: bytes | str = b"",
    opcode: int = Opcode.TEXT,
    *,
    fin: bool = True,
    reserved: int = 0,
    key: bytes | None = KEY,
    length: bytes | None = None,
) -> bytes:
    """A frame; not masked if there is no `key`. `length` may be a wrong one, or a longer form."""
    data = data.encode() if isinstance(data, str) else data
    size = len(data)
    if length is None:
        if size < 126:
            length = bytes([size])
        else:
            length = b"\x7e" + size.to_bytes(2) if size < 1 << 16 else b"\x7f" + size.to_bytes(8)
    first = fin << 7 | reserved << 4 | opcode
    if key is None:
        return bytes([first]) + length + data
    return bytes([first, length[0] | 0x80]) + length[1:] + key + unmask(data, key)


def close(code: int | None = None, reason: bytes = b"") -> bytes:
    """A close frame, with a code or without."""
    return masked(b"" if code is None else code.to_bytes(2) + reason, Opcode.CLOSE)
