"""A certificate that the server makes itself, signed by nobody else, with the program openssl."""

import os
import socket
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

NAME = "gchat.pem"

DAYS = 3650
"""How long it is valid: clients trust it for its fingerprint, which a new one would change."""

REQUEST = """\
[req]
prompt = no
distinguished_name = subject
x509_extensions = extensions
[subject]
CN = gchat
[extensions]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
subjectAltName = {names},IP:127.0.0.1,IP:::1
"""
"""What openssl is asked for: a certificate that can sign no other, as strict clients want it."""

PATIENCE = 30.0
"""Seconds for openssl, which takes a hundredth of one."""


def place_for_certificate(history: str | None) -> Path:
    """Where the certificate is kept: beside the history file, or in the folder for state.

    It has to be the same after a restart, as the history is; so it is where that is kept, which is
    a folder that the server may write to. Raises OSError if there is no folder for state.
    """
    if history:
        return Path(f"{history}.pem")
    if of_service := os.environ.get("STATE_DIRECTORY"):  # systemd.exec(5)
        return Path(of_service.partition(":")[0]) / NAME
    try:
        state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    except RuntimeError as error:
        raise OSError(str(error)) from error
    return Path(state) / "gchat" / NAME


def make_certificate(path: Path) -> bool:
    """Make a certificate and keep it with its key at `path`, unless there is one already.

    Returns whether it was made. Nobody but its owner may read the file, and nobody sees a part of
    it. Raises OSError.
    """
    if path.exists():
        return False
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    pem = _made_by_openssl()
    with NamedTemporaryFile(dir=path.parent, prefix=f"{path.name}.") as file:  # mode 600
        file.write(pem)
        file.flush()
        with suppress(FileExistsError):  # another server has just made one
            os.link(file.name, path)
    return True


def _made_by_openssl() -> bytes:
    """A key and its certificate, for the names of this machine."""
    # The standard library's would wait for a pipe that gevent closes when the loop runs again.
    from gevent import subprocess  # which takes long to import, and is needed once

    names = dict.fromkeys(("localhost", socket.gethostname()))
    request = REQUEST.format(names=",".join(f"DNS:{name}" for name in names)).encode()
    command = (
        *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
        *("-nodes", "-days", str(DAYS), "-config", "/dev/stdin", "-keyout", "-", "-out", "-"),
    )
    try:
        made = subprocess.run(
            command, input=request, capture_output=True, timeout=PATIENCE, check=True
        )
    except FileNotFoundError as error:
        raise OSError("the program openssl is not installed") from error
    except subprocess.SubprocessError as error:
        said = (getattr(error, "stderr", b"") or b"").decode(errors="replace").strip()
        raise OSError(f"openssl has failed: {said.splitlines()[0] if said else error}") from error
    return made.stdout
