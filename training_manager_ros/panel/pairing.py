"""The pairing token: who has it may sign in. A part of the address that is printed at start."""

from __future__ import annotations

import logging
import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from training_manager_ros.panel.private_files import create_private, read_private, write_private

__all__ = ["Pairing", "load_pairing", "new_token"]

_log = logging.getLogger("training_manager.panel")

_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"  # 32 letters and digits that are not mixed up
_LENGTH = 26  # 130 bits
_TOKEN = re.compile(f"[{_ALPHABET}]{{{_LENGTH}}}")


def new_token() -> str:
    """A fresh random token of 130 bits, easy to read out and to type."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))


def _token_in(text: str) -> str:
    """The token in what a person pasted: the token alone, in groups, or the whole address."""
    text = text.strip()
    if "token=" in text:
        query = urlsplit(text).query if "?" in text else text
        text = parse_qs(query).get("token", [""])[0]
    return re.sub(r"[\s-]", "", text).lower()


@dataclass(frozen=True, repr=False)
class Pairing:
    """The token that this server accepts; its `repr` does not show it."""

    token: str

    def accepts(self, guess: str) -> bool:
        """Compare in constant time."""
        return secrets.compare_digest(_token_in(guess).encode(), self.token.encode())


def load_pairing(path: Path) -> Pairing:
    """Read the token's file, or make it.

    Where the file can't be kept, the token holds until the server ends, and the log says so.
    """
    try:
        text = _read_or_create(path)
    except (OSError, UnicodeDecodeError) as error:
        _log.warning(
            "The pairing token can't be kept in %s (%s): every start makes a new one.", path, error
        )
        text = new_token()
    return Pairing(text)


def _read_or_create(path: Path) -> str:
    try:
        text = read_private(path).strip()
    except FileNotFoundError:
        token = new_token()
        return token if create_private(path, token + "\n") else read_private(path).strip()
    if _TOKEN.fullmatch(text):
        return text
    _log.warning("%s did not hold a pairing token: it holds a new one now.", path)
    token = new_token()
    write_private(path, token + "\n")
    return token
