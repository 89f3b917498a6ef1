"""Keeping secrets out of what others can read: topics, logs, answers.

The packages that handle keys and signed addresses put none into their words. This is the second
fence, for what a library or a server says and for what nobody thought of.
"""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Collection, Mapping

__all__ = ["HIDDEN", "SecretFilter", "redacted", "redacted_json"]

HIDDEN = "…"
SHORTEST = 6  # characters; something shorter would be found in any text, and is no secret
# None of these may look at the same characters again and again: who says them is not trusted.
_ADDRESS = re.compile(r"https?://[^\s\"'<>]*")  # perhaps signed
_PATTERNS = (
    (re.compile(r"(\b[a-z][a-z0-9+.-]{0,30}://)[^/@\s\"'<>]+@"), rf"\1{HIDDEN}@"),  # user:password@
    (re.compile(r"(?<![\w-])eyJ[\w-]{8,}\.[\w-]+\.[\w-]*"), HIDDEN),  # JSON web tokens
    (re.compile(r"\b(Bearer\s+)[\w.~+/=-]{8,}"), rf"\1{HIDDEN}"),
)
_SECRET_NAME = re.compile(
    r"(?:^|_)(?:API)?(?:KEY|TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIALS?)(?=(?P<more>_|$))"
)
_WORD_ENDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|\W")


def redacted(words: str, secrets: Collection[str] = ()) -> str:
    """The words without these secrets, without tokens, and without what signs an address."""
    for secret in secrets:
        if len(secret) >= SHORTEST:
            words = words.replace(secret, HIDDEN)
    words = _ADDRESS.sub(_without_query, words)
    for pattern, instead in _PATTERNS:
        words = pattern.sub(instead, words)
    return words


def _without_query(address: re.Match[str]) -> str:
    place, question, _ = address[0].partition("?")
    return f"{place}?{HIDDEN}" if question else place


class SecretFilter(logging.Filter):
    """Takes secrets out of every record that passes, its traceback included."""

    def __init__(self, secrets: Collection[str] = ()) -> None:
        super().__init__()
        self._secrets = tuple(secrets)
        self._formatter = logging.Formatter()

    def hide(self, secret: str) -> None:
        """From now on this is a secret, too."""
        self._secrets = (*self._secrets, secret)

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record where it must; it always passes."""
        words = record.getMessage()
        clean = self.clean(words)
        if clean != words:
            record.msg, record.args = clean, ()
        if record.exc_info and not record.exc_text:
            record.exc_text = self._formatter.formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = self.clean(record.exc_text)
        return True

    def clean(self, words: str) -> str:
        """The words without secrets."""
        return redacted(words, self._secrets)


def redacted_json(value: object, secrets: Collection[str] = ()) -> object:
    """A JSON value without secrets: neither in its texts nor under a name that tells of one.

    What JSON can't hold, as infinity, becomes null.
    """
    if isinstance(value, str):
        return redacted(value, secrets)
    if isinstance(value, Mapping):
        return {
            str(name): HIDDEN if _is_secret(str(name), item) else redacted_json(item, secrets)
            for name, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [redacted_json(item, secrets) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _is_secret(name: str, value: object) -> bool:
    """Whether something under a name as WANDB_API_KEY, db.password or accessToken is a secret.

    A number is where the name ends so: NUM_KEY_HEADS is none. Whether there is a secret is none.
    """
    if isinstance(value, bool) or value in (None, "", [], {}):
        return False
    anywhere = not isinstance(value, (int, float))
    found = _SECRET_NAME.finditer(_WORD_ENDS.sub("_", name).upper())
    return any(anywhere or not one["more"] for one in found)
