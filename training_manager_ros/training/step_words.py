"""How far a run is, read out of free text: only where the text says that it counts steps."""

from __future__ import annotations

import re

from training_manager_ros.training.reading import amount

__all__ = ["steps_in_words"]

_STEP = r"(\d{1,15})"
_TOTAL = r"(\d{1,15})(?![\d/]|\.\d)"
_PAIR = rf"{_STEP}\s*(?:/|of)\s*{_TOTAL}"
_STEPS = re.compile(
    rf"(?<![a-z])steps?[\s=:]*(?:{_PAIR}|{_STEP}[\s,]*total[\s=:]+{_TOTAL})"  # "step 120/5000"
    rf"|(?<![\d./:-]){_PAIR}\s*steps?(?![a-z])",  # "120/5000 steps"
    re.I | re.ASCII,
)
_BARE = re.compile(rf"\s*{_PAIR}[\s,;(]*(?:loss\b.*)?", re.I | re.ASCII | re.DOTALL)
_LOSS = re.compile(r"loss[\s=:]+([-+0-9.e]{1,30})", re.I)


def steps_in_words(words: str) -> tuple[int, int, float | None] | None:
    """Step, total and loss (None: not told); None where the words count no steps.

    A count alone, as "120/5000", is one of steps; "epoch 3/10", "GPU 2/4" or a date are none.
    """
    match = _STEPS.search(words) or _BARE.fullmatch(words)
    if match is None:
        return None
    step, total = (int(group) for group in match.groups() if group is not None)
    if not step <= total:
        return None
    loss = _LOSS.search(words)
    return step, total, amount(loss.group(1)) if loss else None
