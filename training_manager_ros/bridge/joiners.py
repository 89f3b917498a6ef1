"""Somebody who comes late to a latched topic that others listen to already."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from training_manager_ros.bridge.samples import Once, Sample, key_of

__all__ = ["Joiner"]

# However busy the topic is: after so many looks the joiner has what was latched when it came.
LOOKS = 3


class Joiner:
    """Hands on what is latched, from a reader of its own, and then what the others got since.

    The others' messages are held back meanwhile, as older ones may still be coming. Runs in the
    executor's thread.
    """

    def __init__(
        self,
        cls: Any,
        deliver: Callable[[Sample], None],
        open_reader: Callable[[Callable[[bytes], None]], Any],
    ) -> None:
        self._cls = cls
        self._deliver = deliver
        self._once = Once()
        self._held: dict[tuple[int, int], list[Sample]] = {}
        self._news = 0
        self._news_seen = 0
        self._looks = 0
        self.reader = open_reader(self._arrived)

    def complete(self) -> bool:
        """Whether all that is latched has come; ask in intervals of seconds."""
        quiet = self._news == self._news_seen
        self._news_seen = self._news
        self._looks += 1
        return quiet or self._looks >= LOOKS

    def heard(self, sample: Sample) -> None:
        """The others got this."""
        if self._once.first(sample.raw, 1):
            self._held.setdefault(key_of(sample.raw), []).append(sample)

    def deliver_held(self) -> None:
        """Hand on what the others got and the own reader did not bring."""
        for samples in self._held.values():
            for sample in samples:
                self._deliver(sample)

    def _arrived(self, raw: bytes) -> None:
        self._news += 1
        key = key_of(raw)
        if self._once.first(raw, 0):
            self._deliver(Sample(raw, self._cls, latched=True))
            return
        samples = self._held[key]
        self._deliver(samples.pop(0))
        if not samples:
            del self._held[key]
