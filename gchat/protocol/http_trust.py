"""Whether a request may come from where it comes from, and the secrets that it shows.

A page that somebody opens anywhere can have its browser send requests here. The browser says which
page that is (Origin, Sec-Fetch-Site), and by which name it knows this server (Host): a name of
somebody else's that leads here, by a trick of DNS, makes its page one of "ours".
"""

from base64 import b64decode
from collections.abc import Collection, Mapping
from ipaddress import ip_address
from typing import NamedTuple

from gchat.protocol.http_answers import Problem

NO_SECRET = {"WWW-Authenticate": 'Basic realm="gchat", charset="UTF-8"'}
"""The header that has a client ask for a name and a password."""


class Credentials(NamedTuple):
    """What a client shows of itself; both may be empty."""

    name: str = ""
    secret: str = ""


def check_host(headers: Mapping[str, str], hosts: Collection[str]) -> None:
    """Raise Problem if the request is for a name that may be somebody else's; `hosts` are ours.

    So are addresses, and names without a dot: nobody can have one of these lead here.
    """
    host = headers.get("host", "localhost").lower()
    name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    if "." not in name and ":" not in name:
        return
    if _is_address(name) or name.endswith(".localhost") or name in hosts:
        return
    raise Problem(
        403,
        "This server is not known by that name; --origin of gchat lists names, "
        "and its address does as well",
        "unknown host",
    )


def check_origin(method: str, headers: Mapping[str, str], origins: Collection[str]) -> None:
    """Raise Problem if the request is that of a page of another site, which is not in `origins`."""
    origin = headers.get("origin", "").lower()
    if origin:
        own = headers.get("host", "").lower()
        if origin not in (f"http://{own}", f"https://{own}") and origin not in origins:
            raise Problem(403, "Pages of other sites may not use this server", "foreign origin")
        return
    is_foreign = headers.get("sec-fetch-site", "none") in ("cross-site", "same-site")
    is_link = method in ("GET", "HEAD") and headers.get("sec-fetch-mode") == "navigate"
    if is_foreign and not is_link:
        raise Problem(403, "Pages of other sites may not use this server", "foreign origin")


def credentials_in(headers: Mapping[str, str]) -> Credentials:
    """What `Authorization` shows, Basic or Bearer. Raises Problem if it is neither."""
    scheme, _, shown = headers.get("authorization", "").strip().partition(" ")
    shown = shown.strip()
    if not scheme:
        return Credentials()
    if scheme.lower() == "bearer":
        return Credentials("", shown.encode("latin-1").decode("utf-8", "surrogateescape"))
    if scheme.lower() == "basic":
        try:
            name, _, secret = b64decode(shown, validate=True).decode("utf-8").partition(":")
        except ValueError:
            raise Problem(400, "The Authorization header cannot be read", "bad header") from None
        return Credentials(name, secret)
    raise Problem(401, "Authorization is Basic or Bearer", "no password", NO_SECRET)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
