"""Which Host and Origin headers are answered: no DNS rebinding, no requests by other sites."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable, Collection, Mapping
from urllib.parse import urlsplit

__all__ = ["HostPolicy", "refusal_of_other_sites", "same_origin"]

_HOST = re.compile(r"(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,253})(?::([0-9]{1,5}))?")
_DEFAULT_PORTS = {"http": 80, "https": 443}


def _split(host: str) -> tuple[str, int | None] | None:
    """Name and port of a Host header; None if it is none."""
    match = _HOST.fullmatch(host)
    if match is None:
        return None
    name = match[1].lower().rstrip(".")
    return name, int(match[2]) if match[2] else None


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


class HostPolicy:
    """Decides by which names the panel may be addressed.

    A page of another site can point a name of its own at this machine and would then count as the
    same origin. It can't do so with an IP address, nor with names that only this network knows.
    """

    def __init__(
        self, allowed: Collection[str] = (), hostname: Callable[[], str] = socket.gethostname
    ) -> None:
        self._allowed = frozenset(name.lower().rstrip(".") for name in allowed)
        self._hostname = hostname

    def allows(self, host: str) -> bool:
        """Whether a Host header names this machine: its name is asked for anew every time."""
        parts = _split(host)
        if parts is None:
            return False
        name = parts[0]
        return (
            _is_address(name)
            or name == "localhost"
            or name in self._allowed
            or name in self._own_names()
        )

    def _own_names(self) -> frozenset[str]:
        full = self._hostname().lower().rstrip(".")
        short = full.partition(".")[0]
        return frozenset({full, short, f"{short}.local"} - {"", ".local"})


def same_origin(origin: str, host: str) -> bool:
    """Whether an Origin header names the server that was addressed as `host`.

    The scheme is not compared: a proxy in front may speak https.
    """
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    default = _DEFAULT_PORTS.get(parts.scheme)
    mine, theirs = _split(host), _split(parts.netloc)
    if default is None or mine is None or theirs is None or parts.path or parts.query:
        return False
    return (mine[0], mine[1] or default) == (theirs[0], theirs[1] or default)


def refusal_of_other_sites(method: str, host: str, headers: Mapping[str, str]) -> str:
    """Why a request counts as another site's; "" if it is the panel's own or no browser's.

    Browsers name the origin of every socket, every POST and every scripted request to elsewhere.
    Newer ones name the relation on every request, where the page is served from localhost or https.
    """
    origin = headers.get("Origin")
    if origin is not None and not same_origin(origin, host):
        return "This request comes from another site."
    if headers.get("Sec-Fetch-Site", "none") in ("none", "same-origin"):
        return ""
    opened = headers.get("Sec-Fetch-Mode") == "navigate"
    in_a_tab = headers.get("Sec-Fetch-Dest") == "document"
    if opened and in_a_tab and method in ("GET", "HEAD"):
        return ""
    return "This request comes from another site."
