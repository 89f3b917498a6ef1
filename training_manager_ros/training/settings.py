"""Which training server, which sign-in service and which service key: flags, environment, a file.

The key is looked for in the flag, then the environment, then the file, and so are the addresses.
The file holds `NAME=value` lines with the environment's names, and must be readable by its owner
alone. Nothing of this ever comes from a request, and the key is in no `repr`.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from training_manager_ros.errors import InvalidInput

__all__ = ["DEFAULT_ISSUER", "DEFAULT_SERVER", "Settings", "load_settings"]

DEFAULT_SERVER = "https://training-v1.innate.bot"
DEFAULT_ISSUER = "https://auth-v1.innate.bot"

SERVER_NAMES = ("TRAINING_SERVER_URL",)
KEY_NAMES = ("INNATE_SERVICE_KEY",)
ISSUER_NAMES = ("INNATE_AUTH_ISSUER_URL", "INNATE_AUTH_URL")


@dataclass(frozen=True)
class Settings:
    """A training server and how to sign in there; made by `load_settings`, which checks it."""

    server_url: str = DEFAULT_SERVER  # no slash at the end
    issuer_url: str = DEFAULT_ISSUER  # ""; the service key itself is the bearer token
    service_key: str = field(default="", repr=False)  # "": none

    @property
    def server_name(self) -> str:
        """Host and port of the server, as shown to a person."""
        return urlsplit(self.server_url).netloc


def load_settings(
    server: str | None = None,
    token: str | None = None,
    issuer: str | None = None,
    *,
    environ: Mapping[str, str] = os.environ,
    file: Path | None = None,
) -> Settings:
    """Settings from flags (None: not given), the environment and `file`, in that order.

    A file that does not exist is no error. Raises `InvalidInput` for an address that is none, a
    key that can't be one, and a file that others may read.
    """
    kept = _read(file) if file is not None else {}

    def first(flag: str | None, names: tuple[str, ...], default: str) -> str:
        given = [flag, *(source.get(name) for source in (environ, kept) for name in names)]
        return next((value.strip() for value in given if value is not None), default)

    server_url = first(server, SERVER_NAMES, "") or DEFAULT_SERVER
    issuer_url = first(issuer, ISSUER_NAMES, DEFAULT_ISSUER)
    return Settings(
        server_url=_address(server_url, "server"),
        issuer_url=_address(issuer_url, "issuer") if issuer_url else "",
        service_key=_key(first(token, KEY_NAMES, "")),
    )


def _read(file: Path) -> dict[str, str]:
    try:
        with file.open(encoding="utf-8") as lines:
            status = os.fstat(lines.fileno())
            if status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise InvalidInput(
                    f"{file} holds a service key and others can read it: chmod 600 {file}"
                )
            text = lines.read()
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{file} can't be read: {error}") from None
    values: dict[str, str] = {}
    for line in text.splitlines():
        name, separator, value = line.partition("=")
        name = name.strip().removeprefix("export ").strip()
        if not separator or name.startswith("#"):
            continue
        value = value.strip()
        if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
            value = value[1:-1]
        values[name] = value
    return values


def _address(url: str, name: str) -> str:
    try:
        parts = urlsplit(url)
        port_is_number = parts.port is None or parts.port > 0
    except ValueError:
        port_is_number = False
    if (
        not port_is_number
        or parts.scheme not in ("http", "https")
        or not parts.hostname
        or parts.username is not None
        or parts.query
        or parts.fragment
        or not url.isprintable()
        or " " in url
    ):
        message = f"the {name}'s address must look like https://host or http://host:port"
        raise InvalidInput(message, {name: message})
    return url.rstrip("/")


def _key(key: str) -> str:
    # Anything else would break the header it is sent in, and the HTTP library quotes what it
    # can't send in its error.
    if not all("!" <= character <= "~" for character in key):
        message = "the service key has characters that no key has; was it copied whole?"
        raise InvalidInput(message, {"token": message})
    return key
