"""Which names a client may use: rosbridge_server's glob lists, such as `[/a/*, /b]`."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

from training_manager_ros.errors import InvalidInput

__all__ = ["OUR_NAMES", "Globs"]


@dataclass(frozen=True)
class Globs:
    """Names are allowed if one of the patterns matches them; `*` also matches `/`."""

    patterns: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> Globs:
        """Read `[/a/*, '/b']`. `[]` allows nothing, and `[*]` everything.

        Raises `InvalidInput` where the brackets are missing.
        """
        text = text.strip()
        if not (text.startswith("[") and text.endswith("]")):
            raise InvalidInput(f"{text!r} is no list of globs; write it like [/a/*, /b].")
        parts = (part.strip().strip("'\"") for part in text[1:-1].split(","))
        return cls(tuple(part for part in parts if part))

    def check(self, kind: str, name: str) -> None:
        """Raise `InvalidInput` if the name isn't allowed; `kind` is for the message."""
        if not any(fnmatchcase(name, pattern) for pattern in self.patterns):
            allowed = ", ".join(self.patterns) or "none"
            raise InvalidInput(
                f"The {kind} {name} is not open to clients of this bridge; allowed: {allowed}."
            )


OUR_NAMES = Globs(("/training_manager/*",))
