"""gchat where the kernel refuses io_uring, as in many containers, by a filter of system calls."""

import gchat.__main__  # isort: skip - it patches the standard library: nothing may come before

import ctypes
import errno
import struct
import sys

from gchat.delivery.senders.ring import SETUP

NO_NEW_PRIVILEGES, SECCOMP, FILTERED = 38, 22, 2
"""Operations of prctl, and the mode of the second."""

LOAD, IS_EQUAL, RETURN = 0x20, 0x15, 0x06
"""Instructions of a filter (<linux/filter.h>): load a word, compare it, decide."""

ALLOW, REFUSE = 0x7FFF0000, 0x00050000 | errno.EPERM

FILTER = ((LOAD, 0, 0, 0), (IS_EQUAL, 0, 1, SETUP), (RETURN, 0, 0, REFUSE), (RETURN, 0, 0, ALLOW))
"""The first word of what is looked at, the number of the system call, must not be SETUP."""


class Program(ctypes.Structure):
    """struct sock_fprog."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def forbid_io_uring() -> None:
    """Have this process do without."""
    libc = ctypes.CDLL(None, use_errno=True)
    program = Program(len(FILTER), b"".join(struct.pack("HBBI", *each) for each in FILTER))
    for arguments in (
        (NO_NEW_PRIVILEGES, 1, 0, 0, 0),
        (SECCOMP, FILTERED, ctypes.byref(program), 0, 0),
    ):
        if libc.prctl(*arguments):
            raise OSError(ctypes.get_errno(), "there is no filter")


if __name__ == "__main__":
    forbid_io_uring()
    sys.exit(gchat.__main__.main())
