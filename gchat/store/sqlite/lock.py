"""The lock that keeps a second server from using a history file.

SQLite lets any number of programs write a file in turn. But a server counts the messages of a
room in memory, so that with two of them what one writes is refused by the file, and lost.
"""

import errno
import fcntl
import logging
import os
import stat
from contextlib import suppress
from pathlib import Path

from gchat.store.errors import CannotUse
from gchat.store.sqlite.errors import refusal
from gchat.store.sqlite.files import PRIVATE, files_of

LOCKS = Path("/proc/locks")
"""Linux's list of all locks, by the device and the inode of the file, with the process."""

UNSUPPORTED = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS)
"""What flock fails with on a file system that has no such locks."""

MOUNTS = Path("/proc/self/mountinfo")
"""Linux's list of what is mounted, by the device, with the type of the file system."""

NETWORK = frozenset({"nfs", "nfs4", "cifs", "smb3"})
"""File systems on which a flock is a lock on all bytes of the file, as another owner than SQLite:
it would keep SQLite itself from using the file."""

ATTEMPTS = 10
"""Times that the file is opened if another one has taken its place before it was locked."""

FLAGS = os.O_RDWR | os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK
"""How the file is opened: no program that is started inherits it, and to open what is no regular
file, such as a pipe or a terminal, neither waits nor has an effect."""

log = logging.getLogger(__name__)


class Lock:
    """Holds a lock (flock) on the history file at `path`, which is made if there is none.

    It is a lock on the inode: the same for all names of the file, symbolic and hard links
    included. The system ends it with the process, however that ends. Readers take none.

    SQLite may open the file only after this, and this has to be closed after SQLite: to close any
    descriptor of the file would end SQLite's own locks on it, which belong to the process.
    """

    def __init__(self, path: str) -> None:
        """Raises CannotUse, for one if another process holds the lock."""
        self._path = path
        self._is_new = self._is_held = False
        try:
            self._descriptor = self._open_locked()
        except OSError as error:
            raise refusal(path, error) from error

    def close(self) -> None:
        """Let others have the file."""
        os.close(self._descriptor)

    def is_under_its_name(self) -> bool:
        """Whether the name of the file still stands for the one that is locked.

        If not, somebody has removed it, or put another one in its place. Raises OSError if that
        cannot be found out.
        """
        try:
            return os.path.samestat(os.fstat(self._descriptor), os.stat(self._path))
        except FileNotFoundError:
            return False

    def discard(self) -> None:
        """Close, but first delete the file if this has made it: there is nothing in it yet."""
        if self._is_new and self._is_held:
            for file in files_of(self._path):
                file.unlink(missing_ok=True)
        self.close()

    def _open_locked(self) -> int:
        for _ in range(ATTEMPTS):
            descriptor = self._open()
            try:
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    raise CannotUse(
                        f"cannot open history file {self._path}: it is not a regular file"
                    )
                self._lock(descriptor)
                if os.path.samestat(os.fstat(descriptor), os.stat(self._path)):
                    self._warn_of_other_names(os.fstat(descriptor).st_nlink)
                    return descriptor
            except FileNotFoundError:  # another server has deleted it: see discard
                pass
            except BaseException:
                os.close(descriptor)
                raise
            os.close(descriptor)
        raise OSError(errno.ESTALE, os.strerror(errno.ESTALE))

    def _open(self) -> int:
        """Open the file; if there is none, make an empty one, which only its owner can read."""
        self._is_new = False
        try:
            return os.open(self._path, FLAGS)
        except FileNotFoundError:
            pass
        real = os.path.realpath(self._path)  # O_EXCL follows no link to a file that is not there
        try:
            descriptor = os.open(real, FLAGS | os.O_CREAT | os.O_EXCL, PRIVATE)
        except FileExistsError:  # another server has just made it
            return os.open(self._path, FLAGS)
        self._is_new = True
        with suppress(OSError):  # a file system without modes; a warning follows
            os.fchmod(descriptor, PRIVATE)  # whatever the umask has taken away
        return descriptor

    def _lock(self, descriptor: int) -> None:
        if (kind := file_system(descriptor)) in NETWORK:
            self._warn(f"it is on a network file system ({kind})")
            return
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._is_held = True
        except BlockingIOError:
            process = holder(descriptor)
            user = f"another gchat uses it (process {process})"
            if not process:
                user = "another process uses it"
            raise CannotUse(f"cannot open history file {self._path}: {user}") from None
        except OSError as error:
            if error.errno not in UNSUPPORTED:
                raise
            self._warn(os.strerror(error.errno or 0))

    def _warn_of_other_names(self, names: int) -> None:
        if names > 1:
            log.warning(
                "history file %s has %d names (hard links): start gchat with this one alone; with "
                "another one it would not find %s-wal, and messages would be lost",
                self._path,
                names,
                self._path,
            )

    def _warn(self, why: str) -> None:
        log.warning(
            "cannot lock history file %s: %s; do not start a second server with it: messages "
            "would be lost",
            self._path,
            why,
        )


def holder(descriptor: int) -> int:
    """The process that holds a flock on the file of `descriptor`; 0 if that cannot be found."""
    status = os.fstat(descriptor)
    device = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}"
    # 1: FLOCK ADVISORY WRITE 1234 08:02:5678 0 EOF; those that wait have -> before FLOCK
    for lock in _rows(LOCKS):
        if lock[1:2] == ["FLOCK"] and lock[5] == f"{device}:{status.st_ino}":
            return max(0, int(lock[4]))  # 0 or less is one of another PID namespace
    return 0


def file_system(descriptor: int) -> str:
    """The type of the file system of `descriptor`, such as ext4; empty if it cannot be found."""
    number = os.fstat(descriptor).st_dev
    device = f"{os.major(number)}:{os.minor(number)}"
    # 36 35 98:0 /root /point rw,noatime shared:1 - ext4 /dev/root rw; there may be more before -
    for mount in _rows(MOUNTS):
        if mount[2] == device:
            return mount[mount.index("-", 6) + 1]
    return ""


def _rows(path: Path) -> list[list[str]]:
    """The words of each line of a file of the kernel's; none if there is no such file."""
    try:
        return [line.split() for line in path.read_text(errors="replace").split("\n") if line]
    except OSError:
        return []
